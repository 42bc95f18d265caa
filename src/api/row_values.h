#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/labelled_rows.h"
#include "base/context.h"
#include "config/evaluation.h"
#include "evaluate/value_amounts.h"

namespace roost::api {

/// The amounts of `model.evaluation.value` on some rows, and what they lie in. Movable; not to be copied.
struct RowAmounts {
  std::vector<std::vector<double>> numbers;
  evaluate::ValueAmounts amounts;  ///< borrows from `numbers`
};

/// The columns that the expressions of `value` read, each once.
absl::StatusOr<std::vector<std::string>> ColumnsOfValue(const config::ValueConfig& value);

/// InvalidArgument, naming the key and the row, where an expression has no number for one.
absl::StatusOr<RowAmounts> ReadAmounts(const LabelledRows& rows, const config::ValueConfig& value,
                                       const Context& context);

/// What each row is worth by `value.each`, which must not be empty, where these are its scores (one a row). Errors as
/// ReadAmounts.
absl::StatusOr<std::vector<double>> ValueOfEach(const LabelledRows& rows, const config::ValueConfig& value,
                                                std::span<const double> scores, double threshold,
                                                const Context& context);

}  // namespace roost::api
