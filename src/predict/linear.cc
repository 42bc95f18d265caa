#include "predict/linear.h"

#include <algorithm>
#include <array>
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
constexpr double kMaxExponent = 709;  // exp(709.8) is infinite
constexpr std::array kLinks{Link::kIdentity, Link::kLogistic, Link::kSoftmax, Link::kExp, Link::kSignMargin};

bool IsSane(double weight) { return std::fabs(weight) <= LinearPredictor::kMaxWeight; }  // false for NaN

absl::Status NotSane(std::string_view what, double value) {
  const std::string most = FormatExact(LinearPredictor::kMaxWeight);
  return absl::InvalidArgumentError(
      fmt::format("linear predictor: {} is {}; it must be from -{} to {}", what, FormatExact(value), most, most));
}

absl::Status CheckShape(Link link, size_t num_outputs, size_t num_weights) {
  const size_t least = link == Link::kSoftmax ? 2 : 1;
  const size_t most = link == Link::kSoftmax ? LinearPredictor::kMaxOutputs : 1;
  if (num_outputs < least || num_outputs > most) {
    return absl::InvalidArgumentError(fmt::format("linear predictor: {} intercepts; with the link {} it has {} to {}",
                                                  num_outputs, LinkName(link), least, most));
  }
  if (num_weights == 0 || num_weights % num_outputs != 0 || num_weights / num_outputs > kMaxFeatures) {
    return absl::InvalidArgumentError(fmt::format("linear predictor: {} weights for {} outputs; each has 1 to {}",
                                                  num_weights, num_outputs, kMaxFeatures));
  }
  return absl::OkStatus();
}

// The largest margin is taken off first, so that no exp overflows and at least one is 1.
void Softmax(std::span<double> outputs) {
  const double largest = *std::max_element(outputs.begin(), outputs.end());
  double sum = 0;
  for (double& output : outputs) sum += output = std::exp(output - largest);
  for (double& output : outputs) output /= sum;
}

absl::StatusOr<std::shared_ptr<const LinearPredictor>> FromOldJson(const Json& json) {
  TRY_ASSIGN(const auto object, transform::JsonObject::Make(json, "predictor", {"kind", "intercept", "weights"}));
  TRY_ASSIGN(const double intercept, object.Number("intercept"));
  TRY_ASSIGN(const std::vector<double> weights, object.Numbers("weights", 1, kMaxFeatures));
  return LinearPredictor::Make(Link::kLogistic, {intercept}, weights);
}

// Appends `row`, which must have `num_features` numbers (0: any number, at least one).
absl::Status AppendRow(const transform::JsonObject& object, size_t output, const Json& row, size_t num_features,
                       std::vector<double>& weights) {
  if (!row.is_array() || row.empty() || (num_features != 0 && row.size() != num_features)) {
    return object.Fail("weights", num_features == 0 ? fmt::format("row {} must be an array of numbers", output)
                                                    : fmt::format("row {} must be an array of {} numbers, as row 0",
                                                                  output, num_features));
  }
  for (const Json& weight : row) {
    if (!weight.is_number() || !std::isfinite(weight.get<double>())) {
      return object.Fail("weights", fmt::format("row {} must hold finite numbers", output));
    }
    weights.push_back(weight.get<double>());
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view LinkName(Link link) {
  switch (link) {
    case Link::kIdentity: return "identity";
    case Link::kLogistic: return "logistic";
    case Link::kSoftmax: return "softmax";
    case Link::kExp: return "exp";
    case Link::kSignMargin: return "sign_margin";
  }
  return "identity";
}

absl::StatusOr<Link> ParseLink(std::string_view name) {
  std::string names;
  for (const Link link : kLinks) {
    if (LinkName(link) == name) return link;
    names.append(names.empty() ? "" : ", ").append(LinkName(link));
  }
  return absl::InvalidArgumentError(fmt::format("no link '{}'; there are {}", name, names));
}

absl::StatusOr<std::shared_ptr<const LinearPredictor>> LinearPredictor::Make(Link link, std::vector<double> intercepts,
                                                                             std::span<const double> weights) {
  TRY(CheckShape(link, intercepts.size(), weights.size()));
  for (size_t i = 0; i < intercepts.size(); ++i) {
    if (!IsSane(intercepts[i])) return NotSane(fmt::format("intercept {}", i), intercepts[i]);
  }
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!IsSane(weights[i])) return NotSane(fmt::format("weight {}", i), weights[i]);
  }
  return std::shared_ptr<const LinearPredictor>(new LinearPredictor(link, std::move(intercepts), weights));
}

