#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "expr/calls.h"

namespace roost::expr {
namespace {

// A text that replace() makes longer than it was may have this many bytes: replacements inside one another grow like
// powers. Evaluate takes fewer rows at a time for it.
constexpr size_t kMaxReplaced = 1 << 20;

// Computed texts, one after the other in one piece of memory.
class TextWriter {
 public:
  explicit TextWriter(size_t rows) : bytes_(std::make_shared<std::string>()) { ends_.reserve(rows); }

  std::string& bytes() { return *bytes_; }
  void EndText() { ends_.push_back(bytes_->size()); }

  void MoveTo(Vector& out) {
    const std::string_view all = *bytes_;
    size_t begin = 0;
    for (const size_t end : ends_) {
      out.texts.push_back(all.substr(begin, end - begin));
      begin = end;
    }
    out.owned.push_back(std::move(bytes_));
  }

 private:
  std::shared_ptr<std::string> bytes_;
  std::vector<size_t> ends_;
};

bool ContinuesCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Characters of UTF-8: bytes that continue none.
int64_t Length(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return !ContinuesCharacter(c); });
}

// The byte at which character `index` (from 0) begins, or the end.
size_t ByteOf(std::string_view text, int64_t index) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (!ContinuesCharacter(text[i]) && index-- == 0) return i;
  }
  return text.size();
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

bool IsWhole(double number) { return std::trunc(number) == number && std::abs(number) < 1e15; }

std::optional<std::string_view> Substring(std::string_view text, double first, std::optional<double> count) {
  const double most = count.value_or(0);
  if (!IsWhole(first) || first == 0 || !IsWhole(most) || most < 0) return std::nullopt;
  auto begin = static_cast<int64_t>(first);
  begin = begin > 0 ? begin - 1 : std::max<int64_t>(Length(text) + begin, 0);
  text.remove_prefix(ByteOf(text, begin));
  return count.has_value() ? text.substr(0, ByteOf(text, static_cast<int64_t>(most))) : text;
}

// What number() reads: the numbers of the language with a sign, nothing around them.
std::optional<double> NumberOf(std::string_view text) {
  const bool has_sign = text.starts_with('+') || text.starts_with('-');
  const std::string_view digits = has_sign ? text.substr(1) : text;
  if (digits.empty() || (digits[0] != '.' && (digits[0] < '0' || digits[0] > '9'))) return std::nullopt;
  double number = 0;
  const char* const text_end = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), text_end, number);
  if (error != std::errc() || end != text_end) return std::nullopt;
  return text[0] == '-' ? -number : number;
}

Vector MapCase(const Vector& a, char first, char last, int shift) {
  Vector out{.kind = Kind::kText, .constant = a.constant, .nulls = a.nulls};
  TextWriter writer(a.size());
  for (const std::string_view text : a.texts) {
    for (const char c : text) writer.bytes() += c >= first && c <= last ? static_cast<char>(c + shift) : c;
    writer.EndText();
  }
  writer.MoveTo(out);
  return out;
}

Vector SubstringOf(std::span<const Vector> operands) {
  auto [out, rows] = ResultOver(operands, Kind::kText);
  const Vector& text = operands[0];
  const Vector& first = operands[1];
  const Vector* count = operands.size() > 2 ? &operands[2] : nullptr;
  out.texts.resize(rows);
  for (size_t row = 0; row < rows; ++row) {
    const std::optional<double> most =
        count == nullptr ? std::nullopt : std::optional<double>(count->numbers[row * Step(*count)]);
    const auto part = Substring(text.texts[row * Step(text)], first.numbers[row * Step(first)], most);
    if (part.has_value()) {
      out.texts[row] = *part;
    } else {
      SetNull(out, rows, row);
    }
  }
  out.owned = text.owned;
  return std::move(out);
}

// False, with nothing written, where the text would become too long.
bool AppendReplaced(std::string_view text, std::string_view from, std::string_view to, std::string& bytes) {
  const auto next = [&](size_t at) { return from.empty() ? std::string_view::npos : text.find(from, at); };
  size_t pieces = 0;
  for (size_t at = next(0); at != std::string_view::npos; at = next(at + from.size())) ++pieces;
  const size_t kept = text.size() - pieces * from.size();
  const size_t most = std::max(kMaxReplaced, text.size());
  if (pieces > 0 && to.size() > (most - kept) / pieces) return false;
  size_t begin = 0;
  for (size_t at = next(0); at != std::string_view::npos; at = next(begin)) {
    bytes.append(text.substr(begin, at - begin)).append(to);
    begin = at + from.size();
  }
  bytes.append(text.substr(begin));
  return true;
}

