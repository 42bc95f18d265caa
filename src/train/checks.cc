#include "train/checks.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/status.h"
#include "base/thread_pool.h"

namespace roost::train {
namespace {

using transform::FeatureRows;

constexpr int64_t kRowsToCheckAtOnce = 65536;

absl::Status CheckNumber(const char* name, double value, bool may_be_zero) {
  if (std::isfinite(value) && (value > 0 || (may_be_zero && value == 0))) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{} is {}; it must be {}a positive number", name, value, may_be_zero ? "0 or " : ""));
}

absl::Status CheckAtLeastOne(const char* name, int64_t value) {
  if (value >= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{} is {}; it must be at least 1", name, value));
}

bool IsOfClasses(Loss loss) { return loss != Loss::kSquared && loss != Loss::kPoisson; }

// That the rows' entries tile `indices` and `values`, so that the rows can be read at all.
absl::Status CheckShape(const TrainingRows& training) {
  if (training.features == nullptr) return absl::InvalidArgumentError("there are no feature rows");
  const FeatureRows& rows = *training.features;
  if (rows.num_features < 0 || rows.starts.empty() || rows.starts.front() != 0 ||
      !std::is_sorted(rows.starts.begin(), rows.starts.end()) ||
      rows.starts.back() != static_cast<int64_t>(rows.indices.size()) || rows.indices.size() != rows.values.size()) {
    return absl::InvalidArgumentError("the feature rows do not describe their entries");
  }
  const auto num_rows = static_cast<size_t>(rows.num_rows());
  if (training.targets.size() != num_rows) {
    return absl::InvalidArgumentError(
        fmt::format("{} rows of features have {} targets; every row needs one", num_rows, training.targets.size()));
  }
  if (!training.weights.empty() && training.weights.size() != num_rows) {
    return absl::InvalidArgumentError(fmt::format(
        "{} rows of features have {} weights; every row needs one, or none has", num_rows, training.weights.size()));
  }
  if (num_rows == 0) {
    return WithHint(absl::InvalidArgumentError("there are no rows to train on"),
                    "Check the row filter and the dataset version.");
  }
  return absl::OkStatus();
}

absl::Status CheckTarget(int64_t row, double target, Loss loss, int32_t num_classes) {
  const auto fail = [&](std::string_view wanted) {
    return absl::InvalidArgumentError(fmt::format("row {}: the target is {}; it must be {}", row, target, wanted));
  };
  switch (loss) {
    case Loss::kSquared: return std::isfinite(target) ? absl::OkStatus() : fail("a finite number");
    case Loss::kPoisson:
      return std::isfinite(target) && target >= 0 ? absl::OkStatus() : fail("0 or a positive number");
    case Loss::kSoftmax:
      if (target >= 0 && target < num_classes && target == std::floor(target)) return absl::OkStatus();
      return fail(fmt::format("a class from 0 to {}", num_classes - 1));
    case Loss::kLogistic:
    case Loss::kHinge:
    case Loss::kSquaredHinge: return target == 0 || target == 1 ? absl::OkStatus() : fail("0 or 1");
  }
  return absl::OkStatus();
}

// Whether all is well with a row; the loop has no branch but the last.
bool IsGoodRow(const FeatureRows& rows, int64_t row) {
  int64_t before = -1;
  bool good = true;
  double sum = 0;  // of zeros, unless a value is not finite
  for (int64_t e = rows.starts[row]; e < rows.starts[row + 1]; ++e) {
    good &= rows.indices[e] > before;
    before = rows.indices[e];
    sum += rows.values[e] * 0;
  }
  return good && before < rows.num_features && sum == 0;
}

// What is wrong with a row of which IsGoodRow is false.
absl::Status FaultOfRow(const FeatureRows& rows, int64_t row) {
  int32_t before = -1;
  for (int64_t e = rows.starts[row]; e < rows.starts[row + 1]; ++e) {
    if (rows.indices[e] <= before || rows.indices[e] >= rows.num_features) {
      return absl::InvalidArgumentError(
          fmt::format("row {}: feature {} follows feature {}; features must ascend and be below {}", row,
                      rows.indices[e], before, rows.num_features));
    }
    before = rows.indices[e];
    if (!std::isfinite(rows.values[e])) {
      return WithHint(absl::InvalidArgumentError(fmt::format("row {}: feature {} is {}; training needs finite numbers",
                                                             row, before, rows.values[e])),
                      "Impute missing values and clip infinite ones in the transform.");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckRows(const TrainingRows& rows, Loss loss, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    TRY(CheckTarget(row, rows.targets[row], loss, rows.num_classes));
    if (!rows.weights.empty() && !(rows.weights[row] >= 0 && std::isfinite(rows.weights[row]))) {
      return absl::InvalidArgumentError(
          fmt::format("row {}: the weight is {}; it must be 0 or a positive number", row, rows.weights[row]));
    }
    if (!IsGoodRow(*rows.features, row)) return FaultOfRow(*rows.features, row);
  }
  return absl::OkStatus();
}

absl::StatusOr<TargetSums> SumTargets(const TrainingRows& rows, Loss loss) {
  TargetSums sums;
  const auto num_classes = static_cast<size_t>(loss == Loss::kSoftmax ? rows.num_classes : 2);
  if (IsOfClasses(loss)) sums.of_class.resize(num_classes);
  double sum = 0;
  for (size_t row = 0; row < rows.targets.size(); ++row) {
    const double weight = rows.weights.empty() ? 1 : rows.weights[row];
    sums.weight += weight;
    sum += weight * rows.targets[row];
    if (IsOfClasses(loss)) sums.of_class[static_cast<size_t>(rows.targets[row])] += weight;
  }
  if (sums.weight == 0) {
    return WithHint(absl::InvalidArgumentError(fmt::format("all {} rows have the weight 0", rows.targets.size())),
                    "At least one row must count.");
  }
  sums.mean = sum / sums.weight;
  if (!std::isfinite(sums.mean)) return absl::InvalidArgumentError("the sum of the targets or weights overflows");
  return sums;
}

absl::Status CheckClasses(const TargetSums& sums, Loss loss) {
  for (size_t k = 0; k < sums.of_class.size(); ++k) {
    if (sums.of_class[k] > 0) continue;
    const std::string message =
        loss == Loss::kSoftmax
            ? fmt::format("class {} of {} has no row that counts; a model needs rows of every class", k,
                          sums.of_class.size())
            : fmt::format("all rows that count have the target {}; a model needs both classes", 1 - k);
    return WithHint(absl::InvalidArgumentError(message),
                    "Check the label's expression, the row filter and the weights.");
  }
  if (loss == Loss::kPoisson && !(sums.mean > 0)) {
    return WithHint(absl::InvalidArgumentError("all counts are 0; their logarithm has no finite mean"),
                    "Check the label's expression and the row filter.");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckLinearOptions(const LinearOptions& options) {
  TRY(CheckNumber("l2", options.l2, true));
  TRY(CheckNumber("l1", options.l1, true));
  TRY(CheckNumber("tolerance", options.tolerance, false));
  TRY(CheckNumber("ftrl_alpha", options.ftrl_alpha, false));
  TRY(CheckNumber("ftrl_beta", options.ftrl_beta, true));
  TRY(CheckAtLeastOne("max_iterations", options.max_iterations));
  TRY(CheckAtLeastOne("passes", options.passes));
  const bool is_smooth = options.solver == Solver::kNewton || options.solver == Solver::kNewtonCg;
  if (is_smooth && options.l1 > 0) {
    return WithHint(absl::InvalidArgumentError(
                        fmt::format("the solver {} cannot do l1 = {}", SolverName(options.solver), options.l1)),
                    "Use the solver proximal, or auto.");
  }
  return absl::OkStatus();
}

absl::StatusOr<TargetSums> CheckTrainingRows(const TrainingRows& rows, Loss loss, const Context& context) {
  TRY(CheckShape(rows));
  if (loss == Loss::kSoftmax && rows.num_classes < 2) {
    return absl::InvalidArgumentError(fmt::format("there are {} classes; softmax needs 2 or more", rows.num_classes));
  }
  const int64_t num_rows = rows.features->num_rows();
  const int64_t pieces = (num_rows + kRowsToCheckAtOnce - 1) / kRowsToCheckAtOnce;
  const absl::Status checked =
      context.pool->ParallelFor(static_cast<size_t>(pieces), [&](size_t piece) -> absl::Status {
        TRY(context.CheckCancelled());
        const int64_t begin = static_cast<int64_t>(piece) * kRowsToCheckAtOnce;
        return CheckRows(rows, loss, begin, std::min(num_rows, begin + kRowsToCheckAtOnce));
      });
  TRY(checked);
  TRY_ASSIGN(TargetSums sums, SumTargets(rows, loss));
  TRY(CheckClasses(sums, loss));
  return sums;
}

}  // namespace roost::train