LinearPredictor::LinearPredictor(Link link, std::vector<double> intercepts, std::span<const double> weights)
    : link_(link),
      num_features_(static_cast<int32_t>(weights.size() / intercepts.size())),
      intercepts_(std::move(intercepts)),
      weights_(weights.size()) {
  const size_t outputs = intercepts_.size();
  const auto features = static_cast<size_t>(num_features_);
  for (size_t output = 0; output < outputs; ++output) {
    for (size_t feature = 0; feature < features; ++feature) {
      weights_[feature * outputs + output] = weights[output * features + feature];
    }
  }
}

void LinearPredictor::Margins(const transform::FeatureVector& features, std::span<double> margins) const {
  std::copy(intercepts_.begin(), intercepts_.end(), margins.begin());
  const size_t outputs = intercepts_.size();
  for (size_t i = 0; i < features.indices.size(); ++i) {
    const double* weights = &weights_[static_cast<size_t>(features.indices[i]) * outputs];
    for (size_t k = 0; k < outputs; ++k) margins[k] += weights[k] * features.values[i];
  }
}

void LinearPredictor::Score(const transform::FeatureVector& features, std::span<double> outputs) const {
  Margins(features, outputs);
  switch (link_) {
    case Link::kIdentity:
    case Link::kSignMargin: return;
    // exp overflows to infinity for margins below -709, and the score is then 0, as it should be.
    case Link::kLogistic: outputs[0] = 1.0 / (1.0 + std::exp(-outputs[0])); return;
    case Link::kSoftmax: Softmax(outputs.first(intercepts_.size())); return;
    case Link::kExp: outputs[0] = std::exp(std::min(outputs[0], kMaxExponent)); return;
  }
}

Json LinearPredictor::ToJson() const {
  Json rows = Json::array();
  for (size_t output = 0; output < intercepts_.size(); ++output) {
    Json row = Json::array();
    for (int32_t feature = 0; feature < num_features_; ++feature) row.push_back(WeightsOf(feature)[output]);
    rows.push_back(std::move(row));
  }
  return {{"kind", std::string(kKind)},
          {"link", std::string(LinkName(link_))},
          {"intercepts", intercepts_},
          {"weights", std::move(rows)}};
}

absl::StatusOr<std::shared_ptr<const LinearPredictor>> LinearPredictor::FromJson(const Json& json) {
  const bool is_old = json.is_object() && json.contains("kind") && json["kind"] == kOldKind;
  if (is_old) return FromOldJson(json);
  TRY_ASSIGN(const auto object,
             transform::JsonObject::Make(json, "predictor", {"kind", "link", "intercepts", "weights"}));
  TRY_ASSIGN(const std::string kind, object.Text("kind"));
  if (kind != kKind) return object.Fail("kind", fmt::format("must be '{}', not '{}'", kKind, kind));
  TRY_ASSIGN(const std::string link_name, object.Text("link"));
  const absl::StatusOr<Link> link = ParseLink(link_name);
  if (!link.ok()) return object.Fail("link", fmt::format("is unknown: {}", std::string(link.status().message())));
  TRY_ASSIGN(std::vector<double> intercepts, object.Numbers("intercepts", 1, kMaxOutputs));
  TRY_ASSIGN(const std::vector<const Json*> rows, object.Array("weights", intercepts.size(), intercepts.size()));
  std::vector<double> weights;
  for (size_t output = 0; output < rows.size(); ++output) {
    TRY(AppendRow(object, output, *rows[output], weights.size() / std::max<size_t>(1, output), weights));
  }
  return Make(*link, std::move(intercepts), weights);
}

}  // namespace roost::predict
