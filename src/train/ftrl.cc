#include "train/ftrl.h"

#include <algorithm>
#include <cmath>

#include "base/status.h"
#include "train/loss.h"

namespace roost::train {
namespace {

constexpr int64_t kBatchRows = 16;
constexpr int64_t kRowsBetweenChecks = 4096;

class Ftrl {
 public:
  Ftrl(const TrainingRows& rows, const LinearOptions& options, FtrlState& state)
      : rows_(rows),
        options_(options),
        state_(state),
        outputs_(options.loss == Loss::kSoftmax ? static_cast<size_t>(rows.num_classes) : 1),
        size_(static_cast<size_t>(rows.features->num_features) + 1),
        gradient_(state.point.size()) {
    if (!state_.z.empty()) return;
    state_.z.resize(state_.point.size());
    state_.n.resize(state_.point.size());
    // What z must be for the point to be what it is.
    for (size_t i = 0; i < state_.point.size(); ++i) {
      const double w = state_.point[i];
      state_.z[i] = -w * (options.ftrl_beta / options.ftrl_alpha + L2(i)) - (w > 0 ? L1(i) : w < 0 ? -L1(i) : 0);
    }
  }

  void TakeBatch(int64_t begin, int64_t end) {
    const auto rows = static_cast<size_t>(end - begin);
    margins_.assign(rows * outputs_, 0.0);
    slopes_.resize(rows * outputs_);
    curvatures_.resize(rows * outputs_);
    for (int64_t row = begin; row < end; ++row) {
      EachEntry(row, [&](size_t parameter, double value) {
        for (size_t k = 0; k < outputs_; ++k) {
          margins_[static_cast<size_t>(row - begin) * outputs_ + k] += Parameter(k * size_ + parameter) * value;
        }
      });
    }
    const auto targets = rows_.targets.subspan(static_cast<size_t>(begin), rows);
    const auto weights =
        rows_.weights.empty() ? rows_.weights : rows_.weights.subspan(static_cast<size_t>(begin), rows);
    if (options_.loss == Loss::kSoftmax) {
      AddSoftmaxLosses(margins_, rows_.num_classes, targets, weights, slopes_);
    } else {
      // The hinge's bend is as good as sharp.
      AddLosses({.loss = options_.loss, .smoothing = 1e-12}, margins_, targets, weights, slopes_, curvatures_);
    }
    for (int64_t row = begin; row < end; ++row) {
      EachEntry(row, [&](size_t parameter, double value) {
        for (size_t k = 0; k < outputs_; ++k) {
          AddGradient(k * size_ + parameter, slopes_[static_cast<size_t>(row - begin) * outputs_ + k] * value);
        }
      });
    }
    for (const size_t parameter : touched_) Update(parameter);
    touched_.clear();
  }

  double Parameter(size_t i) const {
    const double z = state_.z[i];
    if (std::abs(z) <= L1(i)) return 0;
    const double rate = (options_.ftrl_beta + std::sqrt(state_.n[i])) / options_.ftrl_alpha + L2(i);
    return rate > 0 ? -(z - (z > 0 ? L1(i) : -L1(i))) / rate : 0;
  }

 private:
  bool IsIntercept(size_t i) const { return i % size_ == size_ - 1; }
  double L1(size_t i) const { return IsIntercept(i) ? 0 : options_.l1; }
  double L2(size_t i) const { return IsIntercept(i) ? 0 : options_.l2; }

  template <typename Function>
  void EachEntry(int64_t row, const Function& function) const {
    const transform::FeatureRows& features = *rows_.features;
    for (int64_t e = features.starts[row]; e < features.starts[row + 1]; ++e) {
      function(static_cast<size_t>(features.indices[e]), features.values[e]);
    }
    function(size_ - 1, 1.0);
  }

  void AddGradient(size_t i, double by) {
    if (by == 0) return;
    // A sum that comes back to 0 is listed twice; its second update is by 0.
    if (gradient_[i] == 0) touched_.push_back(i);
    gradient_[i] += by;
  }

  void Update(size_t i) {
    const double g = gradient_[i];
    const double more = state_.n[i] + g * g;
    const double sigma = (std::sqrt(more) - std::sqrt(state_.n[i])) / options_.ftrl_alpha;
    state_.z[i] += g - sigma * Parameter(i);
    state_.n[i] = more;
    gradient_[i] = 0;
  }

  const TrainingRows& rows_;
  const LinearOptions& options_;
  FtrlState& state_;
  size_t outputs_;
  size_t size_;                   // features and intercept
  std::vector<double> gradient_;  // of the batch; 0 but for what is touched
  std::vector<size_t> touched_;
  std::vector<double> margins_, slopes_, curvatures_;
};

absl::Status KeepState(const Resumption<LinearState>& resumption, const FtrlState& state) {
  if (!resumption.due || !resumption.due()) return absl::OkStatus();
  return resumption.keep({.point = state.point, .steps = state.rows, .z = state.z, .n = state.n});
}

}  // namespace

absl::Status RunFtrl(const TrainingRows& rows, const LinearOptions& options, const Context& context, FtrlState& state) {
  Ftrl ftrl(rows, options, state);
  const int64_t num_rows = rows.features->num_rows();
  while (state.rows < options.passes * num_rows) {
    const int64_t row = state.rows % num_rows;
    if (row % kRowsBetweenChecks == 0) {
      TRY(context.CheckCancelled());
      TRY(KeepState(options.resumption, state));
    }
    const int64_t end = std::min(num_rows, row + kBatchRows);
    ftrl.TakeBatch(row, end);
    state.rows += end - row;
    if (end < num_rows) continue;
    context.Report({.stage = "train", .unit = "passes", .done = state.rows / num_rows, .total = options.passes});
  }
  for (size_t i = 0; i < state.point.size(); ++i) state.point[i] = ftrl.Parameter(i);
  return absl::OkStatus();
}

}  // namespace roost::train
