#include "evaluate/ablation.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json_members.h"
#include "base/status.h"

namespace roost::evaluate {
namespace {

std::vector<size_t> With(std::vector<size_t> features, size_t another) {
  features.insert(std::upper_bound(features.begin(), features.end(), another), another);
  return features;
}

absl::StatusOr<std::optional<double>> NumberIn(const Json& json, const char* name) {
  const auto member = json.find(name);
  if (member == json.end() || !(member->is_number() || member->is_null())) {
    return absl::InvalidArgumentError(fmt::format("a trial without a number '{}'", name));
  }
  return member->is_null() ? std::nullopt : std::optional(member->get<double>());
}

}  // namespace

Json AblationTrial::ToJson() const {
  return {{"without", without},         {"value", OrNull(value)},
          {"loss", OrNull(loss.value)}, {"standard_error", OrNull(loss.standard_error)},
          {"degrees", loss.degrees},    {"seconds", seconds},
          {"failure", failure}};
}

absl::StatusOr<AblationTrial> AblationTrial::FromJson(const Json& json) {
  if (!json.is_object() || !json.contains("without") || !json["without"].is_array() || !json.contains("failure") ||
      !json["failure"].is_string()) {
    return absl::InvalidArgumentError("no trial of a feature report");
  }
  AblationTrial trial{.failure = json["failure"].get<std::string>()};
  for (const Json& feature : json["without"]) {
    if (!feature.is_number_unsigned()) return absl::InvalidArgumentError("features are numbers from 0 on");
    trial.without.push_back(feature.get<size_t>());
  }
  TRY_ASSIGN(trial.value, NumberIn(json, "value"));
  TRY_ASSIGN(trial.loss.value, NumberIn(json, "loss"));
  TRY_ASSIGN(trial.loss.standard_error, NumberIn(json, "standard_error"));
  TRY_ASSIGN(const std::optional<double> degrees, NumberIn(json, "degrees"));
  TRY_ASSIGN(const std::optional<double> seconds, NumberIn(json, "seconds"));
  trial.loss.degrees = degrees.value_or(0);
  trial.seconds = seconds.value_or(0);
  return trial;
}

std::string_view NeedName(FeatureNeed need) {
  switch (need) {
    case FeatureNeed::kNotTried: return "not tried";
    case FeatureNeed::kFailed: return "failed";
    case FeatureNeed::kNeeded: return "needed";
    case FeatureNeed::kUnclear: return "unclear";
    case FeatureNeed::kEpsilon: return "epsilon";
    case FeatureNeed::kNoGain: return "no gain";
    case FeatureNeed::kHarmful: return "harmful";
  }
  return "";
}

absl::StatusOr<Ablation> Ablation::Make(AblationOptions options) {
  const std::set<size_t> each(options.order.begin(), options.order.end());
  const bool fits = options.num_features > 0 && each.size() == options.order.size() &&
                    (each.empty() || *each.rbegin() < options.num_features);
  if (!fits) return absl::InvalidArgumentError("the order of an ablation has each of its features once at most");
  if (!(options.max_loss >= 0) || !(options.confidence >= 0.5 && options.confidence < 1)) {
    return absl::InvalidArgumentError("the greatest loss is at least 0, and the confidence from 0.5 to below 1");
  }
  return Ablation(std::move(options));
}

absl::Status Ablation::Record(AblationTrial trial) {
  const std::set<size_t> each(trial.without.begin(), trial.without.end());
  if (each.empty() || *each.rbegin() >= options_.num_features) {
    return absl::InvalidArgumentError("a trial leaves out some of the features");
  }
  trial.without.assign(each.begin(), each.end());
  std::vector<size_t> key = trial.without;
  trials_.insert_or_assign(std::move(key), std::move(trial));
  return absl::OkStatus();
}

const AblationTrial* Ablation::Of(const std::vector<size_t>& without) const {
  const auto found = trials_.find(without);
  return found == trials_.end() ? nullptr : &found->second;
}

bool Ablation::IsSmall(const AblationTrial& trial) const {
  const std::optional<Interval> interval = trial.loss.At(options_.confidence);
  return trial.failure.empty() && interval.has_value() && interval->high <= options_.max_loss;
}

FeatureNeed Ablation::NeedOf(size_t feature) const {
  const AblationTrial* trial = Of({feature});
  if (trial == nullptr) return FeatureNeed::kNotTried;
  if (!trial->failure.empty()) return FeatureNeed::kFailed;
  const std::optional<Interval> interval = trial->loss.At(options_.confidence);
  if (!interval.has_value()) return FeatureNeed::kUnclear;
  if (interval->high < 0) return FeatureNeed::kHarmful;
  if (interval->high <= options_.max_loss) return interval->low > 0 ? FeatureNeed::kEpsilon : FeatureNeed::kNoGain;
  return interval->low > 0 ? FeatureNeed::kNeeded : FeatureNeed::kUnclear;
}

std::vector<size_t> Ablation::Candidates() const {
  std::vector<size_t> candidates;
  for (const size_t feature : options_.order) {
    if (IsRemovable(NeedOf(feature))) candidates.push_back(feature);
  }
  const auto loss = [&](size_t feature) { return *Of({feature})->loss.value; };
  std::sort(candidates.begin(), candidates.end(),
            [&](size_t a, size_t b) { return loss(a) != loss(b) ? loss(a) < loss(b) : a < b; });
  if (candidates.size() == options_.num_features) candidates.pop_back();
  return candidates;
}

std::optional<std::vector<size_t>> Ablation::Next() const {
  if (options_.num_features < 2) return std::nullopt;
  for (const size_t feature : options_.order) {
    if (Of({feature}) == nullptr) return std::vector<size_t>{feature};
  }
  const std::vector<size_t> candidates = Candidates();
  if (candidates.size() < 2) return std::nullopt;
  std::vector<size_t> all = candidates;
  std::sort(all.begin(), all.end());
  const AblationTrial* at_once = Of(all);
  if (at_once == nullptr) return all;
  if (IsSmall(*at_once)) return std::nullopt;
  std::vector<size_t> out{candidates.front()};
  for (size_t i = 1; i < candidates.size(); ++i) {
    std::vector<size_t> tried = With(out, candidates[i]);
    const AblationTrial* trial = Of(tried);
    if (trial == nullptr) return tried;
    if (IsSmall(*trial)) out = std::move(tried);
  }
  return std::nullopt;
}

const AblationTrial* Ablation::Together() const {
  const AblationTrial* best = nullptr;
  for (const auto& [without, trial] : trials_) {
    if (without.size() < 2 || !IsSmall(trial)) continue;
    const bool is_better = best == nullptr || without.size() > best->without.size() ||
                           (without.size() == best->without.size() && *trial.loss.value < *best->loss.value);
    if (is_better) best = &trial;
  }
  return best;
}

}  // namespace roost::evaluate
