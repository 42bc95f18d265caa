#include "train/xgboost_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/thread_pool.h"
#include "predict/trees.h"

namespace roost::train {
namespace {

using predict::Task;
using transform::FeatureRows;

constexpr int64_t kRowsToCheckAtOnce = 65536;
constexpr double kMaxGrade = 31;  // NDCG's gain is 2^grade - 1
constexpr double kMaxFloat = std::numeric_limits<float>::max();

absl::Status CheckShape(const TrainingRows& rows, Task task) {
  const FeatureRows& features = *rows.features;
  if (features.num_features < 1 || features.num_features > predict::TreesPredictor::kMaxFeatures) {
    return absl::InvalidArgumentError(fmt::format("there are {} features; trees need 1 to {}", features.num_features,
                                                  predict::TreesPredictor::kMaxFeatures));
  }
  if (features.starts.empty() || features.starts.front() != 0 ||
      !std::is_sorted(features.starts.begin(), features.starts.end()) ||
      features.starts.back() != static_cast<int64_t>(features.indices.size()) ||
      features.indices.size() != features.values.size()) {
    return absl::InvalidArgumentError("the feature rows do not describe their entries");
  }
  const auto count = static_cast<size_t>(features.num_rows());
  if (count == 0) {
    return WithHint(absl::InvalidArgumentError("there are no rows"), "Check the row filter and the dataset version.");
  }
  if (rows.targets.size() != count || (!rows.weights.empty() && rows.weights.size() != count)) {
    return absl::InvalidArgumentError(fmt::format("{} rows of features have {} targets and {} weights", count,
                                                  rows.targets.size(), rows.weights.size()));
  }
  if (rows.groups.size() != (task == Task::kRanking ? count : 0)) {
    return absl::InvalidArgumentError(
        fmt::format("{} rows have {} groups; a ranking, and it alone, needs one a row", count, rows.groups.size()));
  }
  return absl::OkStatus();
}

// What the task asks of a target; "" where it is as it must be.
std::string WrongTarget(double target, const TrainingRows& rows, Task task) {
  const bool integer = target == std::floor(target);
  switch (task) {
    case Task::kBinary: return target == 0 || target == 1 ? "" : "0 or 1";
    case Task::kClasses:
      if (integer && target >= 0 && target < rows.num_classes) return "";
      return fmt::format("a class from 0 to {}", rows.num_classes - 1);
    case Task::kNumber: return std::fabs(target) <= kMaxFloat ? "" : "finite and in the range of floats";
    case Task::kCounts: return target >= 0 && target <= kMaxFloat ? "" : "0 or positive";
    case Task::kRanking:
      return integer && target >= 0 && target <= kMaxGrade ? "" : fmt::format("an integer from 0 to {}", kMaxGrade);
  }
  return "";
}

absl::Status CheckRow(const TrainingRows& rows, Task task, std::span<const uint8_t> is_category, int64_t row) {
  const auto r = static_cast<size_t>(row);
  if (const std::string wanted = WrongTarget(rows.targets[r], rows, task); !wanted.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("row {}: the target is {}; it must be {}", row, rows.targets[r], wanted));
  }
  if (!rows.weights.empty() && !(rows.weights[r] >= 0 && rows.weights[r] <= kMaxFloat)) {
    return absl::InvalidArgumentError(
        fmt::format("row {}: the weight is {}; it must be finite and not negative", row, rows.weights[r]));
  }
  const FeatureRows& features = *rows.features;
  int32_t before = -1;
  for (auto e = static_cast<size_t>(features.starts[r]); e < static_cast<size_t>(features.starts[r + 1]); ++e) {
    const int32_t index = features.indices[e];
    const double value = features.values[e];
    if (index <= before || index >= features.num_features) {
      return absl::InvalidArgumentError(
          fmt::format("row {}: feature {} follows feature {}; features must ascend and be below {}", row, index, before,
                      features.num_features));
    }
    before = index;
    if (!(std::fabs(value) <= kMaxFloat)) {
      return WithHint(
          absl::InvalidArgumentError(fmt::format("row {}: feature {} is {}; training needs finite numbers up to {}",
                                                 row, index, value, kMaxFloat)),
          "Clip large values in the transform; a missing one has no entry.");
    }
    const bool category = !is_category.empty() && is_category[static_cast<size_t>(index)] != 0;
    if (category && !(value >= 0 && value < predict::TreesPredictor::kMaxCategories && value == std::floor(value))) {
      return absl::InvalidArgumentError(
          fmt::format("row {}: category feature {} is {}; codes are integers from 0 to {}", row, index, value,
                      predict::TreesPredictor::kMaxCategories - 1));
    }
  }
  return absl::OkStatus();
}

// Rows of a group follow each other; XGBoost has one weight a group.
absl::Status CheckGroups(const TrainingRows& rows) {
  std::vector<int64_t> seen;
  for (size_t row = 0; row < rows.groups.size(); ++row) {
    const bool begins = row == 0 || rows.groups[row] != rows.groups[row - 1];
    if (begins) {
      seen.push_back(rows.groups[row]);
    } else if (!rows.weights.empty() && rows.weights[row] != rows.weights[row - 1]) {
      return absl::InvalidArgumentError(
          fmt::format("row {}: the weight is {}, but {} in the row before, of the same group; a group has one weight",
                      row, rows.weights[row], rows.weights[row - 1]));
    }
  }
  std::sort(seen.begin(), seen.end());
  const auto twice = std::adjacent_find(seen.begin(), seen.end());
  if (twice == seen.end()) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError(fmt::format("group {} comes in several places", *twice)),
                  "Sort the rows by group.");
}

