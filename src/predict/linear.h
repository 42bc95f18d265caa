#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/json.h"
#include "predict/predictor.h"

namespace roost::predict {

/// What becomes of the margins: intercept plus weight times value of each entry, summed in the order of the entries
/// (ascending index).
enum class Link {
  kIdentity,    ///< the margin: a number
  kLogistic,    ///< 1 / (1 + exp(-margin)): the probability of the positive class
  kSoftmax,     ///< exp(margin_k) / sum of exp(margin): the probabilities of at least two classes
  kExp,         ///< exp(margin): an expected count; at most exp(709), so that it is finite
  kSignMargin,  ///< the margin, whose sign is the class: a support vector machine's score, no probability
};

/// "identity", "logistic", "softmax", "exp", "sign_margin".
std::string_view LinkName(Link link);
/// InvalidArgument for any other name; the message lists them.
absl::StatusOr<Link> ParseLink(std::string_view name);

/// A linear model: one output, or with kSoftmax one a class. Immutable; callable from any number of threads.
class LinearPredictor final : public Predictor {
 public:
  /// What an intercept or a weight may be at most in magnitude. A transform's features are at most 1e150, so that no
  /// margin overflows and no score is NaN.
  static constexpr double kMaxWeight = 1e100;
  static constexpr int32_t kMaxOutputs = 100'000;

  /// `intercepts` has one number an output, `weights` a row of num_features numbers an output, row after row (as
  /// train::LinearFit has them). InvalidArgument unless there is a weight, softmax has at least two outputs and every
  /// other link one, and all numbers are finite and at most kMaxWeight.
  static absl::StatusOr<std::shared_ptr<const LinearPredictor>> Make(Link link, std::vector<double> intercepts,
                                                                     std::span<const double> weights);

  void Score(const transform::FeatureVector& features, std::span<double> outputs) const override;
  int32_t num_features() const override { return num_features_; }
  int32_t num_outputs() const override { return static_cast<int32_t>(intercepts_.size()); }
  std::string kind() const override { return std::string(kKind); }
  /// {"kind": "linear", "link": "logistic", "intercepts": [...], "weights": [[...], ...]}, a row of weights an output.
  Json ToJson() const override;

  /// Exactly what `ToJson` writes, or {"kind": "logistic", "intercept": ..., "weights": [...]}, which Roost 0.1 wrote
  /// and which gives the same bits as it did then. InvalidArgument for anything else.
  static absl::StatusOr<std::shared_ptr<const LinearPredictor>> FromJson(const Json& json);

  static constexpr std::string_view kKind = "linear";
  static constexpr std::string_view kOldKind = "logistic";

  /// The margins of one row, one an output.
  void Margins(const transform::FeatureVector& features, std::span<double> margins) const;

  Link link() const { return link_; }
  std::span<const double> intercepts() const { return intercepts_; }  ///< one an output
  /// The weights of one feature, one an output.
  std::span<const double> WeightsOf(int32_t feature) const {
    return std::span(weights_).subspan(static_cast<size_t>(feature) * intercepts_.size(), intercepts_.size());
  }

 private:
  LinearPredictor(Link link, std::vector<double> intercepts, std::span<const double> weights);

  Link link_;
  int32_t num_features_;
  std::vector<double> intercepts_;
  std::vector<double> weights_;  // the outputs of feature 0, those of feature 1, ...
};

}  // namespace roost::predict
