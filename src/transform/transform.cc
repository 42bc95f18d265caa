#include "transform/transform.h"

#include <cmath>
#include <numbers>
#include <utility>

#include <fmt/format.h>

#include "transform/fitted.h"

namespace roost::transform {
namespace {

constexpr int32_t kHours = 24;
constexpr int32_t kWeekdays = 7;
constexpr int32_t kMonths = 12;
constexpr int32_t kDays = 31;
constexpr int32_t kDaysOfYear = 366;

}  // namespace

bool TakesKind(Operation operation, column::Kind kind) {
  using column::Kind;
  switch (operation) {
    case Operation::kNumber:
    case Operation::kStandardize:
    case Operation::kMinMax:
    case Operation::kBucketize:
    case Operation::kPolynomial: return kind == Kind::kNumber;
    case Operation::kOneHot:
    case Operation::kOrdinal:
    case Operation::kHash:
    case Operation::kCross: return kind == Kind::kText || kind == Kind::kNumber;
    case Operation::kTokens: return kind == Kind::kText;
    case Operation::kHour:
    case Operation::kWeekday:
    case Operation::kMonth:
    case Operation::kDay:
    case Operation::kCyclic:
    case Operation::kAge: return kind == Kind::kTime;
    case Operation::kMultiHot: return kind == Kind::kTextList;
    case Operation::kListCount: return kind == Kind::kTextList || kind == Kind::kNumberList;
    case Operation::kListMean: return kind == Kind::kNumberList;
  }
  return false;
}

std::string_view Takes(Operation operation) {
  using column::Kind;
  if (TakesKind(operation, Kind::kText)) return TakesKind(operation, Kind::kNumber) ? "a text or number" : "a text";
  if (TakesKind(operation, Kind::kNumber)) return "a number";
  if (TakesKind(operation, Kind::kTime)) return "a time";
  if (TakesKind(operation, Kind::kTextList)) return TakesKind(operation, Kind::kNumberList) ? "a list" : "a text list";
  return "a number list";
}

bool IsOfNumbers(Operation operation) {
  return TakesKind(operation, column::Kind::kNumberList) || operation == Operation::kAge ||
         (TakesKind(operation, column::Kind::kNumber) && !TakesKind(operation, column::Kind::kText));
}

bool HasMissingSlot(Operation operation) {
  switch (operation) {
    case Operation::kBucketize:
    case Operation::kOneHot:
    case Operation::kHash:
    case Operation::kCross:
    case Operation::kHour:
    case Operation::kWeekday:
    case Operation::kMonth:
    case Operation::kDay:
    case Operation::kMultiHot: return true;
    default: return false;
  }
}

std::string DescribeFeature(size_t position, std::string_view use, std::string_view column) {
  return fmt::format("feature {}, {} of column '{}'", position + 1, use, column);
}

int32_t PeriodLength(Period period) {
  switch (period) {
    case Period::kHour: return kHours;
    case Period::kWeekday: return kWeekdays;
    case Period::kMonth: return kMonths;
    case Period::kDayOfYear: return kDaysOfYear;
  }
  return 1;
}

std::vector<std::array<double, 2>> CircleOf(Period period) {
  const int32_t length = PeriodLength(period);
  std::vector<std::array<double, 2>> circle;
  for (int32_t value = 0; value < length; ++value) {
    const double angle = 2 * std::numbers::pi * value / length;
    circle.push_back({std::sin(angle), std::cos(angle)});
  }
  return circle;
}

std::vector<double> WordWeights(int64_t rows, std::span<const int64_t> word_rows) {
  std::vector<double> weights;
  for (const int64_t with_word : word_rows) {
    weights.push_back(std::log(static_cast<double>(1 + rows) / static_cast<double>(1 + with_word)) + 1);
  }
  return weights;
}

int32_t FittedFeature::num_operation_slots() const {
  const int32_t words = hash_buckets > 0 ? hash_buckets : vocabulary.num_slots();
  switch (use) {
    case Operation::kNumber:
    case Operation::kStandardize:
    case Operation::kMinMax:
    case Operation::kOrdinal:
    case Operation::kAge:
    case Operation::kListCount:
    case Operation::kListMean: return 1;
    case Operation::kBucketize: return static_cast<int32_t>(borders.size()) + 2;
    case Operation::kPolynomial: return degree;
    case Operation::kOneHot:
    case Operation::kHash:
    case Operation::kCross:
    case Operation::kMultiHot: return words + 1;
    case Operation::kTokens: return words;
    case Operation::kHour: return kHours + 1;
    case Operation::kWeekday: return kWeekdays + 1;
    case Operation::kMonth: return kMonths + 1;
    case Operation::kDay: return kDays + 1;
    case Operation::kCyclic: return 2;
  }
  return 0;
}

int32_t FittedFeature::fixed_entries() const {
  const int32_t more = indicator ? 1 : 0;
  switch (use) {
    case Operation::kNumber:
    case Operation::kMinMax: return steps.imputed.has_value() ? 1 + more : 0;
    case Operation::kPolynomial: return degree + more;
    case Operation::kOrdinal:
    case Operation::kTokens:
    case Operation::kCyclic:
    case Operation::kMultiHot: return 0;
    default: return 1 + more;
  }
}

Transform::Transform(std::shared_ptr<const Fitted> fitted) : fitted_(std::move(fitted)) {}

std::span<const InputColumn> Transform::inputs() const { return fitted_->inputs; }

int32_t Transform::num_features() const { return fitted_->num_features; }

}  // namespace roost::transform
