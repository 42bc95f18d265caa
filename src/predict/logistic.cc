#include "predict/logistic.h"

#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "base/format.h"
#include "base/status.h"
#include "transform/json_object.h"

namespace roost::predict {
namespace {

constexpr size_t kMaxFeatures = std::numeric_limits<int32_t>::max();

bool IsSane(double weight) { return std::fabs(weight) <= LogisticPredictor::kMaxWeight; }  // false for NaN

}  // namespace

absl::StatusOr<std::shared_ptr<const LogisticPredictor>> LogisticPredictor::Make(double intercept,
                                                                                 std::vector<double> weights) {
  const auto fail = [](std::string_view what, double value) {
    return absl::InvalidArgumentError(fmt::format("logistic predictor: {} is {}; it must be from -{} to {}", what,
                                                  FormatExact(value), FormatExact(kMaxWeight),
                                                  FormatExact(kMaxWeight)));
  };
  if (weights.empty() || weights.size() > kMaxFeatures) {
    return absl::InvalidArgumentError(
        fmt::format("logistic predictor: {} weights; it must have 1 to {}", weights.size(), kMaxFeatures));
  }
  if (!IsSane(intercept)) return fail("the intercept", intercept);
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!IsSane(weights[i])) return fail(fmt::format("weight {}", i), weights[i]);
  }
  return std::shared_ptr<const LogisticPredictor>(new LogisticPredictor(intercept, std::move(weights)));
}

double LogisticPredictor::Margin(const transform::FeatureVector& features) const {
  double margin = intercept_;
  for (size_t i = 0; i < features.indices.size(); ++i) {
    margin += weights_[static_cast<size_t>(features.indices[i])] * features.values[i];
  }
  return margin;
}

// exp overflows to infinity for margins below -709, and the score is then 0, as it should be.
void LogisticPredictor::Score(const transform::FeatureVector& features, std::span<double> outputs) const {
  outputs[0] = 1.0 / (1.0 + std::exp(-Margin(features)));
}

Json LogisticPredictor::ToJson() const {
  return {{"kind", std::string(kKind)}, {"intercept", intercept_}, {"weights", weights_}};
}

absl::StatusOr<std::shared_ptr<const LogisticPredictor>> LogisticPredictor::FromJson(const Json& json) {
  TRY_ASSIGN(const auto object, transform::JsonObject::Make(json, "predictor", {"kind", "intercept", "weights"}));
  TRY_ASSIGN(const std::string kind, object.Text("kind"));
  if (kind != kKind) return object.Fail("kind", fmt::format("must be '{}', not '{}'", kKind, kind));
  TRY_ASSIGN(const double intercept, object.Number("intercept"));
  TRY_ASSIGN(std::vector<double> weights, object.Numbers("weights", 1, kMaxFeatures));
  return Make(intercept, std::move(weights));
}

}  // namespace roost::predict
