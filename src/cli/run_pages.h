#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "api/run_summary.h"
#include "base/context.h"

namespace roost::cli {

/// "done", "refused"; "not finished" of a run that goes on, or was killed.
std::string StateOf(const registry::RunRecord& run);
/// "270 ms", or "-".
std::string ElapsedOf(const registry::RunRecord& run);
/// "hit of run 2", or what became of it.
std::string StateOf(const registry::StepRecord& step);

/// Runs as HTML pages (report/runs_report.h). `runs` are the newest first.
absl::StatusOr<std::string> RunsPage(const std::string& project, const std::vector<api::RunSummary>& runs);
/// With the curves of its model, which is scored anew; where that cannot be, the page says why.
absl::StatusOr<std::string> RunPage(api::Project& project, const api::RunSummary& run, const Context& context);
absl::StatusOr<std::string> RunComparisonPage(api::Project& project, const std::vector<api::RunSummary>& runs,
                                              const Context& context);

}  // namespace roost::cli
