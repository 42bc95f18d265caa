#pragma once

#include <vector>

#include "report/runs_report.h"

namespace roost::report {

/// Five runs of one pipeline, the newest first: one refused, one failed, one that only trained.
std::vector<RunText> RunsForTest();
/// Two runs all of whose texts want to be HTML.
std::vector<RunText> HostileRuns();

}  // namespace roost::report
