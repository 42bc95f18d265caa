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
constexpr size_t kLongestEscape = 6;  // of a byte: \\u001f
constexpr size_t kTexts = 8;          // of a line
constexpr size_t kRest = 512;         // keys, numbers and time, with room to spare
constexpr size_t kLongestLine = kTexts * kLongestText * kLongestEscape + kRest;

/// A line in the making, in memory that has room for the longest: every request writes one, and most of the cost of
/// appending some thirty short pieces to a string is asking whether they still fit.
class Line {
 public:
  void Add(std::string_view piece) {
    std::memcpy(end_, piece.data(), piece.size());
    end_ += piece.size();
  }
  void Add(char c) { *end_++ = c; }
  void Add(int64_t value) { end_ = std::to_chars(end_, end_ + 20, value).ptr; }

  std::string_view text() const { return {bytes_, static_cast<size_t>(end_ - bytes_)}; }

 private:
  char bytes_[kLongestLine];
  char* end_ = bytes_;
};

bool IsPlain(char c) { return c >= ' ' && c < '\x7f' && c != '"' && c != '\\'; }

/// Whether all characters are plain: looks at eight at once, as every text of every line comes here. The tests of a
/// word for a byte below or equal to another are those of "Bit Twiddling Hacks" (Anderson).
bool AllPlain(std::string_view text) {
  constexpr uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
  const auto has_below = [](uint64_t word, uint64_t bound) { return (word - kOnes * bound) & ~word & kHighs; };
  uint64_t bad = 0;
  const auto look = [&](uint64_t word) {
    bad |= (word & kHighs) | has_below(word, ' ') | has_below(word ^ (kOnes * '"'), 1) |
           has_below(word ^ (kOnes * '\\'), 1) | has_below(word ^ (kOnes * 0x7f), 1);
  };
  size_t i = 0;
  for (uint64_t word = 0; i + sizeof word <= text.size(); i += sizeof word) {
    std::memcpy(&word, text.data() + i, sizeof word);
    look(word);
  }
  uint64_t rest = kOnes * ' ';
  std::memcpy(&rest, text.data() + i, text.size() - i);
  look(rest);
  return bad == 0;
}

/// The characters of a JSON string.
void AddEscaped(std::string_view text, Line& line) {
  constexpr std::string_view kHex = "0123456789abcdef";
  text = text.substr(0, kLongestText);
  if (AllPlain(text)) return line.Add(text);
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text.front());
    size_t length = 1;
    if (IsPlain(text.front())) {
      line.Add(text.front());
    } else if (c >= 0x80) {
      length = CharacterLength(text);
      line.Add(length > 0 ? text.substr(0, length) : "\\ufffd");
      length = std::max<size_t>(length, 1);
    } else if (c == '"' || c == '\\') {
      line.Add('\\');
      line.Add(text.front());
    } else {
      line.Add("\\u00");
      line.Add(kHex[c >> 4]);
      line.Add(kHex[c & 15]);
    }
    text.remove_prefix(length);
  }
}

void AddText(std::string_view key, std::string_view value, Line& line) {
  if (value.empty()) return;
  line.Add(key);
  AddEscaped(value, line);
  line.Add('"');
}

void AddNumber(std::string_view key, int64_t value, Line& line) {
  line.Add(key);
  line.Add(value);
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

void AddTime(const timespec& time, Line& line) {
  const auto milliseconds = static_cast<int>(time.tv_nsec / 1'000'000);
  const char fraction[] = {'.', static_cast<char>('0' + milliseconds / 100),
                           static_cast<char>('0' + milliseconds / 10 % 10), static_cast<char>('0' + milliseconds % 10),
                           'Z'};
  line.Add("{\"time\":\"");
  line.Add(TextOfSecond(time.tv_sec));
  line.Add(std::string_view(fraction, sizeof fraction));
  line.Add('"');
}

/// With one decimal: a small request takes a few of them.
void AddMicroseconds(std::chrono::nanoseconds duration, Line& line) {
  const int64_t tenths = (duration.count() + 50) / 100;
  AddNumber(",\"duration_us\":", tenths / 10, line);
  line.Add('.');
  line.Add(static_cast<char>('0' + tenths % 10));
}

}  // namespace

void AppendLogLine(const Exchange& exchange, const timespec& end, std::string& text) {
  const net::RequestNotes& notes = exchange.notes;
  Line line;
  AddTime(end, line);
  AddText(",\"request_id\":\"", notes.request_id, line);
  AddText(",\"trace_id\":\"", exchange.trace_id, line);
  AddText(",\"client\":\"", exchange.client, line);
  AddText(",\"consumer\":\"", notes.consumer, line);
  AddText(",\"model\":\"", notes.model, line);
  if (notes.version != 0) AddNumber(",\"version\":", notes.version, line);
  if (!notes.model.empty()) AddNumber(",\"rows\":", notes.rows, line);
  AddText(",\"method\":\"", exchange.method, line);
  AddText(",\"path\":\"", exchange.path, line);
  AddText(",\"protocol\":\"", ProtocolName(exchange.protocol), line);
  const bool is_grpc = exchange.protocol == Protocol::kGrpc;
  AddNumber(",\"status\":", is_grpc ? 200 : exchange.code, line);
  if (is_grpc) AddNumber(",\"grpc_status\":", exchange.code, line);
  AddNumber(",\"bytes_in\":", static_cast<int64_t>(exchange.bytes_in), line);
  AddNumber(",\"bytes_out\":", static_cast<int64_t>(exchange.bytes_out), line);
  AddMicroseconds(exchange.duration, line);
  line.Add("}\n");
  text.append(line.text());
}

}  // namespace roost::telemetry
