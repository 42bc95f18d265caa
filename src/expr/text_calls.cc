#include <cstdint>
#include <optional>
#include <utility>

#include "expr/calls.h"
#include "expr/scalar_texts.h"

namespace roost::expr {
namespace {

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

// append(text, bytes) makes each text.
template <typename F>
Vector MapTexts(const Vector& a, const F& append) {
  Vector out{.kind = Kind::kText, .constant = a.constant, .nulls = a.nulls};
  TextWriter writer(a.size());
  for (const std::string_view text : a.texts) {
    append(text, writer.bytes());
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
    case Function::kLower: return MapTexts(a, AppendLower);
    case Function::kUpper: return MapTexts(a, AppendUpper);
    case Function::kTrim:
      Map(a.texts, out.texts, Trimmed);
      out.owned = a.owned;
      return out;
    case Function::kSubstring: return SubstringOf(operands);
    case Function::kReplace: return Replace(operands);
    case Function::kMatches: return Matches(*node.pattern, a);
    case Function::kNumber: ParseInto(a, out, &Vector::numbers, NumberOf); return out;
    case Function::kTime: ParseInto(a, out, &Vector::times, TimeOf); return out;
    default: return VisitTextTest(node.function, [operands](const auto& holds) { return Compare(operands, holds); });
  }
}

}  // namespace roost::expr
