#include "expr/kernels.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "expr/calls.h"
#include "expr/scalar_logic.h"
#include "expr/scalar_numbers.h"

namespace roost::expr {
namespace {

// One constant has one value, beside whatever number of rows.
size_t RowsOf(const Vector& a, const Vector& b) { return a.constant ? b.size() : a.size(); }

// out[row] = function(a[row], b[row]).
template <typename Out, typename In, typename F>
void Loop(const std::vector<In>& a, size_t step_a, const std::vector<In>& b, size_t step_b, std::vector<Out>& out,
          const F& function) {
  for (size_t row = 0; row < out.size(); ++row) out[row] = function(a[row * step_a], b[row * step_b]);
}

// What has no result by `operation`, as nothing is divided by zero, is null.
template <typename F>
Vector Divide(std::span<const Vector> operands, const F& operation) {
  auto [out, rows] = ResultOver(operands, Kind::kNumber);
  const Vector& a = operands[0];
  const Vector& b = operands[1];
  out.numbers.resize(rows);
  Loop(a.numbers, Step(a), b.numbers, Step(b), out.numbers,
       [&operation](double x, double y) { return y == 0 ? 0 : operation(x, y); });
  for (size_t row = 0; row < rows; ++row) {
    if (b.numbers[row * Step(b)] == 0) SetNull(out, rows, row);
  }
  return std::move(out);
}

Vector Arithmetic(Op op, std::span<const Vector> operands) {
  auto [out, rows] = ResultOver(operands, Kind::kNumber);
  const Vector& a = operands[0];
  const Vector& b = operands[1];
  out.numbers.resize(rows);
  const auto loop = [&, &numbers = out.numbers](const auto& function) {
    Loop(a.numbers, Step(a), b.numbers, Step(b), numbers, function);
  };
  switch (op) {
    case Op::kAdd: loop([](double x, double y) { return x + y; }); break;
    case Op::kMultiply: loop([](double x, double y) { return x * y; }); break;
    default: loop([](double x, double y) { return x - y; });
  }
  return std::move(out);
}

Vector Difference(std::span<const Vector> operands) {
  auto [out, rows] = ResultOver(operands, Kind::kNumber);
  out.numbers.resize(rows);
  Loop(operands[0].times, Step(operands[0]), operands[1].times, Step(operands[1]), out.numbers, SecondsBetween);
  return std::move(out);
}

Vector AddOrSubtract(const BoundNode& node, std::span<const Vector> operands) {
  if (operands[0].kind != Kind::kTime) return Arithmetic(node.op, operands);
  if (operands[1].kind == Kind::kTime) return Difference(operands);
  return ShiftTimes(operands, node.op == Op::kAdd ? 1 : -1);
}

template <typename In, typename Known>
void CompareInto(Op op, const std::vector<In>& a, size_t step_a, const std::vector<In>& b, size_t step_b,
                 std::vector<int8_t>& out, const Known& known) {
  const auto loop = [&](const auto& holds) {
    Loop(a, step_a, b, step_b, out, [&](const In& x, const In& y) -> int8_t { return known(x, y) ? holds(x, y) : -1; });
  };
  VisitComparison(op, loop);
}

Vector Compare(Op op, const Vector& a, const Vector& b) {
  Vector out{.kind = Kind::kBoolean, .constant = a.constant && b.constant};
  out.booleans.resize(RowsOf(a, b));
  const auto always = [](const auto&, const auto&) { return true; };
  switch (a.kind) {
    case Kind::kNumber:  // NaN is no number: what it compares to is unknown
      CompareInto(op, a.numbers, Step(a), b.numbers, Step(b), out.booleans,
                  [](double x, double y) { return !std::isnan(x) && !std::isnan(y); });
      break;
    case Kind::kText: CompareInto(op, a.texts, Step(a), b.texts, Step(b), out.booleans, always); break;
    case Kind::kTime: CompareInto(op, a.times, Step(a), b.times, Step(b), out.booleans, always); break;
    case Kind::kBoolean:
      CompareInto(op, a.booleans, Step(a), b.booleans, Step(b), out.booleans,
                  [](int8_t x, int8_t y) { return x >= 0 && y >= 0; });
  }
  for (const Vector* side : {&a, &b}) {
    if (side->nulls.empty()) continue;
    for (size_t row = 0; row < out.booleans.size(); ++row) {
      if (side->nulls[row * Step(*side)] != 0) out.booleans[row] = -1;
    }
  }
  return out;
}

Vector Logic(Op op, const Vector& a, const Vector& b) {
  Vector out{.kind = Kind::kBoolean, .constant = a.constant && b.constant};
  out.booleans.resize(RowsOf(a, b));
  if (op == Op::kAnd) {
    Loop(a.booleans, Step(a), b.booleans, Step(b), out.booleans, And);
  } else {
    Loop(a.booleans, Step(a), b.booleans, Step(b), out.booleans, Or);
  }
  return out;
}

Vector Between(std::span<const Vector> operands) {
  return Logic(Op::kAnd, Compare(Op::kGreaterEqual, operands[0], operands[1]),
               Compare(Op::kLessEqual, operands[0], operands[2]));
}

Vector IsIn(const BoundNode& node, const Vector& a) {
  Vector out{.kind = Kind::kBoolean, .constant = a.constant};
  const auto among = [](const auto& sorted) {
    return [&sorted](const auto& value) -> int8_t {
      return std::binary_search(sorted.begin(), sorted.end(), value, std::less<>());
    };
  };
  switch (a.kind) {
    case Kind::kNumber:
      Map(a.numbers, out.booleans,
          [find = among(node.numbers)](double x) -> int8_t { return std::isnan(x) ? -1 : find(x); });
      break;
    case Kind::kText: Map(a.texts, out.booleans, among(node.texts)); break;
    case Kind::kTime: Map(a.times, out.booleans, among(node.times)); break;
    case Kind::kBoolean:
      Map(a.booleans, out.booleans,
          [find = among(node.times)](int8_t x) -> int8_t { return x < 0 ? -1 : find(int64_t{x}); });
  }
  SetNulls(a.nulls, out.booleans);
  return out;
}

Vector IsNull(const Vector& a) {
  Vector out{.kind = Kind::kBoolean, .constant = a.constant};
  out.booleans.resize(a.size());
  for (size_t row = 0; row < out.booleans.size(); ++row) out.booleans[row] = a.IsNull(row) ? 1 : 0;
  return out;
}

template <typename T>
void Repeat(std::vector<T>& values, size_t rows) {
  if (!values.empty()) values.assign(rows, T(values.front()));
}

}  // namespace

Result ResultOver(std::span<const Vector> operands, Kind kind) {
  Result result{.vector = {.kind = kind, .constant = true}, .rows = 1};
  for (const Vector& operand : operands) {
    if (operand.constant) continue;
    result.vector.constant = false;
    result.rows = operand.size();
  }
  for (const Vector& operand : operands) {
    const bool has_nulls = operand.kind == Kind::kBoolean || !operand.nulls.empty();
    for (size_t row = 0; has_nulls && row < result.rows; ++row) {
      if (operand.IsNull(row * Step(operand))) SetNull(result.vector, result.rows, row);
    }
  }
  return result;
}

Vector Constant(const BoundNode& node) {
  Vector out{.kind = node.kind, .constant = true};
  if (node.op == Op::kNull && node.kind != Kind::kBoolean) out.nulls = {1};
  switch (node.kind) {
    case Kind::kNumber: out.numbers = {node.number}; break;
    case Kind::kText: out.texts = {node.text}; break;
    case Kind::kTime: out.times = {node.time}; break;
    case Kind::kBoolean: out.booleans = {node.op == Op::kNull ? int8_t{-1} : node.boolean};
  }
  return out;
}

Vector Apply(const BoundNode& node, std::vector<Vector> operands) {
  Vector& first = operands.front();
  switch (node.op) {
    case Op::kNegate:
      for (double& number : first.numbers) number = -number;
      return std::move(first);
    case Op::kNot:
      for (int8_t& boolean : first.booleans) boolean = Not(boolean);
      return std::move(first);
    case Op::kAdd:
    case Op::kSubtract: return AddOrSubtract(node, operands);
    case Op::kMultiply: return Arithmetic(node.op, operands);
    case Op::kDivide: return Divide(operands, [](double x, double y) { return x / y; });
    case Op::kModulo: return Divide(operands, [](double x, double y) { return std::fmod(x, y); });
    case Op::kConcatenate: return Concatenate(operands);
    case Op::kEqual:
    case Op::kNotEqual:
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kGreater:
    case Op::kGreaterEqual: return Compare(node.op, first, operands[1]);
    case Op::kAnd:
    case Op::kOr: return Logic(node.op, first, operands[1]);
    case Op::kIsNull: return IsNull(first);
    case Op::kIn: return IsIn(node, first);
    case Op::kBetween: return Between(operands);
    case Op::kFunction: return Call(node, operands);
    default: break;
  }
  ROOST_CHECK(false, "an operation without operands");
}

Vector Expand(Vector vector, size_t rows) {
  if (!vector.constant) return vector;
  vector.constant = false;
  Repeat(vector.nulls, rows);
  Repeat(vector.numbers, rows);
  Repeat(vector.texts, rows);
  Repeat(vector.times, rows);
  Repeat(vector.booleans, rows);
  return vector;
}

}  // namespace roost::expr
