#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace roost::load {

using Clock = std::chrono::steady_clock;

/// One connection of the load: at most one request is under way on it. Not blocking; used by one thread.
class Connection {
 public:
  enum class State { kClosed, kIdle, kBusy };
  enum class Event {
    kNothing,   ///< more bytes are to come or to go
    kAnswered,  ///< the answer is whole; status() says which
    kClosed,    ///< the other side closed, or broke the rules
    kRefused,   ///< nobody listens
  };

  ~Connection() { Close(); }

  /// Begins to connect to 127.0.0.1:port from the loopback address `source` (host order), and watches the connection
  /// by `epoll`, with `id` as its data. false: nobody listens, or there are no descriptors left.
  bool Open(uint16_t port, uint32_t source, int epoll, uint32_t id);
  void Close();

  /// Sends a request, of which the bytes must live until the answer; it was due at `due`.
  Event Send(std::string_view request, Clock::time_point due);
  /// What came of the events that epoll tells of.
  Event Advance(uint32_t events);

  State state() const { return state_; }
  Clock::time_point due() const { return due_; }
  int status() const { return status_; }
  uint64_t sent() const { return sent_; }  ///< requests since it was opened
  uint32_t generation() const { return generation_; }

 private:
  Event Write();
  Event Read();
  Event Parse();

  int fd_ = -1;
  State state_ = State::kClosed;
  bool connecting_ = false;
  bool keep_ = true;  // the other side lets the connection live
  std::string_view rest_;
  std::string input_;
  Clock::time_point due_;
  int status_ = 0;
  uint64_t sent_ = 0;
  uint32_t generation_ = 0;
};

}  // namespace roost::load