absl::Status CheckRows(const TrainingRows& rows, Task task, std::span<const uint8_t> is_category,
                       const Context& context) {
  TRY(CheckShape(rows, task));
  const int64_t count = rows.features->num_rows();
  const auto pieces = static_cast<size_t>((count + kRowsToCheckAtOnce - 1) / kRowsToCheckAtOnce);
  const absl::Status checked = context.pool->ParallelFor(pieces, [&](size_t piece) -> absl::Status {
    TRY(context.CheckCancelled());
    const int64_t begin = static_cast<int64_t>(piece) * kRowsToCheckAtOnce;
    for (int64_t row = begin; row < std::min(count, begin + kRowsToCheckAtOnce); ++row) {
      TRY(CheckRow(rows, task, is_category, row));
    }
    return absl::OkStatus();
  });
  TRY(checked);
  const auto positive = [](double weight) { return weight > 0; };
  if (!rows.weights.empty() && std::none_of(rows.weights.begin(), rows.weights.end(), positive)) {
    return absl::InvalidArgumentError("all weights are 0");
  }
  return CheckGroups(rows);
}

}  // namespace

absl::Status CheckTreesRows(const TrainingRows& rows, Task task, std::span<const uint8_t> is_category, const char* what,
                            const Context& context) {
  return Annotate(CheckRows(rows, task, is_category, context), fmt::format("{} rows", what));
}

absl::StatusOr<XgboostMatrix> MakeXgboostMatrix(const TrainingRows& rows, std::span<const uint8_t> is_category,
                                                const Context& context) {
  TRY_ASSIGN(XgboostMatrix matrix, XgboostMatrix::Make(*rows.features, context.pool->num_threads()));
  TRY(matrix.SetNumbers("label", rows.targets));
  if (!is_category.empty()) TRY(matrix.SetCategories(is_category));
  if (rows.groups.empty()) {
    if (!rows.weights.empty()) TRY(matrix.SetNumbers("weight", rows.weights));
    return matrix;
  }
  std::vector<uint32_t> sizes;
  std::vector<double> weights;
  for (size_t row = 0; row < rows.groups.size(); ++row) {
    if (row == 0 || rows.groups[row] != rows.groups[row - 1]) {
      sizes.push_back(0);
      if (!rows.weights.empty()) weights.push_back(rows.weights[row]);
    }
    ++sizes.back();
  }
  TRY(matrix.SetGroups(sizes));
  if (!weights.empty()) TRY(matrix.SetNumbers("weight", weights));
  return matrix;
}

}  // namespace roost::train
