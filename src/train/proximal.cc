#include <algorithm>
#include <cmath>
#include <memory>

#include "base/status.h"
#include "train/search.h"

namespace roost::train {
namespace {

constexpr int kMaxSweeps = 100;
constexpr int64_t kMovesBetweenChecks = 1024;

// The component of the subgradient of least norm: 0 means that the parameter is where it should be.
double Subgradient(double slope, double parameter, double penalty) {
  if (parameter > 0) return slope + penalty;
  if (parameter < 0) return slope - penalty;
  return slope > penalty ? slope - penalty : slope < -penalty ? slope + penalty : 0;
}

double Shrunk(double value, double by) { return value > by ? value - by : value < -by ? value + by : 0; }

// The smooth objective's quadratic model around a point, seen parameter by parameter while they move one at a time.
class QuadraticModel {
 public:
  virtual ~QuadraticModel() = default;
  virtual double Slope(size_t parameter) const = 0;
  virtual double Curvature(size_t parameter) const = 0;
  virtual void Move(size_t parameter, double by) = 0;
};

// With the whole Hessian: a slope is known, a move costs a row of the Hessian.
class WholeModel final : public QuadraticModel {
 public:
  WholeModel(std::vector<double> lower, std::vector<double> gradient)
      : hessian_(std::move(lower)), slopes_(std::move(gradient)) {
    const size_t n = slopes_.size();
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < i; ++j) hessian_[j * n + i] = hessian_[i * n + j];
    }
  }
  double Slope(size_t parameter) const override { return slopes_[parameter]; }
  double Curvature(size_t parameter) const override { return hessian_[parameter * slopes_.size() + parameter]; }
  void Move(size_t parameter, double by) override {
    const double* row = &hessian_[parameter * slopes_.size()];
    for (size_t i = 0; i < slopes_.size(); ++i) slopes_[i] += by * row[i];
  }

 private:
  std::vector<double> hessian_;
  std::vector<double> slopes_;
};

// The entries by feature; the intercept's are ones.
struct Columns {
  std::vector<int64_t> starts;
  std::vector<int64_t> rows;
  std::vector<double> values;

  explicit Columns(const transform::FeatureRows& by_row) : starts(static_cast<size_t>(by_row.num_features) + 1) {
    for (const int32_t feature : by_row.indices) ++starts[feature + 1];
    for (size_t j = 1; j < starts.size(); ++j) starts[j] += starts[j - 1];
    std::vector<int64_t> next(starts.begin(), starts.end());
    rows.resize(by_row.indices.size());
    values.resize(by_row.indices.size());
    for (int64_t row = 0; row < by_row.num_rows(); ++row) {
      for (int64_t e = by_row.starts[row]; e < by_row.starts[row + 1]; ++e) {
        const int64_t to = next[by_row.indices[e]]++;
        rows[to] = row;
        values[to] = by_row.values[e];
      }
    }
  }
};

// Row by row: by how much each margin has moved says what the slopes are. Costs a column of the rows a slope and a
// move.
class RowsModel final : public QuadraticModel {
 public:
  RowsModel(const Columns& columns, const Objective& objective, std::span<const double> gradient,
            std::span<const double> diagonal)
      : columns_(columns),
        objective_(objective),
        gradient_(gradient),
        diagonal_(diagonal),
        outputs_(objective.outputs()),
        moved_(gradient.size()),
        margins_(objective.curvatures().size()),
        means_(outputs_ > 1 ? margins_.size() / outputs_ : 0) {}

  double Curvature(size_t parameter) const override { return diagonal_[parameter]; }

  double Slope(size_t parameter) const override {
    double sum = 0;
    const size_t k = parameter / (objective_.num_features() + 1);
    EachEntry(parameter, [&](int64_t row, double value) { sum += value * SlopeOfRow(row, k); });
    const Problem& problem = objective_.problem();
    const double penalty = objective_.IsIntercept(parameter) ? 0 : problem.l2 * moved_[parameter];
    return gradient_[parameter] + (sum + penalty) / problem.total_weight;
  }