Vector Replace(std::span<const Vector> operands) {
  auto [out, rows] = ResultOver(operands, Kind::kText);
  TextWriter writer(rows);
  const auto text_of = [&operands](size_t operand, size_t row) {
    return operands[operand].texts[row * Step(operands[operand])];
  };
  for (size_t row = 0; row < rows; ++row) {
    if (!AppendReplaced(text_of(0, row), text_of(1, row), text_of(2, row), writer.bytes())) SetNull(out, rows, row);
    writer.EndText();
  }
  writer.MoveTo(out);
  return std::move(out);
}

// holds(a, b) of two texts.
template <typename F>
Vector Compare(std::span<const Vector> operands, const F& holds) {
  auto [out, rows] = ResultOver(operands, Kind::kBoolean);
  const Vector& a = operands[0];
  const Vector& b = operands[1];
  out.booleans.resize(rows);
  for (size_t row = 0; row < rows; ++row) {
    out.booleans[row] = holds(a.texts[row * Step(a)], b.texts[row * Step(b)]) ? 1 : 0;
  }
  SetNulls(out.nulls, out.booleans);
  out.nulls.clear();
  return std::move(out);
}

Vector Matches(const Pattern& pattern, const Vector& a) {
  Vector out{.kind = Kind::kBoolean, .constant = a.constant};
  out.booleans.resize(a.size());
  for (size_t row = 0; row < a.size(); ++row) {
    out.booleans[row] = a.IsNull(row) ? int8_t{-1} : static_cast<int8_t>(pattern.Matches(a.texts[row]) ? 1 : 0);
  }
  return out;
}

// Fills `values` of `out` by parse(text); null where there is nothing.
template <typename T, typename F>
void ParseInto(const Vector& a, Vector& out, std::vector<T> Vector::*values, const F& parse) {
  (out.*values).resize(a.size());
  for (size_t row = 0; row < a.size(); ++row) {
    if (a.IsNull(row)) continue;
    const std::optional<T> value = parse(a.texts[row]);
    if (value.has_value()) {
      (out.*values)[row] = *value;
    } else {
      SetNull(out, a.size(), row);
    }
  }
}

}  // namespace

Vector Concatenate(std::span<const Vector> operands) {
  auto [out, rows] = ResultOver(operands, Kind::kText);
  const Vector& a = operands[0];
  const Vector& b = operands[1];
  TextWriter writer(rows);
  for (size_t row = 0; row < rows; ++row) {
    writer.bytes().append(a.texts[row * Step(a)]).append(b.texts[row * Step(b)]);
    writer.EndText();
  }
  writer.MoveTo(out);
  return std::move(out);
}

Vector CallOfText(const BoundNode& node, std::span<const Vector> operands) {
  const Vector& a = operands[0];
  Vector out{.kind = node.kind, .constant = a.constant, .nulls = a.nulls};
  switch (node.function) {
    case Function::kLength:
      Map(a.texts, out.numbers, [](std::string_view text) { return static_cast<double>(Length(text)); });
      return out;
    case Function::kBytes:
      Map(a.texts, out.numbers, [](std::string_view text) { return static_cast<double>(text.size()); });
      return out;
    case Function::kLower: return MapCase(a, 'A', 'Z', 'a' - 'A');
    case Function::kUpper: return MapCase(a, 'a', 'z', 'A' - 'a');
    case Function::kTrim:
      Map(a.texts, out.texts, Trimmed);
      out.owned = a.owned;
      return out;
    case Function::kSubstring: return SubstringOf(operands);
    case Function::kReplace: return Replace(operands);
    case Function::kMatches: return Matches(*node.pattern, a);
    case Function::kContains:
      return Compare(operands,
                     [](std::string_view x, std::string_view y) { return x.find(y) != std::string_view::npos; });
    case Function::kStartsWith:
      return Compare(operands, [](std::string_view x, std::string_view y) { return x.starts_with(y); });
    case Function::kEndsWith:
      return Compare(operands, [](std::string_view x, std::string_view y) { return x.ends_with(y); });
    case Function::kNumber: ParseInto(a, out, &Vector::numbers, NumberOf); return out;
    case Function::kTime: ParseInto(a, out, &Vector::times, TimeOf); return out;
    default: break;
  }
  ROOST_CHECK(false, "no function of a text");
  return out;
}

}  // namespace roost::expr
