// Load at a constant rate over HTTP/1.1, whatever the server does: a request is due when its time has come, also while
// others wait, and its latency counts from then (so that a server that stalls is not spared: no coordinated omission).
// The requests go to `connections` clients in turn, each with a connection of its own. One that gives up closes it, and
// opens another for its next request. Where all clients are busy, what is due waits.
//
// usage: serving_open_loop port=N path=/PATH bodies=FILE rate=N seconds=N [connections=64] [give_up_ms=0]
//                          [stop_when_refused=0] [header='Name: value'] ...
// FILE has a body on each line; they are sent in turn. Prints one JSON object. SIGTERM ends it early.

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "load_connection.h"

namespace roost::load {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr uint32_t kSources = 200;  // addresses of 127.0.0.0/24 to come from: one alone has too few ports
constexpr seconds kLastPatience{5};

volatile std::sig_atomic_t stopped = 0;

struct Options {
  uint16_t port = 0;
  double rate = 0;
  double seconds = 0;
  size_t connections = 64;
  milliseconds give_up{0};  // zero: never
  bool stop_when_refused = false;
  std::vector<std::string> requests;
};

[[noreturn]] void Fail(const std::string& message) {
  fmt::print(stderr, "serving_open_loop: {}\n", message);
  std::exit(2);
}

Options ReadOptions(int argc, char** argv) {
  Options options;
  std::string path, bodies, fields;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const size_t equals = word.find('=');
    if (equals == std::string::npos) Fail(word + ": not NAME=VALUE");
    const std::string name = word.substr(0, equals), value = word.substr(equals + 1);
    if (name == "port")
      options.port = static_cast<uint16_t>(std::stoul(value));
    else if (name == "path")
      path = value;
    else if (name == "bodies")
      bodies = value;
    else if (name == "rate")
      options.rate = std::stod(value);
    else if (name == "seconds")
      options.seconds = std::stod(value);
    else if (name == "connections")
      options.connections = std::stoul(value);
    else if (name == "give_up_ms")
      options.give_up = milliseconds(std::stol(value));
    else if (name == "stop_when_refused")
      options.stop_when_refused = value == "1";
    else if (name == "header")
      fields += value + "\r\n";
    else
      Fail(name + ": no such option");
  }
  std::ifstream file(bodies);
  for (std::string body; std::getline(file, body);) {
    options.requests.push_back(fmt::format("POST {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{}Content-Length: {}\r\n\r\n{}",
                                           path, options.port, fields, body.size(), body));
  }
  if (options.requests.empty() || options.rate <= 0 || options.seconds <= 0) Fail("port, path, bodies, rate, seconds");
  return options;
}

