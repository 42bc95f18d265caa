#include "evaluate/value_amounts.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "base/status.h"
#include "evaluate/rows.h"

namespace roost::evaluate {
namespace {

absl::Status CheckAmount(std::string_view name, const Amount& amount, double least, size_t num_rows) {
  const auto check = [&](double value) {
    if (value >= least && value <= kLargestValue) return absl::OkStatus();
    return absl::InvalidArgumentError(fmt::format("it is {}; it must be {} to {}", value, least, kLargestValue));
  };
  if (amount.per_row.empty()) return Annotate(check(amount.constant), fmt::format("the value of {}", name));
  if (amount.per_row.size() != num_rows) {
    return absl::InvalidArgumentError(
        fmt::format("{} rows have {} values of {}; every row needs one", num_rows, amount.per_row.size(), name));
  }
  for (size_t row = 0; row < num_rows; ++row) {
    TRY(Annotate(check(amount.per_row[row]), fmt::format("row {}: the value of {}", row, name)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckAmounts(predict::Task task, const ValueAmounts& amounts, size_t num_rows) {
  switch (task) {
    case predict::Task::kBinary:
      TRY(CheckAmount("true_positive", amounts.outcomes.true_positive, -kLargestValue, num_rows));
      TRY(CheckAmount("false_positive", amounts.outcomes.false_positive, -kLargestValue, num_rows));
      TRY(CheckAmount("false_negative", amounts.outcomes.false_negative, -kLargestValue, num_rows));
      return CheckAmount("true_negative", amounts.outcomes.true_negative, -kLargestValue, num_rows);
    case predict::Task::kNumber:
    case predict::Task::kCounts:
      TRY(CheckAmount("over", amounts.errors.over, 0, num_rows));
      return CheckAmount("under", amounts.errors.under, 0, num_rows);
    case predict::Task::kRanking:
      for (const double value : amounts.places.hit) {
        if (!(std::abs(value) <= kLargestValue)) {
          return absl::InvalidArgumentError(
              fmt::format("the value of a hit is {}; it must be a number within {}", value, kLargestValue));
        }
      }
      return absl::OkStatus();
    case predict::Task::kClasses: break;
  }
  return absl::InvalidArgumentError("predictions of classes have no value; state it for a binary task");
}

}  // namespace roost::evaluate
