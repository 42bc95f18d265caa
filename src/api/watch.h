#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/gate.h"
#include "api/project.h"
#include "api/run.h"
#include "base/context.h"
#include "pipeline/trigger.h"
#include "registry/run_lock.h"
#include "registry/watch_log.h"

namespace roost::api {

/// A run that a trigger fired.
struct WatchedRun {
  pipeline::Firing firing;
  std::optional<int64_t> run;           ///< its number, where it began
  absl::Status status;                  ///< why it failed
  std::optional<RunResponse> response;  ///< where it did not
  std::string result;                   ///< how it ended, for people
};

struct WatchRequest {
  ServerTrial trial;           ///< of the gate; not null
  bool only_backfill = false;  ///< nothing but spans of a back-fill
  bool wait = true;            ///< for another run of the model that is under way; else that is Aborted
  bool tries_all = false;      ///< also what failed a moment ago
  const std::map<std::string, std::string>* seen = nullptr;  ///< stamps of the last look; null: every span is ready
  std::function<void(const pipeline::Firing&)> on_fire;      ///< may be null; called before a run
  std::function<void(const StepResult&)> on_step;            ///< may be null
  std::function<void(const std::string&)> on_note;           ///< may be null; what a person should know
};

struct WatchTurn {
  std::optional<WatchedRun> ran;
  bool is_idle = false;  ///< nothing is due: look again at `next` at the latest, or when the source changed
  absl::Time next = absl::InfiniteFuture();
  absl::Duration look;                        ///< how long to wait for the next look
  std::map<std::string, std::string> stamps;  ///< of the spans, as they were seen now
};

/// Looks at the triggers of roost.yaml and runs the pipeline for the first that fires, if any, as Run does; hands over
/// the alerts that are due.
///
/// What a span has come to is kept in the metadata database, in one transaction with the number of its run before the
/// first step, and again at its end. So a process that was killed at any moment is gone on with by the next, which
/// neither runs a span twice nor passes it over. A span whose rows validation refuses is left out of all later runs
/// until its files change; one whose run fails is tried again, after a minute first and after an hour at most, and
/// those behind it wait. An alert is handed over at least once.
///
/// InvalidArgument where roost.yaml names nothing to watch. Errors of a run are in `ran`; Cancelled comes back as such.
absl::StatusOr<WatchTurn> TakeTurn(Project& project, const WatchRequest& request, const Context& context);

/// Marks the spans of the range (pipeline::SpansIn) as ones of a back-fill, so that the next turns run them one by one,
/// as if they came now. Returns those that are to be run. Where a back-fill of these did not end, it is gone on with;
/// FailedPrecondition where one of others did not. NotFound where the range has no span.
absl::StatusOr<std::vector<std::string>> BeginBackfill(Project& project, const std::string& from, const std::string& to,
                                                       const Context& context);

/// A span of the source, for people.
struct SpanStatus {
  std::string name, state, trigger, result;
  std::optional<int64_t> run;
  std::optional<absl::Time> changed, retry;
};

struct WatchStatus {
  std::vector<SpanStatus> spans;
  std::optional<absl::Time> last_planned, next_planned;  ///< of the schedule
  std::optional<registry::LockHolder> holder;            ///< of the lock on runs
};

absl::StatusOr<WatchStatus> DescribeWatch(Project& project, const Context& context);

}  // namespace roost::api
