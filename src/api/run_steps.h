#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "api/gate.h"
#include "api/project.h"
#include "base/context.h"
#include "base/json.h"
#include "config/model.h"
#include "ingest/rows_from.h"
#include "pipeline/plan.h"
#include "pipeline/step.h"
#include "pipeline/step_key.h"
#include "registry/registry.h"
#include "store/commit.h"

namespace roost::api {

/// What a step made, or why it made nothing.
struct StepWork {
  pipeline::StepState state = pipeline::StepState::kDone;
  std::string made;     ///< a line for people: "flights@4: 20,000 rows"
  std::string details;  ///< lines that a person must see: anomalies, broken rules
  Json output;          ///< an object: docs/run.md

  Json ToJson() const;  ///< all but the state
  /// DataLoss for what is no such work.
  static absl::StatusOr<StepWork> FromJson(pipeline::StepState state, const Json& json);
};

/// A step that there is nothing to do for, whatever its key.
struct SettledStep {
  StepWork work;
  std::string reason;
};

/// Where the rows of a run come from, where it is not data.source as a whole.
struct RunSource {
  std::vector<std::string> files;             ///< together the whole table; empty: what data.source says
  std::optional<ingest::RowsFrom> rows_from;  ///< of these only the rows from a time on
  std::string message = "roost run";          ///< of the version
};

/// The steps of a run, each by the operation that its command calls, and what they have made so far. Refers to the
/// project and to what `context` points to. Threads: one at a time.
class RunSteps {
 public:
  struct Options {
    ServerTrial trial;  ///< of the gate
    RunSource source;
    std::string hold;  ///< why nothing is released; empty: it may be
  };

  RunSteps(Project& project, pipeline::Configuration configuration, Options options, const Context& context)
      : project_(project), configuration_(std::move(configuration)), options_(std::move(options)), context_(context) {}

  /// From now on `ingest` is settled: it makes this version.
  void Pin(store::CommitInfo version) { pinned_ = std::move(version); }

  absl::StatusOr<std::optional<SettledStep>> Settled(pipeline::Step step);

  /// All that decides what the step makes, but for what it chooses; absent where the data or the model that it takes is
  /// not there yet.
  absl::StatusOr<std::optional<pipeline::StepKey>> KeyOf(pipeline::Step step);

  /// "flights@4 is gone" where what the step made before cannot be taken; else "".
  absl::StatusOr<std::string> WhatIsGone(pipeline::Step step, const StepWork& work);

  /// What the step chooses by its key: as it was `before` with the same key, where it still can.
  absl::Status Choose(const pipeline::StepKey* before, pipeline::StepKey& key);

  /// Does the step. `run`: for the history of the alias.
  absl::StatusOr<StepWork> Do(const pipeline::StepKey& key, int64_t run);

  /// Hands what the step made to those after it.
  absl::Status Take(pipeline::Step step, const StepWork& work);

 private:
  absl::StatusOr<StepWork> Ingest();
  absl::StatusOr<StepWork> Validate();
  absl::StatusOr<StepWork> Assert();
  absl::StatusOr<StepWork> TrainModel(const pipeline::StepKey& key);
  absl::StatusOr<StepWork> EvaluateModel();
  absl::StatusOr<StepWork> JudgeModel();
  absl::StatusOr<StepWork> Release(int64_t run);

  std::vector<std::string> SourcePaths() const;
  absl::Status AddValidateInputs(pipeline::StepKey& key);
  absl::Status AddPassingInputs(pipeline::StepKey& key);
  absl::Status AddProgramInput(pipeline::StepKey& key);
  absl::Status AddScoreInputs(pipeline::StepKey& key);
  void AddThresholdValue(pipeline::StepKey& key);
  absl::Status AddGateInputs(pipeline::StepKey& key);
  absl::StatusOr<std::optional<int64_t>> Champion() const;
  absl::StatusOr<std::optional<SettledStep>> SettledValidate();
  absl::StatusOr<std::optional<SettledStep>> SettledGate();
  absl::StatusOr<std::optional<SettledStep>> SettledRelease();
  absl::StatusOr<std::optional<std::string>> LeftAsChampion() const;
  const config::ModelConfig& model_config() const { return *project_.config().model; }

  Project& project_;
  const pipeline::Configuration configuration_;
  const Options options_;
  const Context& context_;
  std::optional<store::CommitInfo> pinned_;
  std::optional<store::CommitInfo> data_;
  std::optional<registry::ModelVersion> model_;
  std::optional<StepWork> judged_;  // what the gate said
};

}  // namespace roost::api
