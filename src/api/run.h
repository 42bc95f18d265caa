#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/gate.h"
#include "api/project.h"
#include "api/run_steps.h"
#include "base/context.h"
#include "base/json.h"
#include "pipeline/step.h"
#include "registry/run_log.h"

namespace roost::api {

/// One step of a run, or of a plan.
struct StepResult {
  pipeline::Step step = pipeline::Step::kIngest;
  bool is_hit = false;  ///< nothing was done: what it makes was known
  std::string reason;   ///< why it was done, or not
  StepWork work;
  std::string key;                        ///< SHA-256 of all that decided it; empty: not known yet, or not looked at
  std::optional<absl::Duration> elapsed;  ///< where it was done
};

struct RunRequest {
  pipeline::Selection selection;
  ServerTrial trial;     ///< of the gate; not null
  bool dry_run = false;  ///< only says what would be done
  bool locked = false;   ///< on the dataset version that roost.lock pins (LockedDataset), in place of an ingest
  std::function<void(const StepResult&)> on_step = nullptr;  ///< may be null; called as each step ends
};

struct RunResponse {
  std::optional<int64_t> run;  ///< its number; absent for a plan
  std::string state;           ///< "done", "refused", "waits"; of a plan "to do" where there is anything to do
  std::vector<StepResult> steps;
};

/// Runs the pipeline of roost.yaml: ingest (data.source), validate, train, evaluate, gate, release. A step whose key
/// (pipeline/step_key.h) is known, and whose output still is there, is not done again. Each step is written down when
/// it has come to its end, and can be done again without harm, so a run that was killed at any moment is gone on with
/// by the next, to the same versions with the same bytes. Where validation or the gate refuse, what ran stands, and
/// what follows is not done. Several runs at once do the same work twice, no more: aliases move by compare-and-set.
///
/// `selection.only`: FailedPrecondition, with a hint, where a step before it was never done, was refused, or was done
/// with something else than what the steps before it made last.
/// InvalidArgument where roost.yaml has no model and a step needs it. Other errors are those of the steps, and are kept
/// with the run.
absl::StatusOr<RunResponse> Run(Project& project, const RunRequest& request, const Context& context);

/// A run that was written down, with its steps.
struct RunDescription {
  registry::RunRecord run;
  std::vector<registry::StepRecord> steps;
};

/// The newest first.
absl::StatusOr<std::vector<registry::RunRecord>> ListRuns(Project& project, int64_t limit);
absl::StatusOr<RunDescription> ShowRun(Project& project, int64_t number);

/// What one of two runs has, and the other has not, or with another value; empty: it has none.
struct RunDifference {
  std::string name;  ///< "model.trainer.l2", "train data", "log_loss"
  std::string first, second;
};

struct RunComparison {
  std::vector<RunDifference> configuration, inputs, metrics;
};

/// Configuration and inputs of the steps, and metrics of `evaluate`.
absl::StatusOr<RunComparison> CompareRuns(Project& project, int64_t first, int64_t second);

}  // namespace roost::api
