#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/labelled_rows.h"
#include "evaluate/baseline.h"

namespace roost::api {

/// A number for each value of the column `name`: rows with the same one depend on each other; rows without a value are
/// units of their own. Empty where `name` is. NotFound where there is no such column.
absl::StatusOr<std::vector<int64_t>> UnitsOf(const LabelledRows& rows, const std::string& name);

/// What the dummy predicts for every row.
std::vector<double> DummyScores(const evaluate::TrainingBaseline& baseline, int64_t rows);

}  // namespace roost::api
