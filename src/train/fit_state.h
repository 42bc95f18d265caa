#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace roost::train {

/// How a long fit outlives the end of its program: it hands out where it is, and goes on from there the next time.
template <typename State>
struct Resumption {
  /// Where to go on; null: at the beginning. It must come from a fit of the same rows, options, start and seed.
  const State* from = nullptr;
  /// Asked between steps whether the state is wanted now; empty: never. Making one costs a copy of the model.
  std::function<bool()> due;
  /// Gets the state, on the calling thread. An error ends the fit with it.
  std::function<absl::Status(const State&)> keep;
};

/// What the trust-region search knows beside its point.
struct NewtonCgState {
  double radius = 0;                  ///< of the trust region; 0: not known yet
  double last_norm = 0;               ///< of the gradient before the last step; 0: there was none
  int64_t outputs_made = 0;           ///< passes when the preconditioner of all outputs was made
  std::vector<double> outputs_point;  ///< where it was made; empty: there is none
};

/// Where FitLinear is between two steps. The fit that goes on from it ends with the same bits as one that was never
/// interrupted, its counts of steps and passes included.
struct LinearState {
  std::vector<double> point;  ///< K rows of num_features + 1, the intercept last
  int64_t steps = 0;          ///< Newton steps; kFtrl: rows read
  int64_t passes = 0;         ///< over the rows, of the searches that have ended
  int64_t rows_read = 0;      ///< by the search under way
  int64_t steps_before = 0;   ///< when the search under way began: kHinge makes several, ever sharper ones
  double smoothing = 0;       ///< kHinge: of the search under way
  NewtonCgState newton_cg;
  std::vector<double> z, n;  ///< kFtrl: one a parameter
};

/// Where FitTrees is between two rounds.
struct TreesState {
  std::string xgboost_model;  ///< after all rounds up to now, and from a source that is trusted
  int64_t rounds = 0;
  int64_t best_round = 0;
  std::optional<double> best_loss;  ///< on the evaluation rows, also of a parent that no round has bettered
  std::vector<double> train_loss;
  std::vector<double> evaluation_loss;
};

/// As bytes, and back: DataLoss for bytes that are no such state.
std::string Serialize(const LinearState& state);
std::string Serialize(const TreesState& state);
absl::StatusOr<LinearState> ParseLinearState(std::string_view bytes);
absl::StatusOr<TreesState> ParseTreesState(std::string_view bytes);

}  // namespace roost::train
