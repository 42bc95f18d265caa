#include "expr/calls.h"

#include <cmath>
#include <cstdint>
#include <utility>

#include "expr/scalar_numbers.h"

namespace roost::expr {
namespace {

// function(number); null where a number that is not NaN gives NaN.
template <typename F>
Vector OfNumber(const Vector& a, const F& function) {
  Vector out{.kind = Kind::kNumber, .constant = a.constant, .nulls = a.nulls};
  Map(a.numbers, out.numbers, function);
  for (size_t row = 0; row < a.size(); ++row) {
    if (!HasResult(out.numbers[row], a.numbers[row])) SetNull(out, a.size(), row);
  }
  return out;
}

// The same of two numbers.
template <typename F>
Vector OfNumbers(std::span<const Vector> operands, const F& function) {
  auto [out, rows] = ResultOver(operands, Kind::kNumber);
  out.numbers.resize(rows);
  for (size_t row = 0; row < rows; ++row) {
    const double x = operands[0].numbers[row * Step(operands[0])];
    const double y = operands[1].numbers[row * Step(operands[1])];
    out.numbers[row] = function(x, y);
    if (!HasResult(out.numbers[row], x, y)) SetNull(out, rows, row);
  }
  return std::move(out);
}

Vector Test(Function function, const Vector& a) {
  Vector out{.kind = Kind::kBoolean, .constant = a.constant};
  Map(a.numbers, out.booleans, [function](double x) -> int8_t { return NumberTest(function, x) ? 1 : 0; });
  SetNulls(a.nulls, out.booleans);
  return out;
}

Vector TextOf(const Vector& a) {
  Vector out{.kind = Kind::kText, .constant = a.constant, .nulls = a.nulls};
  auto texts = std::make_shared<std::vector<std::string>>();
  for (const double number : a.numbers) AppendNumber(number, texts->emplace_back());
  out.texts.assign(texts->begin(), texts->end());
  out.owned.push_back(std::move(texts));
  return out;
}

// Takes each row's value from the operand that `choice` names for it, nulls included.
Vector Select(Kind kind, std::span<const Vector> operands, const std::vector<size_t>& choice, bool constant) {
  Vector out{.kind = kind, .constant = constant};
  const auto fill = [&](auto Vector::*values) {
    (out.*values).resize(choice.size());
    for (size_t row = 0; row < choice.size(); ++row) {
      const Vector& from = operands[choice[row]];
      (out.*values)[row] = (from.*values)[row * Step(from)];
      if (kind != Kind::kBoolean && from.IsNull(row * Step(from))) SetNull(out, choice.size(), row);
    }
  };
  switch (kind) {
    case Kind::kNumber: fill(&Vector::numbers); break;
    case Kind::kText: fill(&Vector::texts); break;
    case Kind::kTime: fill(&Vector::times); break;
    case Kind::kBoolean: fill(&Vector::booleans);
  }
  for (const Vector& operand : operands) out.owned.insert(out.owned.end(), operand.owned.begin(), operand.owned.end());
  return out;
}

// Conditions and values in turn, and the value for the rest.
Vector If(Kind kind, std::span<const Vector> operands) {
  const auto [shape, rows] = ResultOver(operands, kind);
  std::vector<size_t> choice(rows, operands.size() - 1);
  for (size_t row = 0; row < rows; ++row) {
    for (size_t i = 0; i + 1 < operands.size(); i += 2) {
      if (operands[i].booleans[row * Step(operands[i])] <= 0) continue;
      choice[row] = i + 1;
      break;
    }
  }
  return Select(kind, operands, choice, shape.constant);
}

Vector Coalesce(Kind kind, std::span<const Vector> operands) {
  const auto [shape, rows] = ResultOver(operands, kind);
  std::vector<size_t> choice(rows);
  for (size_t row = 0; row < rows; ++row) {
    while (choice[row] + 1 < operands.size() && operands[choice[row]].IsNull(row * Step(operands[choice[row]]))) {
      ++choice[row];
    }
  }
  return Select(kind, operands, choice, shape.constant);
}

bool IsNan(double value) { return std::isnan(value); }
template <typename T>
bool IsNan(const T&) {
  return false;
}

// The first of the least (or greatest) values; NaN where there is one.
Vector Extreme(Kind kind, std::span<const Vector> operands, bool greatest) {
  auto [shape, rows] = ResultOver(operands, kind);
  std::vector<size_t> choice(rows);
  const auto choose = [&, row_count = rows](auto Vector::*values) {
    for (size_t row = 0; row < row_count; ++row) {
      const auto at = [&](size_t i) { return (operands[i].*values)[row * Step(operands[i])]; };
      for (size_t i = 1; i < operands.size() && !IsNan(at(choice[row])); ++i) {
        const bool better = greatest ? at(choice[row]) < at(i) : at(i) < at(choice[row]);
        if (better || IsNan(at(i))) choice[row] = i;
      }
    }
  };
  if (kind == Kind::kNumber) choose(&Vector::numbers);
  if (kind == Kind::kText) choose(&Vector::texts);
  if (kind == Kind::kTime) choose(&Vector::times);
  Vector out = Select(kind, operands, choice, shape.constant);
  out.nulls = std::move(shape.nulls);
  return out;
}

Vector CallOfNumber(const BoundNode& node, std::span<const Vector> operands) {
  const Vector& a = operands[0];
  if (node.function == Function::kText) return TextOf(a);
  if (node.function == Function::kPow) return OfNumbers(operands, Power);
  if (node.function == Function::kRound && operands.size() == 2) return OfNumbers(operands, RoundTo);
  if (IsNumberTest(node.function)) return Test(node.function, a);
  return VisitNumberFunction(node.function, [&a](const auto& function) { return OfNumber(a, function); });
}

}  // namespace

Vector Call(const BoundNode& node, std::span<const Vector> operands) {
  if (node.function == Function::kIf) return If(node.kind, operands);
  if (node.function == Function::kCoalesce) return Coalesce(node.kind, operands);
  if (node.function == Function::kMin) return Extreme(node.kind, operands, /*greatest=*/false);
  if (node.function == Function::kMax) return Extreme(node.kind, operands, /*greatest=*/true);
  switch (operands[0].kind) {
    case Kind::kText: return CallOfText(node, operands);
    case Kind::kTime: return CallOfTime(node, operands);
    default: return CallOfNumber(node, operands);
  }
}

}  // namespace roost::expr
