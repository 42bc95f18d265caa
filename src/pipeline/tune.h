#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "pipeline/search_space.h"

namespace roost::pipeline {

/// Some trials that get the same budget and are compared with each other.
struct Rung {
  int64_t trials = 0;
  double budget = 1;  ///< a share, above 0 and at most 1, of what a whole training takes: of its rows or rounds

  bool operator==(const Rung&) const = default;
};

/// `trials` random trials with the whole budget each.
std::vector<Rung> PlanRandom(int64_t trials);

/// Successive halving (Jamieson & Talwalkar, AISTATS 2016; Li et al., Hyperband, JMLR 2018): `trials` begin with
/// `least_budget`; of each rung the best 1/eta (rounded down, at least 1) go on with eta times the budget, until the
/// budget is whole. InvalidArgument unless trials >= 1, eta > 1 and 0 < least_budget <= 1.
absl::StatusOr<std::vector<Rung>> PlanHalving(int64_t trials, double eta, double least_budget);

/// What decides a tuning from its beginning.
struct TuneSettings {
  SearchSpace space;
  std::vector<Rung> rungs;
  uint64_t seed = 0;
  std::string metric;  ///< the name of the score, for people
  bool higher_is_better = true;

  bool operator==(const TuneSettings&) const = default;
};

/// A training to run.
struct TrialRun {
  int64_t trial = 0;  ///< its index: RandomTrial's
  int64_t rung = 0;
  double budget = 1;
  std::vector<ParameterValue> values;  ///< one a parameter of the space
};

/// How such a training ended.
struct TrialResult {
  int64_t trial = 0;
  int64_t rung = 0;
  std::optional<double> score;  ///< empty where it failed; else finite
  double seconds = 0;           ///< what it took; >= 0, finite
  std::string note;             ///< for people: the version that it made, or why it failed

  bool operator==(const TrialResult&) const = default;
};

/// A tuning under way, as a value: its settings and the results so far. What it asks for next, and what is best,
/// depends on them alone, not on the order in which results came.
class TuneState {
 public:
  /// InvalidArgument where the rungs have no trials, more trials or less budget than the rung before.
  static absl::StatusOr<TuneState> Make(TuneSettings settings);

  const TuneSettings& settings() const { return settings_; }

  /// Takes the result of a run that NextTrials asked for; InvalidArgument for any other, or a second one.
  absl::Status Record(const TrialResult& result);

  /// The runs of the current rung that have no result yet, by trial; they may be run in any order and beside each
  /// other. A rung begins when the one before has all its results: with its best trials, ties by the lower index, and
  /// without those that failed. Empty where all is done, or where all trials of a rung have failed.
  std::vector<TrialRun> NextTrials() const;

  /// The best result of the last rung that has one; ties by the lower index. Empty where nothing has succeeded.
  std::optional<TrialResult> Best() const;

  /// All results, by rung and trial.
  std::vector<TrialResult> results() const;

  /// The trials of a rung, ascending; empty where the rung before it is not complete.
  std::vector<int64_t> TrialsOf(int64_t rung) const;

 private:
  explicit TuneState(TuneSettings settings) : settings_(std::move(settings)) {}

  bool Better(const TrialResult& a, const TrialResult& b) const;

  TuneSettings settings_;
  std::map<std::pair<int64_t, int64_t>, TrialResult> results_;  // by rung and trial
};

/// The record of a tuning is a file of JSON lines, only ever appended to: SettingsLine first, a ResultLine for each
/// result. Both end with a line feed.
std::string SettingsLine(const TuneSettings& settings);
std::string ResultLine(const TrialResult& result);

struct TuneRecord {
  TuneState state;
  /// What is whole of the text. A program that was killed while it appended leaves a torn last line: it is left out
  /// here, and the file is to be cut to this size before more is appended.
  size_t bytes = 0;
};

/// The tuning that `text` records; `path` names it in messages. NotFound where not even the settings are whole: it
/// never began. DataLoss, with the line, where another line than the last is no such line, or a result cannot be of
/// this tuning.
absl::StatusOr<TuneRecord> ReadTuneRecord(std::string_view text, std::string_view path);

}  // namespace roost::pipeline