  void Move(size_t parameter, double by) override {
    const size_t k = parameter / (objective_.num_features() + 1);
    moved_[parameter] += by;
    EachEntry(parameter, [&](int64_t row, double value) {
      const size_t at = static_cast<size_t>(row) * outputs_ + k;
      margins_[at] += by * value;
      if (outputs_ > 1) means_[row] += objective_.curvatures()[at] * by * value;
    });
  }

  int64_t entries_read() const { return entries_read_; }

 private:
  template <typename Function>
  void EachEntry(size_t parameter, const Function& function) const {
    if (objective_.IsIntercept(parameter)) {
      const int64_t num_rows = objective_.problem().design->num_rows();
      for (int64_t row = 0; row < num_rows; ++row) function(row, 1.0);
      entries_read_ += num_rows;
      return;
    }
    const size_t feature = parameter % (objective_.num_features() + 1);
    for (int64_t e = columns_.starts[feature]; e < columns_.starts[feature + 1]; ++e) {
      function(columns_.rows[e], columns_.values[e]);
    }
    entries_read_ += columns_.starts[feature + 1] - columns_.starts[feature];
  }

  // What the moved margins add to the derivative of the row's loss by margin k.
  double SlopeOfRow(int64_t row, size_t k) const {
    const size_t at = static_cast<size_t>(row) * outputs_ + k;
    const double state = objective_.curvatures()[at];
    if (outputs_ == 1) return state * margins_[at];
    const std::span<const double> weights = objective_.problem().weights;
    return (weights.empty() ? 1 : weights[row]) * state * (margins_[at] - means_[row]);
  }

  const Columns& columns_;
  const Objective& objective_;
  std::span<const double> gradient_;
  std::span<const double> diagonal_;
  size_t outputs_;
  std::vector<double> moved_;
  std::vector<double> margins_;  // by how much they moved, one an output and row
  std::vector<double> means_;    // several outputs: of each row's moves by its probabilities
  mutable int64_t entries_read_ = 0;
};

class ProximalNewton {
 public:
  ProximalNewton(Objective& objective, const transform::FeatureRows* entries, const SearchLimits& limits)
      : objective_(objective), entries_(entries), limits_(limits) {
    if (objective.num_parameters() > static_cast<size_t>(limits.max_dense_features)) {
      columns_ = std::make_unique<Columns>(*entries);
    }
  }

  absl::Status Run(Search& search) {
    const int64_t last = search.iterations + limits_.max_iterations;
    bool stuck = false;
    double norm = Norm(search);
    while (norm > limits_.tolerance && search.iterations < last && !stuck) {
      TRY_ASSIGN(const std::vector<double> target, MinimumOfModel(search, norm));
      TRY_ASSIGN(const bool advanced, Advance(target, search));
      stuck = !advanced;
      if (advanced) ++search.iterations;
      norm = Norm(search);
      TRY(FinishStep(objective_, limits_, search));
    }
    EndSearch(limits_, norm, stuck, search);
    return absl::OkStatus();
  }

 private:
  double Penalty(size_t parameter) const {
    return objective_.IsIntercept(parameter) ? 0 : limits_.l1 / objective_.total_weight();
  }

  double Norm(const Search& search) const {
    double norm = 0;
    for (size_t i = 0; i < search.point.size(); ++i) {
      norm = std::max(norm, std::abs(Subgradient(search.at.gradient[i], search.point[i], Penalty(i))));
    }
    return norm;
  }

  double PenaltyOf(std::span<const double> point) const {
    double sum = 0;
    for (size_t i = 0; i < point.size(); ++i) sum += objective_.IsIntercept(i) ? 0 : std::abs(point[i]);
    return sum * limits_.l1 / objective_.total_weight();
  }

