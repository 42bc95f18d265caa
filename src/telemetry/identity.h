#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_message.h"

namespace roost::telemetry {

/// A position in a trace that several programs share: W3C Trace Context (Recommendation of 23 November 2021).
struct Trace {
  std::array<char, 32> id;  ///< lower-case hexadecimal digits, not all 0
  bool sampled = false;     ///< the caller may have recorded it

  std::string_view id_text() const { return {id.data(), id.size()}; }
};

/// What a request is called.
struct Identity {
  /// Its X-Request-Id where that is 1 to 128 visible ASCII characters; else a new one, 32 hexadecimal digits.
  std::string request_id;
  /// Of its traceparent; a new one where that is invalid or comes twice; none where there is none.
  std::optional<Trace> trace;
};

/// Cost: a pass over the header fields, and some 30 ns for a new id.
Identity IdentityOf(const net::HttpRequest& request);

/// The trace of a traceparent header, as the Recommendation's section 3.2 reads it: of version 00 exactly its four
/// parts, of a higher one these and perhaps others behind them. Nothing for what is no traceparent.
std::optional<Trace> ParseTraceParent(std::string_view text);

/// "00-TRACE-SPAN-FLAGS" with a new id for our own part of the trace. Of the flags only "sampled" is passed on.
std::string NextTraceParent(const Trace& trace);

}  // namespace roost::telemetry
