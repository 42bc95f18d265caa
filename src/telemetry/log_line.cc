#include "telemetry/log_line.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>

#include "absl/time/time.h"
#include "base/utf8.h"

namespace roost::telemetry {
namespace {

constexpr size_t kLongestText = 256;

void AppendInteger(int64_t value, std::string& line) {
  char digits[20];
  line.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

bool IsPlain(char c) { return c >= ' ' && c < '\x7f' && c != '"' && c != '\\'; }

/// Whether all characters are plain: looks at eight at once, as every text of every line comes here. The tests of a
/// word for a byte below or equal to another are those of "Bit Twiddling Hacks" (Anderson).
bool AllPlain(std::string_view text) {
  constexpr uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
  const auto has_below = [](uint64_t word, uint64_t bound) { return (word - kOnes * bound) & ~word & kHighs; };
  uint64_t bad = 0;
  for (size_t i = 0; i < text.size(); i += sizeof bad) {
    uint64_t word = kOnes * ' ';
    std::memcpy(&word, text.data() + i, std::min(sizeof word, text.size() - i));
    bad |= (word & kHighs) | has_below(word, ' ') | has_below(word ^ (kOnes * '"'), 1) |
           has_below(word ^ (kOnes * '\\'), 1) | has_below(word ^ (kOnes * 0x7f), 1);
  }
  return bad == 0;
}

/// The characters of a JSON string.
void AppendEscaped(std::string_view text, std::string& line) {
  constexpr std::string_view kHex = "0123456789abcdef";
  text = text.substr(0, kLongestText);
  if (AllPlain(text)) {
    line.append(text);
    return;
  }
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text.front());
    size_t length = 1;
    if (IsPlain(text.front())) {
      line.push_back(text.front());
    } else if (c >= 0x80) {
      length = CharacterLength(text);
      line.append(length > 0 ? text.substr(0, length) : "\\ufffd");
      length = std::max<size_t>(length, 1);
    } else if (c == '"' || c == '\\') {
      line.append(1, '\\').append(1, text.front());
    } else {
      line.append("\\u00").append(1, kHex[c >> 4]).append(1, kHex[c & 15]);
    }
    text.remove_prefix(length);
  }
}

void AppendText(std::string_view key, std::string_view value, std::string& line) {
  if (value.empty()) return;
  line.append(key);
  AppendEscaped(value, line);
  line.push_back('"');
}

void AppendNumber(std::string_view key, int64_t value, std::string& line) {
  line.append(key);
  AppendInteger(value, line);
}

/// "2026-11-30T03:26:22" of `seconds`; made once a second on each thread.
std::string_view TextOfSecond(int64_t seconds) {
  thread_local int64_t known = -1;
  thread_local std::string text;
  if (seconds != known) {
    text = absl::FormatTime("%Y-%m-%dT%H:%M:%S", absl::FromUnixSeconds(seconds), absl::UTCTimeZone());
    known = seconds;
  }
  return text;
}

void AppendTime(const timespec& time, std::string& line) {
  const auto milliseconds = static_cast<int>(time.tv_nsec / 1'000'000);
  const char fraction[] = {'.', static_cast<char>('0' + milliseconds / 100),
                           static_cast<char>('0' + milliseconds / 10 % 10), static_cast<char>('0' + milliseconds % 10),
                           'Z'};
  line.append("{\"time\":\"").append(TextOfSecond(time.tv_sec)).append(fraction, sizeof fraction).append("\"");
}

/// With one decimal: a small request takes a few of them.
void AppendMicroseconds(std::chrono::nanoseconds duration, std::string& line) {
  const int64_t tenths = (duration.count() + 50) / 100;
  AppendNumber(",\"duration_us\":", tenths / 10, line);
  line.append(1, '.').append(1, static_cast<char>('0' + tenths % 10));
}

}  // namespace

void AppendLogLine(const Exchange& exchange, const timespec& end, std::string& line) {
  const net::RequestNotes& notes = exchange.notes;
  AppendTime(end, line);
  AppendText(",\"request_id\":\"", notes.request_id, line);
  AppendText(",\"trace_id\":\"", exchange.trace_id, line);
  AppendText(",\"consumer\":\"", notes.consumer, line);
  AppendText(",\"model\":\"", notes.model, line);
  if (notes.version != 0) AppendNumber(",\"version\":", notes.version, line);
  if (!notes.model.empty()) AppendNumber(",\"rows\":", notes.rows, line);
  AppendText(",\"method\":\"", exchange.method, line);
  AppendText(",\"path\":\"", exchange.path, line);
  AppendText(",\"protocol\":\"", ProtocolName(exchange.protocol), line);
  const bool is_grpc = exchange.protocol == Protocol::kGrpc;
  AppendNumber(",\"status\":", is_grpc ? 200 : exchange.code, line);
  if (is_grpc) AppendNumber(",\"grpc_status\":", exchange.code, line);
  AppendNumber(",\"bytes_in\":", static_cast<int64_t>(exchange.bytes_in), line);
  AppendNumber(",\"bytes_out\":", static_cast<int64_t>(exchange.bytes_out), line);
  AppendMicroseconds(exchange.duration, line);
  line.append("}\n");
}

}  // namespace roost::telemetry
