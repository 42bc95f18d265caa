#include "pipeline/tune.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"

namespace roost::pipeline {
namespace {

constexpr int kFormat = 1;
constexpr size_t kMaxRungs = 100;
constexpr int64_t kMaxTrials = 1'000'000;

absl::Status CheckRungs(const std::vector<Rung>& rungs) {
  if (rungs.empty() || rungs.size() > kMaxRungs || rungs[0].trials > kMaxTrials) {
    return absl::InvalidArgumentError(
        fmt::format("a tuning has 1 to {} rungs and at most {} trials", kMaxRungs, kMaxTrials));
  }
  for (size_t i = 0; i < rungs.size(); ++i) {
    const bool in_range = rungs[i].trials >= 1 && rungs[i].budget > 0 && rungs[i].budget <= 1;
    const bool rises = i == 0 || (rungs[i].trials <= rungs[i - 1].trials && rungs[i].budget >= rungs[i - 1].budget);
    if (in_range && rises) continue;
    return absl::InvalidArgumentError(fmt::format("rung {} of the tuning is impossible: {} trials of budget {}", i,
                                                  rungs[i].trials, rungs[i].budget));
  }
  return absl::OkStatus();
}

absl::StatusOr<TuneSettings> ParseSettings(const Json& json) {
  const auto has = [&json](const char* key) { return json.is_object() && json.contains(key); };
  if (!has("tune") || json["tune"] != kFormat || !has("space") || !has("rungs") || !json["rungs"].is_array() ||
      !has("seed") || !json["seed"].is_number_unsigned() || !has("metric") || !json["metric"].is_string() ||
      !has("higher_is_better") || !json["higher_is_better"].is_boolean()) {
    return absl::InvalidArgumentError("not the settings of a tuning");
  }
  TRY_ASSIGN(SearchSpace space, SearchSpace::FromJson(json["space"]));
  TuneSettings settings{std::move(space),
                        {},
                        json["seed"].get<uint64_t>(),
                        json["metric"].get<std::string>(),
                        json["higher_is_better"].get<bool>()};
  for (const Json& rung : json["rungs"]) {
    if (!rung.is_object() || !rung.contains("trials") || !rung["trials"].is_number_integer() ||
        !rung.contains("budget") || !rung["budget"].is_number()) {
      return absl::InvalidArgumentError("not the rungs of a tuning");
    }
    settings.rungs.push_back({rung["trials"].get<int64_t>(), rung["budget"].get<double>()});
  }
  return settings;
}

absl::StatusOr<TrialResult> ParseResult(const Json& json) {
  const auto has_count = [&json](const char* key) {
    return json.is_object() && json.contains(key) && json[key].is_number_unsigned();
  };
  if (!has_count("trial") || !has_count("rung") || !json.contains("score") || !json.contains("seconds") ||
      !json["seconds"].is_number() || !json.contains("note") || !json["note"].is_string() ||
      !(json["score"].is_null() || json["score"].is_number())) {
    return absl::InvalidArgumentError("not the result of a trial");
  }
  TrialResult result{json["trial"].get<int64_t>(), json["rung"].get<int64_t>(), std::nullopt,
                     json["seconds"].get<double>(), json["note"].get<std::string>()};
  if (json["score"].is_number()) result.score = json["score"].get<double>();
  return result;
}

/// Takes one line of a record: the settings where there is no state yet, else a result.
absl::Status TakeLine(std::string_view line, std::optional<TuneState>& state) {
  TRY_ASSIGN(const Json json, ParseJson(line, "the line"));
  if (!state.has_value()) {
    TRY_ASSIGN(TuneSettings settings, ParseSettings(json));
    TRY_ASSIGN(state, TuneState::Make(std::move(settings)));
    return absl::OkStatus();
  }
  TRY_ASSIGN(const TrialResult result, ParseResult(json));
  return state->Record(result);
}

}  // namespace

std::vector<Rung> PlanRandom(int64_t trials) { return {{trials, 1.0}}; }

absl::StatusOr<std::vector<Rung>> PlanHalving(int64_t trials, double eta, double least_budget) {
  if (trials < 1 || !(eta > 1) || !std::isfinite(eta) || !(least_budget > 0) || !(least_budget <= 1)) {
    return absl::InvalidArgumentError(fmt::format(
        "successive halving needs at least one trial, eta above 1 and a least budget above 0 and at most 1; "
        "not {}, {} and {}",
        trials, eta, least_budget));
  }
  std::vector<Rung> rungs;
  double budget = least_budget;
  while (budget < 1 - 1e-9 && trials > 1) {  // (1/9) * 3 * 3 need not be 1
    rungs.push_back({trials, budget});
    trials = std::max<int64_t>(1, static_cast<int64_t>(std::floor(static_cast<double>(trials) / eta)));
    budget = std::min(1.0, budget * eta);
  }
  // The best of the last comparison is trained whole, however small its budget was.
  rungs.push_back({trials, 1.0});
  return rungs;
}

absl::StatusOr<TuneState> TuneState::Make(TuneSettings settings) {
  TRY(CheckRungs(settings.rungs));
  return TuneState(std::move(settings));
}

bool TuneState::Better(const TrialResult& a, const TrialResult& b) const {
  if (a.score.has_value() != b.score.has_value()) return a.score.has_value();
  if (a.score != b.score) return settings_.higher_is_better ? *a.score > *b.score : *a.score < *b.score;
  return a.trial < b.trial;
}

std::vector<int64_t> TuneState::TrialsOf(int64_t rung) const {
  std::vector<int64_t> trials;
  if (rung < 0 || rung >= static_cast<int64_t>(settings_.rungs.size())) return trials;
  const int64_t count = settings_.rungs[static_cast<size_t>(rung)].trials;
  if (rung == 0) {
    for (int64_t trial = 0; trial < count; ++trial) trials.push_back(trial);
    return trials;
  }
  std::vector<TrialResult> before;
  for (const int64_t trial : TrialsOf(rung - 1)) {
    const auto found = results_.find({rung - 1, trial});
    if (found == results_.end()) return trials;
    if (found->second.score.has_value()) before.push_back(found->second);
  }
  std::sort(before.begin(), before.end(), [this](const auto& a, const auto& b) { return Better(a, b); });
  before.resize(std::min(before.size(), static_cast<size_t>(count)));
  for (const TrialResult& result : before) trials.push_back(result.trial);
  std::sort(trials.begin(), trials.end());
  return trials;
}

absl::Status TuneState::Record(const TrialResult& result) {
  const std::vector<int64_t> trials = TrialsOf(result.rung);
  if (!std::binary_search(trials.begin(), trials.end(), result.trial)) {
    return absl::InvalidArgumentError(
        fmt::format("trial {} was not to be run on rung {} of the tuning", result.trial, result.rung));
  }
  if ((result.score.has_value() && !std::isfinite(*result.score)) || !std::isfinite(result.seconds) ||
      result.seconds < 0) {
    return absl::InvalidArgumentError(fmt::format("trial {} has figures that are none", result.trial));
  }
  if (!results_.emplace(std::pair(result.rung, result.trial), result).second) {
    return absl::InvalidArgumentError(fmt::format("trial {} has a result on rung {}", result.trial, result.rung));
  }
  return absl::OkStatus();
}

std::vector<TrialRun> TuneState::NextTrials() const {
  std::vector<TrialRun> runs;
  for (int64_t rung = 0; rung < static_cast<int64_t>(settings_.rungs.size()) && runs.empty(); ++rung) {
    for (const int64_t trial : TrialsOf(rung)) {
      if (results_.contains({rung, trial})) continue;
      runs.push_back({trial, rung, settings_.rungs[static_cast<size_t>(rung)].budget,
                      RandomTrial(settings_.space, settings_.seed, trial)});
    }
  }
  return runs;
}

std::optional<TrialResult> TuneState::Best() const {
  std::optional<TrialResult> best;
  for (const auto& [key, result] : results_) {  // by rung: a later one takes the place of all before
    if (!result.score.has_value()) continue;
    if (!best.has_value() || best->rung < result.rung || Better(result, *best)) best = result;
  }
  return best;
}

std::vector<TrialResult> TuneState::results() const {
  std::vector<TrialResult> results;
  for (const auto& [key, result] : results_) results.push_back(result);
  return results;
}

std::string SettingsLine(const TuneSettings& settings) {
  Json rungs = Json::array();
  for (const Rung& rung : settings.rungs) rungs.push_back({{"trials", rung.trials}, {"budget", rung.budget}});
  return ToLine({{"tune", kFormat},
                 {"seed", settings.seed},
                 {"metric", settings.metric},
                 {"higher_is_better", settings.higher_is_better},
                 {"rungs", rungs},
                 {"space", settings.space.ToJson()}}) +
         "\n";
}

std::string ResultLine(const TrialResult& result) {
  return ToLine({{"trial", result.trial},
                 {"rung", result.rung},
                 {"score", result.score.has_value() ? Json(*result.score) : Json(nullptr)},
                 {"seconds", result.seconds},
                 {"note", result.note}}) +
         "\n";
}

absl::StatusOr<TuneRecord> ReadTuneRecord(std::string_view text, std::string_view path) {
  std::optional<TuneState> state;
  size_t bytes = 0;
  int64_t number = 1;
  for (size_t end; (end = text.find('\n', bytes)) != std::string_view::npos; bytes = end + 1, ++number) {
    const absl::Status status = TakeLine(text.substr(bytes, end - bytes), state);
    if (status.ok()) continue;
    return WithHint(absl::DataLossError(fmt::format(
                        "{}:{}: {}", path, number, std::string_view(status.message().data(), status.message().size()))),
                    "Remove the file to begin the tuning anew.");
  }
  if (!state.has_value()) return absl::NotFoundError(fmt::format("{} holds no tuning", path));
  return TuneRecord{*std::move(state), bytes};
}

}  // namespace roost::pipeline
