#include "telemetry/observe.h"

#include <chrono>
#include <ctime>
#include <string>
#include <utility>

#include "net/later_reply.h"
#include "telemetry/exchange.h"
#include "telemetry/identity.h"
#include "telemetry/log_line.h"

namespace roost::telemetry {
namespace {

using Clock = std::chrono::steady_clock;
using net::HttpRequest;
using net::HttpResponse;

struct Instruments {
  Traffic& traffic;
  AccessLog* log;
};

/// What is known of a request when it begins.
struct Begun {
  Clock::time_point start;
  std::optional<Trace> trace;
  std::string_view client;
  std::string_view method;
  std::string_view path;
  bool http2;
  size_t bytes_in;
};

void Write(AccessLog& log, const Exchange& exchange) {
  const bool failed = HttpCodeOf(exchange.protocol, exchange.code) >= 400;
  if (!log.Takes(exchange.notes.request_id, failed)) return;
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);  // good to 4 ms, and several times as cheap as the exact clock
  thread_local std::string line;
  line.clear();
  AppendLogLine(exchange, now, line);
  log.Append(line);
}

/// Completes an answer whose notes are `notes`, counts it and logs it.
void End(const Instruments& to, const Begun& begun, const net::RequestNotes& notes, HttpResponse& response) {
  response.headers.emplace_back("X-Request-Id", notes.request_id);
  if (begun.trace.has_value()) response.headers.emplace_back("traceparent", NextTraceParent(*begun.trace));
  const Outcome outcome = OutcomeOf(begun.http2, response);
  const Exchange exchange{.notes = notes,
                          .trace_id = begun.trace.has_value() ? begun.trace->id_text() : "",
                          .client = begun.client,
                          .method = begun.method,
                          .path = begun.path,
                          .protocol = outcome.protocol,
                          .code = outcome.code,
                          .bytes_in = begun.bytes_in,
                          .bytes_out = response.body.size(),
                          .duration = Clock::now() - begun.start};
  to.traffic.End(exchange);
  if (to.log != nullptr) Write(*to.log, exchange);
}

/// Watches for an answer that comes later, while the handler runs.
class LaterEnd final : public net::LaterObserver {
 public:
  LaterEnd(const Instruments& to, const Begun& begun, const HttpRequest& request, const HttpResponse& response)
      : to_(to), begun_(begun), request_(request), response_(response) {
    request_.ObserveLater(this);
  }
  ~LaterEnd() override { request_.ObserveLater(nullptr); }
  LaterEnd(const LaterEnd&) = delete;
  LaterEnd& operator=(const LaterEnd&) = delete;

  bool expected() const { return expected_; }

  std::function<void(HttpResponse&)> OnAnswerLater() override {
    expected_ = true;
    to_.traffic.BeginLater(response_.notes);
    // The request is gone when the answer comes: what is needed of it is copied.
    return [to = to_, begun = begun_, notes = response_.notes, client = std::string(request_.peer_address),
            method = std::string(request_.method), path = std::string(request_.path)](HttpResponse& response) mutable {
      begun.client = client;
      begun.method = method;
      begun.path = path;
      to.traffic.EndLater(notes);
      End(to, begun, notes, response);
    };
  }

 private:
  const Instruments& to_;
  const Begun& begun_;
  const HttpRequest& request_;
  const HttpResponse& response_;
  bool expected_ = false;
};

void Handle(const net::Handler& next, const Instruments& to, const HttpRequest& request, HttpResponse& response) {
  Identity identity = IdentityOf(request);
  const Begun begun{.start = Clock::now(),
                    .trace = identity.trace,
                    .client = request.peer_address,
                    .method = request.method,
                    .path = request.path,
                    .http2 = request.http2,
                    .bytes_in = request.body.size()};
  response.notes.request_id = std::move(identity.request_id);
  to.traffic.Begin();
  {
    LaterEnd later(to, begun, request, response);
    next(request, response);
    if (later.expected()) return;
  }
  End(to, begun, response.notes, response);
}

}  // namespace

net::Handler Observe(net::Handler next, Traffic& traffic, AccessLog* log) {
  return [next = std::move(next), to = Instruments{traffic, log}](const HttpRequest& request, HttpResponse& response) {
    Handle(next, to, request, response);
  };
}

}  // namespace roost::telemetry
