#pragma once

#include <cstdint>
#include <functional>
#include <memory>
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
#include "registry/run_lock.h"
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
  std::function<void(const StepResult&)> on_step = nullptr;   ///< may be null; called as each step ends
  bool wait = false;                                          ///< for another run of the model that is under way
  std::function<void(const std::string&)> on_wait = nullptr;  ///< may be null; called once, with who holds the lock

  // Of whoever runs it in place of a person, `roost watch`.
  RunSource source;                                             ///< in place of data.source
  std::string hold = {};                                        ///< why nothing is released; empty: it may be
  std::string scope = {};                                       ///< what the run is about; empty: the selection
  registry::RunLock* lock = nullptr;                            ///< LockOf, which the caller holds; null: is taken
  std::function<absl::Status(int64_t run)> on_begin = nullptr;  ///< may be null; called before the first step
  bool ends_steps = false;                                      ///< an interruption takes effect between two steps
};

struct RunResponse {
  std::optional<int64_t> run;  ///< its number; absent for a plan
  std::string state;           ///< "done", "refused", "waits"; of a plan "to do" where there is anything to do
  std::vector<StepResult> steps;
};

/// Runs the pipeline of roost.yaml: ingest (data.source), validate, assert (where anything is asserted), train,
/// evaluate, gate, release. A step whose key (pipeline/step_key.h) is known, and whose output still is there, is not
/// done again. Each step is written down when it has come to its end, and can be done again without harm, so a run that
/// was killed at any moment is gone on with by the next, to the same versions with the same bytes. Where validation, a
/// fact or the gate refuse, what ran stands, and what follows is not done. One run of a model at a time
/// (registry/run_lock.h): Aborted, with who runs it, where there is another one, or it is waited for. A plan is made at
/// any time.
///
/// `selection.only`: FailedPrecondition, with a hint, where a step before it was never done, was refused, or was done
/// with something else than what the steps before it made last.
/// InvalidArgument where roost.yaml has no model and a step needs it. Other errors are those of the steps, and are kept
/// with the run.
absl::StatusOr<RunResponse> Run(Project& project, const RunRequest& request, const Context& context);

/// The models of roost.yaml that `selection` is about, each after those whose scores it takes: Run is called for each
/// after Project::SelectModel. One "" where the steps need none or one is selected.
absl::StatusOr<std::vector<std::string>> ModelsToRun(const Project& project, const pipeline::Selection& selection);
/// The lock that a run of the project takes: one for its model, or its dataset where it has none.
registry::RunLock::Options LockOf(const Project& project, const std::string& what);

/// Takes it. `wait`, `on_wait`: as in RunRequest.
absl::StatusOr<std::unique_ptr<registry::RunLock>> TakeRunLock(Project& project, const std::string& what, bool wait,
                                                               const std::function<void(const std::string&)>& on_wait,
                                                               const Context& context);

/// A run that was written down, with its steps.
struct RunDescription {
  registry::RunRecord run;
  std::vector<registry::StepRecord> steps;
};

/// The newest first.
absl::StatusOr<std::vector<registry::RunRecord>> ListRuns(Project& project, int64_t limit);
absl::StatusOr<RunDescription> ShowRun(Project& project, int64_t number);

}  // namespace roost::api
