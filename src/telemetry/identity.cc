#include "telemetry/identity.h"

#include <algorithm>
#include <random>

namespace roost::telemetry {
namespace {

constexpr size_t kLongestRequestId = 128;
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kRequestIdField = "x-request-id";
constexpr std::string_view kTraceParentField = "traceparent";

uint64_t RandomBits() {
  thread_local std::mt19937_64 random = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  return random();
}

/// Writes 16 digits.
void WriteRandomHex(char* digits) {
  uint64_t bits = RandomBits();
  for (size_t i = 0; i < 16; ++i, bits >>= 4) digits[i] = kHex[bits & 15];
}

bool IsRequestId(std::string_view text) {
  return !text.empty() && text.size() <= kLongestRequestId &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string NewRequestId() {
  std::string id(32, '0');
  WriteRandomHex(id.data());
  WriteRandomHex(id.data() + 16);
  return id;
}

/// An id of zeros means none. That 128 random bits are all 0 does not happen; the Recommendation forbids it all the
/// same.
Trace NewTrace() {
  Trace trace{};
  WriteRandomHex(trace.id.data());
  WriteRandomHex(trace.id.data() + 16);
  if (trace.id_text().find_first_not_of('0') == std::string_view::npos) trace.id.back() = '1';
  return trace;
}

/// Only lower-case digits are allowed.
bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsId(std::string_view text) { return IsHex(text) && text.find_first_not_of('0') != std::string_view::npos; }

}  // namespace

std::optional<Trace> ParseTraceParent(std::string_view text) {
  constexpr size_t kSize = 55;  // 00-TRACE (32)-PARENT (16)-FLAGS (2)
  if (text.size() < kSize || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const std::string_view version = text.substr(0, 2), id = text.substr(3, 32), parent = text.substr(36, 16);
  const std::string_view flags = text.substr(53, 2);
  if (!IsHex(version) || version == "ff" || !IsId(id) || !IsId(parent) || !IsHex(flags)) return std::nullopt;
  if (text.size() > kSize && (version == "00" || text[kSize] != '-')) return std::nullopt;
  Trace trace{};
  std::copy(id.begin(), id.end(), trace.id.begin());
  trace.sampled = (kHex.find(flags[1]) & 1) != 0;
  return trace;
}

std::string NextTraceParent(const Trace& trace) {
  char span[16];
  do WriteRandomHex(span);
  while (!IsId({span, sizeof span}));
  std::string text;
  text.reserve(55);
  text.append("00-").append(trace.id_text()).append("-").append(span, sizeof span);
  return text.append(trace.sampled ? "-01" : "-00");
}

Identity IdentityOf(const net::HttpRequest& request) {
  Identity identity;
  bool first = true;
  for (const net::HttpHeader& header : request.headers) {
    if (header.name.size() == kRequestIdField.size()) {
      const bool is_it = identity.request_id.empty() && net::EqualIgnoringCase(header.name, kRequestIdField);
      if (is_it && IsRequestId(header.value)) identity.request_id = header.value;
    } else if (header.name.size() == kTraceParentField.size() &&
               net::EqualIgnoringCase(header.name, kTraceParentField)) {
      identity.trace = first ? ParseTraceParent(header.value) : std::nullopt;
      if (!identity.trace.has_value()) identity.trace = NewTrace();
      first = false;
    }
  }
  if (identity.request_id.empty()) identity.request_id = NewRequestId();
  return identity;
}

}  // namespace roost::telemetry
