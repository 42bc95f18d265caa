#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "store/database.h"

namespace roost::registry {

/// One execution of a pipeline. Times are whole microseconds.
struct RunRecord {
  int64_t number = 0;   ///< counts from 1, over all projects of the workspace
  std::string project;  ///< whose: as its roost.yaml says
  std::string author;
  std::string scope;    ///< what was asked for: "all", "only train"
  std::string state;    ///< empty: it goes on, or was killed
  std::string message;  ///< why it failed
  absl::Time started;
  std::optional<absl::Time> finished;

  friend bool operator==(const RunRecord&, const RunRecord&) = default;
};

/// One step of a run that came to an end.
struct StepRecord {
  int64_t run = 0;
  std::string step;                ///< "train"
  std::string state;               ///< "done"
  std::string lookup;              ///< what FindStep looks for
  std::string key;                 ///< JSON: all that decided it
  std::string output;              ///< JSON: what it made
  std::string reason;              ///< why it was done, or not
  std::optional<int64_t> made_by;  ///< the run that did it, where this one only took it
  absl::Time started, finished;

  friend bool operator==(const StepRecord&, const StepRecord&) = default;
};

/// The runs of pipelines with their steps, in the metadata database only: what is lost with it is done anew, and gives
/// the same. Threads and processes: any number at once. Refers to the database, which outlives it.
class RunLog {
 public:
  /// Makes the tables where they are missing.
  static absl::StatusOr<RunLog> Open(store::Database& database);

  /// Writes down that a run begins; returns its number. `number`, `state`, `message` and `finished` are not used.
  absl::StatusOr<int64_t> Begin(const RunRecord& run);
  /// AlreadyExists where the run has the step.
  absl::Status AddStep(const StepRecord& step);
  absl::Status Finish(int64_t run, std::string_view state, std::string_view message, absl::Time finished);

  /// Those of a project, the newest first, at most `limit`.
  absl::StatusOr<std::vector<RunRecord>> List(const std::string& project, int64_t limit) const;
  /// NotFound, with a hint, where the project has no such run.
  absl::StatusOr<RunRecord> Find(const std::string& project, int64_t number) const;
  /// In the order in which they came to an end.
  absl::StatusOr<std::vector<StepRecord>> StepsOf(int64_t run) const;

  /// Every run's step of that name, by run.
  absl::StatusOr<std::vector<StepRecord>> StepsNamed(const std::string& project, const std::string& step) const;

  /// The last run's step of that name; absent where no run has it.
  absl::StatusOr<std::optional<StepRecord>> LastStep(const std::string& project, const std::string& step) const;
  /// The last one with that `lookup`.
  absl::StatusOr<std::optional<StepRecord>> FindStep(const std::string& project, const std::string& step,
                                                     const std::string& lookup) const;

 private:
  explicit RunLog(store::Database& database) : database_(&database) {}

  absl::StatusOr<std::optional<StepRecord>> FirstStep(const std::string& condition,
                                                      const store::SqlRow& parameters) const;

  store::Database* database_;
};

}  // namespace roost::registry