  // Where the quadratic model with the l1 penalty has its minimum, roughly: by coordinate descent over the parameters
  // that are not 0 or whose subgradient is not.
  absl::StatusOr<std::vector<double>> MinimumOfModel(const Search& search, double norm) {
    std::vector<size_t> active;
    for (size_t i = 0; i < search.point.size(); ++i) {
      const bool moves = Subgradient(search.at.gradient[i], search.point[i], Penalty(i)) != 0;
      if (moves || search.point[i] != 0) active.push_back(i);
    }
    std::vector<double> target = search.point;
    const double enough = std::max(0.1 * std::min(1.0, std::sqrt(norm)) * norm, 0.3 * limits_.tolerance);
    if (columns_ == nullptr) {
      TRY_ASSIGN(std::vector<double> hessian, objective_.Hessian(1));
      WholeModel model(std::move(hessian), search.at.gradient);
      TRY(Descend(active, enough, model, target));
      return target;
    }
    TRY_ASSIGN(const std::vector<double> diagonal, objective_.HessianDiagonal());
    RowsModel model(*columns_, objective_, search.at.gradient, diagonal);
    TRY(Descend(active, enough, model, target));
    // One entry more a row: the intercept's.
    const int64_t num_rows = entries_->num_rows();
    const double share = static_cast<double>(model.entries_read()) /
                         static_cast<double>(static_cast<int64_t>(entries_->indices.size()) + num_rows);
    objective_.CountRows(static_cast<int64_t>(std::ceil(share * static_cast<double>(num_rows))));
    return target;
  }

  // Sweeps over the active parameters until no subgradient of the model is above `enough`.
  absl::Status Descend(std::span<const size_t> active, double enough, QuadraticModel& model,
                       std::vector<double>& target) const {
    constexpr double kLeastCurvature = 1e-12;
    for (int sweep = 0; sweep < kMaxSweeps; ++sweep) {
      double largest = 0;
      for (size_t a = 0; a < active.size(); ++a) {
        if (a % kMovesBetweenChecks == 0) TRY(objective_.context().CheckCancelled());
        const size_t i = active[a];
        const double slope = model.Slope(i);
        const double off = std::abs(Subgradient(slope, target[i], Penalty(i)));
        if (off == 0) continue;
        largest = std::max(largest, off);
        const double curvature = model.Curvature(i) + kLeastCurvature;
        const double moved = Shrunk(target[i] - slope / curvature, Penalty(i) / curvature);
        if (moved == target[i]) continue;
        model.Move(i, moved - target[i]);
        target[i] = moved;
      }
      if (!(largest > enough)) break;
    }
    return absl::OkStatus();
  }

  // Moves towards `target`, by as much as lowers the objective enough. False where no part of the way does.
  absl::StatusOr<bool> Advance(std::span<const double> target, Search& search) {
    double slope = PenaltyOf(target) - PenaltyOf(search.point);
    for (size_t i = 0; i < target.size(); ++i) slope += (target[i] - search.point[i]) * search.at.gradient[i];
    const double before = search.at.objective + PenaltyOf(search.point);
    std::vector<double> next(target.begin(), target.end());
    double fraction = 1;
    for (int halvings = 0; halvings < 40; ++halvings, fraction /= 2) {
      for (size_t i = 0; i < next.size() && halvings > 0; ++i) {
        next[i] = search.point[i] + fraction * (target[i] - search.point[i]);
      }
      TRY_ASSIGN(Evaluation trial, objective_.Evaluate(next));
      if (IsFinite(trial) &&
          trial.objective + PenaltyOf(next) <= before + 1e-4 * fraction * std::min(slope, 0.0) + RoundingOf(before)) {
        search.point = std::move(next);
        search.at = std::move(trial);
        return true;
      }
    }
    return false;
  }

  Objective& objective_;
  const transform::FeatureRows* entries_;
  SearchLimits limits_;
  std::unique_ptr<Columns> columns_;  // only where the Hessian is not built
};

}  // namespace

absl::Status SearchByProximalNewton(Objective& objective, const transform::FeatureRows* entries,
                                    const SearchLimits& limits, Search& search) {
  return ProximalNewton(objective, entries, limits).Run(search);
}

}  // namespace roost::train