struct Counts {
  uint64_t due = 0, answered = 0, gave_up = 0, unanswered = 0, unanswered_reused = 0, refused = 0;
  std::map<int, uint64_t> statuses;
  std::vector<uint32_t> latencies;  // microseconds, of the answers 200
};

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options), epoll_(epoll_create1(EPOLL_CLOEXEC)), connections_(options.connections) {
    for (uint32_t i = 0; i < connections_.size(); ++i) free_.push_back(i);
  }

  /// Runs to the end; returns how many seconds requests were due.
  double Run() {
    const Clock::time_point began = Clock::now();
    const Clock::time_point end = began + duration_cast<nanoseconds>(std::chrono::duration<double>(options_.seconds));
    const std::chrono::duration<double> gap(1 / options_.rate);
    Clock::time_point ended = end;
    for (;;) {
      const Clock::time_point now = Clock::now();
      const bool over = now >= end || stopped != 0 || (options_.stop_when_refused && counts_.refused > 0);
      if (over) ended = std::min(ended, now);
      while (!over && NextDue(began, gap) <= now) {
        waiting_.push_back(NextDue(began, gap));
        ++counts_.due;
      }
      GiveUp(now);
      SendWaiting();
      if (over && ((waiting_.empty() && busy_ == 0) || now > ended + kLastPatience)) break;
      Wait(over ? now + milliseconds(1) : NextDue(began, gap));
    }
    counts_.unanswered += waiting_.size() + busy_;
    return std::chrono::duration<double>(ended - began).count();
  }

  Counts& counts() { return counts_; }

 private:
  struct Flight {
    Clock::time_point due;
    uint32_t id;
    uint32_t generation;  // of the connection while this request is under way
  };

  Clock::time_point NextDue(Clock::time_point began, std::chrono::duration<double> gap) const {
    return began + duration_cast<nanoseconds>(gap * static_cast<double>(counts_.due));
  }

  void SendWaiting() {
    while (!waiting_.empty()) {
      uint32_t id = 0;
      if (!Take(id)) return;
      const Clock::time_point due = waiting_.front();
      waiting_.pop_front();
      ++busy_;
      const auto event = connections_[id].Send(options_.requests[next_++ % options_.requests.size()], due);
      if (options_.give_up.count() > 0) flights_.push_back({due, id, connections_[id].generation()});
      if (event != Connection::Event::kNothing) Happened(id, event);
    }
  }

  /// The client whose turn it is, connected; false: all are busy, or nobody listens.
  bool Take(uint32_t& id) {
    if (free_.empty()) return false;
    id = free_.front();
    if (connections_[id].state() == Connection::State::kClosed &&
        !connections_[id].Open(options_.port, INADDR_LOOPBACK + 1 + id % kSources, epoll_, id)) {
      ++counts_.refused;
      waiting_.pop_front();
      return false;
    }
    free_.pop_front();
    return true;
  }

  // What nobody waits for any more, in the order in which it was due.
  void GiveUp(Clock::time_point now) {
    if (options_.give_up.count() == 0) return;
    while (!waiting_.empty() && waiting_.front() + options_.give_up <= now) {
      waiting_.pop_front();
      ++counts_.gave_up;
    }
    while (!flights_.empty() && flights_.front().due + options_.give_up <= now) {
      const Flight flight = flights_.front();
      flights_.pop_front();
      if (connections_[flight.id].generation() != flight.generation) continue;
      ++counts_.gave_up;
      connections_[flight.id].Close();
      Free(flight.id);
    }
  }

  void Wait(Clock::time_point until) {
    const auto left = std::clamp<nanoseconds>(until - Clock::now(), nanoseconds(0), nanoseconds(milliseconds(1)));
    const timespec timeout{.tv_sec = 0, .tv_nsec = static_cast<long>(left.count())};
    std::array<epoll_event, 256> events;
    const int count = epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<size_t>(i)];
      Happened(event.data.u32, connections_[event.data.u32].Advance(event.events));
    }
  }

  void Happened(uint32_t id, Connection::Event event) {
    Connection& connection = connections_[id];
    const bool was_busy = connection.state() == Connection::State::kBusy;
    if (event == Connection::Event::kNothing) return;
    if (event == Connection::Event::kAnswered) return Answered(id);
    if (event == Connection::Event::kRefused) {
      ++counts_.refused;
    } else if (was_busy) {
      ++counts_.unanswered;
      if (connection.sent() > 1) ++counts_.unanswered_reused;
    }
    connection.Close();
    if (was_busy) Free(id);
  }

  void Answered(uint32_t id) {
    const Connection& connection = connections_[id];
    ++counts_.answered;
    ++counts_.statuses[connection.status()];
    if (connection.status() == 200) {
      counts_.latencies.push_back(
          static_cast<uint32_t>(duration_cast<microseconds>(Clock::now() - connection.due()).count()));
    }
    Free(id);
  }

  void Free(uint32_t id) {
    --busy_;
    free_.push_back(id);
  }

  const Options& options_;
  int epoll_;
  std::vector<Connection> connections_;
  std::deque<uint32_t> free_;  // that are not busy, in turn: idle, or closed
  std::deque<Clock::time_point> waiting_;
  std::deque<Flight> flights_;
  size_t busy_ = 0, next_ = 0;
  Counts counts_;
};

double Quantile(const std::vector<uint32_t>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1, static_cast<size_t>(share * static_cast<double>(sorted.size())))];
}

void Print(Counts& counts, double lasted) {
  std::sort(counts.latencies.begin(), counts.latencies.end());
  std::string statuses;
  for (const auto& [status, count] : counts.statuses) {
    statuses += fmt::format("{}\"{}\": {}", statuses.empty() ? "" : ", ", status, count);
  }
  const auto& sorted = counts.latencies;
  fmt::print(
      "{{\"seconds\": {:.3f}, \"due\": {}, \"answered\": {}, \"good\": {}, \"gave_up\": {}, \"unanswered\": {}, ",
      lasted, counts.due, counts.answered, sorted.size(), counts.gave_up, counts.unanswered);
  fmt::print("\"unanswered_reused\": {}, \"refused\": {}, \"statuses\": {{{}}}, ", counts.unanswered_reused,
             counts.refused, statuses);
  fmt::print("\"p50_us\": {}, \"p90_us\": {}, \"p99_us\": {}, \"p999_us\": {}, \"max_us\": {}}}\n",
             Quantile(sorted, 0.5), Quantile(sorted, 0.9), Quantile(sorted, 0.99), Quantile(sorted, 0.999),
             Quantile(sorted, 1));
}

}  // namespace
}  // namespace roost::load

int main(int argc, char** argv) {
  using namespace roost::load;
  const Options options = ReadOptions(argc, argv);
  std::signal(SIGTERM, [](int) { stopped = 1; });
  prctl(PR_SET_TIMERSLACK, 1UL);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  Load load(options);
  const double seconds = load.Run();
  Print(load.counts(), seconds);
}
