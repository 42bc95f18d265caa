#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/json.h"
#include "evaluate/resample.h"

namespace roost::evaluate {

/// What became of a training without some features.
struct AblationTrial {
  std::vector<size_t> without;  ///< the features that were left out, ascending, at least one
  std::optional<double> value;  ///< of the main metric; absent where it is not defined, and where the training failed
  /// By how much the metric is worse without them, beside a model of all features on the same rows; below 0: better.
  Estimate loss;
  double seconds = 0;   ///< what the training took
  std::string failure;  ///< why there is no model; "" where there is one

  Json ToJson() const;
  /// What ToJson wrote, to the bit; InvalidArgument for anything else.
  static absl::StatusOr<AblationTrial> FromJson(const Json& json);
};

/// What leaving a feature out has shown.
enum class FeatureNeed {
  kNotTried,
  kFailed,   ///< there is no model without it
  kNeeded,   ///< worse without it beyond chance, and maybe by more than the greatest loss
  kUnclear,  ///< the rows do not tell whether the loss is small enough
  kEpsilon,  ///< worse without it beyond chance, by less than the greatest loss for sure
  kNoGain,   ///< no worse without it beyond chance, and by less than the greatest loss for sure
  kHarmful,  ///< better without it beyond chance
};

/// "not tried", "failed", "needed", "unclear", "epsilon", "no gain", "harmful".
std::string_view NeedName(FeatureNeed need);
/// Whether the feature can go at less than the greatest loss.
inline bool IsRemovable(FeatureNeed need) { return need >= FeatureNeed::kEpsilon; }

struct AblationOptions {
  size_t num_features = 0;    ///< at least 1
  std::vector<size_t> order;  ///< in which they are tried: each once; not all need be there
  double max_loss = 0;        ///< of the metric, in its unit; at least 0
  double confidence = 0.95;   ///< of the intervals that decide, in [0.5, 1)
};

/// Leaving features out one by one, and then those together that can be spared, as a value: what to try next, and what
/// follows, depends on the trials alone.
///
/// First each feature of `order` by itself. Then all that are removable at once; where that loses too much, one after
/// the other, the least loss first, each kept out where what is left out so far loses less than max_loss for sure. One
/// feature stays always. "For sure" means that the whole interval of the confidence is below max_loss.
class Ablation {
 public:
  /// InvalidArgument for options out of range.
  static absl::StatusOr<Ablation> Make(AblationOptions options);

  /// Takes a trial, whether Next asked for it or not; one of the same features before it goes. InvalidArgument for
  /// features that there are not.
  absl::Status Record(AblationTrial trial);

  /// The features to leave out next; none where all is known.
  std::optional<std::vector<size_t>> Next() const;

  FeatureNeed NeedOf(size_t feature) const;
  /// Null where it was not tried.
  const AblationTrial* Of(const std::vector<size_t>& without) const;
  /// The greatest removable set that was tried as one; null where there is none of two features or more.
  const AblationTrial* Together() const;

  const AblationOptions& options() const { return options_; }
  size_t num_trials() const { return trials_.size(); }

 private:
  explicit Ablation(AblationOptions options) : options_(std::move(options)) {}

  bool IsSmall(const AblationTrial& trial) const;
  /// Those of `order` that are removable by themselves, the least loss first; without the last where none would stay.
  std::vector<size_t> Candidates() const;

  AblationOptions options_;
  std::map<std::vector<size_t>, AblationTrial> trials_;
};

}  // namespace roost::evaluate
