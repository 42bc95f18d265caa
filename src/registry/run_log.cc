#include "registry/run_log.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "registry/ensure_table.h"

namespace roost::registry {
namespace {

using store::SqlRow;
using store::SqlValue;

constexpr char kCreateRuns[] =
    "CREATE TABLE IF NOT EXISTS pipeline_runs (number BIGINT NOT NULL PRIMARY KEY, project TEXT NOT NULL, author TEXT "
    "NOT NULL, scope TEXT NOT NULL, state TEXT NOT NULL, message TEXT NOT NULL, started_us BIGINT NOT NULL, "
    "finished_us BIGINT)";
constexpr char kCreateSteps[] =
    "CREATE TABLE IF NOT EXISTS pipeline_steps (run BIGINT NOT NULL, step TEXT NOT NULL, state TEXT NOT NULL, lookup "
    "TEXT NOT NULL, step_key TEXT NOT NULL, output TEXT NOT NULL, reason TEXT NOT NULL, made_by BIGINT, started_us "
    "BIGINT NOT NULL, finished_us BIGINT NOT NULL, PRIMARY KEY (run, step))";
constexpr char kIndexSteps[] =
    "CREATE INDEX IF NOT EXISTS pipeline_steps_by_lookup ON pipeline_steps (step, lookup, run)";
constexpr char kSelectRuns[] =
    "SELECT number, project, author, scope, state, message, started_us, finished_us FROM pipeline_runs";
constexpr char kSelectSteps[] =
    "SELECT run, step, pipeline_steps.state, lookup, step_key, output, reason, made_by, pipeline_steps.started_us, "
    "pipeline_steps.finished_us FROM pipeline_steps";

std::optional<int64_t> NumberIn(const SqlValue& value) {
  const auto* number = std::get_if<int64_t>(&value);
  return number != nullptr ? std::optional(*number) : std::nullopt;
}

/// The texts of `row` in the columns from `first` on; false where one is none.
template <size_t kCount>
bool ReadTexts(const SqlRow& row, size_t first, const std::array<std::string*, kCount>& texts) {
  for (size_t i = 0; i < kCount; ++i) {
    const auto* text = std::get_if<std::string>(&row[first + i]);
    if (text == nullptr) return false;
    *texts[i] = *text;
  }
  return true;
}

absl::StatusOr<RunRecord> RunIn(const SqlRow& row) {
  RunRecord run;
  const std::optional<int64_t> number = NumberIn(row[0]);
  const std::optional<int64_t> started = NumberIn(row[6]);
  const std::array texts{&run.project, &run.author, &run.scope, &run.state, &run.message};
  if (!number.has_value() || !started.has_value() || !ReadTexts(row, 1, texts)) {
    return absl::DataLossError("a row of the table pipeline_runs has a value of another type");
  }
  run.number = *number;
  run.started = absl::FromUnixMicros(*started);
  if (const std::optional<int64_t> finished = NumberIn(row[7])) run.finished = absl::FromUnixMicros(*finished);
  return run;
}

absl::StatusOr<StepRecord> StepIn(const SqlRow& row) {
  StepRecord step;
  const std::optional<int64_t> run = NumberIn(row[0]);
  const std::optional<int64_t> started = NumberIn(row[8]);
  const std::optional<int64_t> finished = NumberIn(row[9]);
  const std::array texts{&step.step, &step.state, &step.lookup, &step.key, &step.output, &step.reason};
  if (!run.has_value() || !started.has_value() || !finished.has_value() || !ReadTexts(row, 1, texts)) {
    return absl::DataLossError("a row of the table pipeline_steps has a value of another type");
  }
  step.run = *run;
  step.made_by = NumberIn(row[7]);
  step.started = absl::FromUnixMicros(*started);
  step.finished = absl::FromUnixMicros(*finished);
  return step;
}

}  // namespace

absl::StatusOr<RunLog> RunLog::Open(store::Database& database) {
  TRY(EnsureTable(database, "pipeline_runs", {kCreateRuns}));
  TRY(EnsureTable(database, "pipeline_steps", {kCreateSteps, kIndexSteps}));
  return RunLog(database);
}

absl::StatusOr<int64_t> RunLog::Begin(const RunRecord& run) {
  int64_t number = 0;
  const absl::Status done = database_->InTransaction([&]() -> absl::Status {
    TRY_ASSIGN(const std::vector<SqlRow> rows,
               database_->Query("SELECT number FROM pipeline_runs ORDER BY number DESC LIMIT 1"));
    number = rows.empty() ? 1 : NumberIn(rows.front().front()).value_or(0) + 1;
    return database_
        ->Execute(
            "INSERT INTO pipeline_runs (number, project, author, scope, state, message, started_us) VALUES (:p1, "
            ":p2, :p3, :p4, '', '', :p5)",
            {number, run.project, run.author, run.scope, absl::ToUnixMicros(run.started)})
        .status();
  });
  TRY(done);
  return number;
}

absl::Status RunLog::AddStep(const StepRecord& step) {
  SqlValue made_by;
  if (step.made_by.has_value()) made_by.emplace<int64_t>(*step.made_by);
  return database_
      ->Execute(
          "INSERT INTO pipeline_steps (run, step, state, lookup, step_key, output, reason, made_by, started_us, "
          "finished_us) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10)",
          {step.run, step.step, step.state, step.lookup, step.key, step.output, step.reason, made_by,
           absl::ToUnixMicros(step.started), absl::ToUnixMicros(step.finished)})
      .status();
}

absl::Status RunLog::Finish(int64_t run, std::string_view state, std::string_view message, absl::Time finished) {
  return database_
      ->Execute("UPDATE pipeline_runs SET state = :p1, message = :p2, finished_us = :p3 WHERE number = :p4",
                {std::string(state), std::string(message), absl::ToUnixMicros(finished), run})
      .status();
}

absl::StatusOr<std::vector<RunRecord>> RunLog::List(const std::string& project, int64_t limit) const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query(fmt::format("{} WHERE project = :p1 ORDER BY number DESC LIMIT {}", kSelectRuns, limit),
                              {project}));
  std::vector<RunRecord> runs;
  for (const SqlRow& row : rows) {
    TRY_ASSIGN(RunRecord run, RunIn(row));
    runs.push_back(std::move(run));
  }
  return runs;
}

