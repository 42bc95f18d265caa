#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/json.h"
#include "predict/predictor.h"

namespace roost::predict {

/// Logistic regression: the probability of the positive class is 1 / (1 + exp(-margin)), where the margin is the
/// intercept plus weight times value of each entry, summed in the order of the entries (ascending index).
class LogisticPredictor final : public Predictor {
 public:
  /// What an intercept or a weight may be at most in magnitude. A transform's features are at most 1e150, so that no
  /// margin overflows and no score is NaN.
  static constexpr double kMaxWeight = 1e100;

  /// InvalidArgument unless there is a weight, and intercept and weights are finite and at most kMaxWeight.
  static absl::StatusOr<std::shared_ptr<const LogisticPredictor>> Make(double intercept, std::vector<double> weights);

  void Score(const transform::FeatureVector& features, std::span<double> outputs) const override;
  int32_t num_features() const override { return static_cast<int32_t>(weights_.size()); }
  int32_t num_outputs() const override { return 1; }
  std::string kind() const override { return std::string(kKind); }
  /// {"kind": "logistic", "intercept": ..., "weights": [...]}
  Json ToJson() const override;

  /// Exactly what `ToJson` writes; InvalidArgument for anything else.
  static absl::StatusOr<std::shared_ptr<const LogisticPredictor>> FromJson(const Json& json);

  static constexpr std::string_view kKind = "logistic";

  /// The log-odds of the positive class.
  double Margin(const transform::FeatureVector& features) const;

  double intercept() const { return intercept_; }
  std::span<const double> weights() const { return weights_; }

 private:
  LogisticPredictor(double intercept, std::vector<double> weights)
      : intercept_(intercept), weights_(std::move(weights)) {}

  double intercept_;
  std::vector<double> weights_;
};

}  // namespace roost::predict
