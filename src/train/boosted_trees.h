#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "predict/task.h"
#include "predict/trees.h"
#include "train/fit_state.h"
#include "train/training_rows.h"

namespace roost::train {

/// Where training begins.
enum class TreesStart {
  kCold,      ///< from nothing
  kContinue,  ///< new trees on top of the parent's
  kRefresh,   ///< the parent's trees; their leaves move towards what the new rows say
};

/// "cold", "continue", "refresh".
std::string_view TreesStartName(TreesStart start);

struct TreesOptions {
  predict::Task task = predict::Task::kBinary;
  int64_t rounds = 200;               ///< at most; each grows one tree, one a class for kClasses
  int64_t max_depth = 6;              ///< 1 to 30
  double learning_rate = 0.1;         ///< above 0, at most 1
  double min_child_weight = 1;        ///< least sum of second derivatives in a leaf
  double l2 = 1;                      ///< on leaves
  double l1 = 0;                      ///< on leaves
  double gamma = 0;                   ///< least gain of a split
  double subsample = 1;               ///< share of rows that each round sees, above 0, at most 1
  double column_share = 1;            ///< share of features that each tree sees, above 0, at most 1
  int64_t max_bins = 256;             ///< of a feature's histogram, 2 to 65,536
  int64_t early_stopping = 20;        ///< rounds without a better evaluation loss before the end; 0: none
  std::optional<double> base_score;   ///< the score before the first tree; none: the best constant
  int64_t max_trees = 2000;           ///< kContinue: of the whole model
  double decay = 0.5;                 ///< kRefresh: leaf = decay * old + (1 - decay) * new, 0 to 1
  std::vector<uint8_t> is_category;   ///< one a feature: 1 where values are codes of categories; empty: none are
  Resumption<TreesState> resumption;  ///< asked after each round; kRefresh, which is short, hands out no state
};

/// What became of a feature of the parent.
struct ParentFeature {
  int32_t feature = -1;  ///< its number now; -1: it is gone
  double scale = 1;      ///< its value now is old value * scale + shift; scale > 0
  double shift = 0;
  /// By old code its code now, -1 where the category is gone; empty: codes are unchanged, or it is no category.
  std::vector<int32_t> categories;
};

/// A model to start from.
struct TreesParent {
  std::string xgboost_model;  ///< TreesFit::xgboost_model; from a source that is trusted
  TreesStart start = TreesStart::kContinue;
  std::vector<ParentFeature> features;  ///< one a feature of the parent; empty: features are unchanged
};

struct TreesFit {
  std::shared_ptr<const predict::TreesPredictor> predictor;
  std::string xgboost_model;             ///< JSON; the parent of the next version
  TreesStart start = TreesStart::kCold;  ///< how it began in fact
  std::string start_reason;              ///< why: "there is no parent", "the parent splits by feature 3, which is gone"
  int64_t rounds = 0;                    ///< trained, or refreshed
  int64_t best_round = 0;                ///< rounds kept of those; with kContinue 0 where none made the parent better
  int64_t parent_trees = 0;              ///< taken over
  /// After rounds 1, 11, 21 ... and the last (kRefresh: once, of the blended model), to nine digits.
  std::vector<double> train_loss;
  /// After each round (kRefresh: once); empty without evaluation rows.
  std::vector<double> evaluation_loss;
  std::string metric;  ///< of the losses, XGBoost's name: "logloss", "mlogloss", "rmse", "poisson-nloglik", "ndcg"
  bool higher_is_better = false;  ///< of the metric
};

/// Fits boosted trees (Chen & Guestrin, XGBoost, KDD 2016; histograms, depth by depth) with XGBoost 3.2. A feature
/// without an entry is missing; each split learns where missing rows go. Targets as TrainingRows says; of kRanking
/// they are grades, integers from 0 to 31, and the rows of a group have the same weight.
///
/// With `evaluation` rows the model is cut to its best round, and training ends early_stopping rounds after it.
/// `parent` may be null. Where it cannot be used as it asks (another task or number of classes, a split by a feature
/// that is gone or has changed its kind, too many trees), training is cold and start_reason says why.
///
/// The seed and nothing else makes the samples. XGBoost adds gradients in doubles, in an order that depends on the
/// number of threads, and rounds what it makes of the sums to floats: models have been the same bytes for any number
/// of threads wherever this was tried, which its authors do not promise.
///
/// What goes on from a state ends with the same bytes as what was never interrupted, unless subsample or column_share
/// is below 1: XGBoost keeps the generator that chooses columns from round to round and saves it nowhere, and draws its
/// seed from the one that chooses rows, so that the samples after the interruption are others (as good as those).
///
/// InvalidArgument for no rows, targets, weights, groups or options out of range, features that are not finite, beyond
/// the range of floats or not strictly ascending within their row (the message names the first such row, from 0),
/// codes of categories that are no integers from 0 to 2^24 - 1, a state of
/// other rows or options. Unavailable where XGBoost's library is missing.
/// Cancelled between rounds as the context says. Reports a stage "train" in rounds, with the loss.
/// Cost: 8 bytes an entry, and 1 to 4 more for its bin; XGBoost's time, and one pass over the entries.
absl::StatusOr<TreesFit> FitTrees(const TrainingRows& rows, const TrainingRows* evaluation, const TreesOptions& options,
                                  const TreesParent* parent, const Context& context);

}  // namespace roost::train
