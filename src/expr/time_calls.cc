#include <cstdint>
#include <optional>
#include <utility>

#include "expr/calls.h"
#include "expr/scalar_times.h"

namespace roost::expr {
namespace {

// Times of `rows` rows; null where there is none.
void SetTime(std::optional<int64_t> time, size_t rows, size_t row, Vector& out) {
  out.times[row] = time.value_or(0);
  if (!time.has_value()) SetNull(out, rows, row);
}

Vector Truncate(const Vector& a, TimeStep step) {
  Vector out{.kind = Kind::kTime, .constant = a.constant, .nulls = a.nulls};
  out.times.resize(a.size());
  for (size_t row = 0; row < a.size(); ++row) SetTime(TruncateTime(a.times[row], step), a.size(), row, out);
  return out;
}

}  // namespace

Vector ShiftTimes(std::span<const Vector> operands, int sign) {
  auto [out, rows] = ResultOver(operands, Kind::kTime);
  const Vector& micros = operands[0];
  const Vector& seconds = operands[1];
  out.times.resize(rows);
  for (size_t row = 0; row < rows; ++row) {
    const double shift = sign * seconds.numbers[row * Step(seconds)];
    SetTime(ShiftTime(micros.times[row * Step(micros)], shift), rows, row, out);
  }
  return std::move(out);
}

Vector CallOfTime(const BoundNode& node, std::span<const Vector> operands) {
  const Vector& a = operands[0];
  if (node.function == Function::kDateTrunc) return Truncate(a, node.step);
  Vector out{.kind = Kind::kNumber, .constant = a.constant, .nulls = a.nulls};
  VisitTimePart(node.function, [&a, &out](const auto& part) {
    Map(a.times, out.numbers, [&part](int64_t micros) { return static_cast<double>(part(micros)); });
  });
  return out;
}

}  // namespace roost::expr