absl::StatusOr<RunRecord> RunLog::Find(const std::string& project, int64_t number) const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query(std::string(kSelectRuns) + " WHERE project = :p1 AND number = :p2", {project, number}));
  if (!rows.empty()) return RunIn(rows.front());
  return WithHint(absl::NotFoundError(fmt::format("there is no run {}", number)), "'roost run list' shows the runs.");
}

absl::StatusOr<std::vector<StepRecord>> RunLog::StepsOf(int64_t run) const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query(std::string(kSelectSteps) +
                                  " WHERE run = :p1 ORDER BY pipeline_steps.finished_us, pipeline_steps.started_us",
                              {run}));
  std::vector<StepRecord> steps;
  for (const SqlRow& row : rows) {
    TRY_ASSIGN(StepRecord step, StepIn(row));
    steps.push_back(std::move(step));
  }
  return steps;
}

absl::StatusOr<std::vector<StepRecord>> RunLog::StepsNamed(const std::string& project, const std::string& step) const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query(std::string(kSelectSteps) +
                                  " JOIN pipeline_runs ON pipeline_runs.number = pipeline_steps.run WHERE "
                                  "pipeline_runs.project = :p1 AND step = :p2 ORDER BY run",
                              {project, step}));
  std::vector<StepRecord> steps;
  for (const SqlRow& row : rows) {
    TRY_ASSIGN(StepRecord record, StepIn(row));
    steps.push_back(std::move(record));
  }
  return steps;
}

absl::StatusOr<std::optional<StepRecord>> RunLog::FirstStep(const std::string& condition,
                                                            const SqlRow& parameters) const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query(fmt::format("{} JOIN pipeline_runs ON pipeline_runs.number = pipeline_steps.run WHERE "
                                          "pipeline_runs.project = :p1 AND step = :p2{} ORDER BY run DESC LIMIT 1",
                                          kSelectSteps, condition),
                              parameters));
  if (rows.empty()) return std::optional<StepRecord>();
  TRY_ASSIGN(StepRecord step, StepIn(rows.front()));
  return std::optional(std::move(step));
}

absl::StatusOr<std::optional<StepRecord>> RunLog::LastStep(const std::string& project, const std::string& step) const {
  return FirstStep("", {project, step});
}

absl::StatusOr<std::optional<StepRecord>> RunLog::FindStep(const std::string& project, const std::string& step,
                                                           const std::string& lookup) const {
  return FirstStep(" AND lookup = :p3", {project, step, lookup});
}

}  // namespace roost::registry
