#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/doctor.h"
#include "base/json.h"
#include "pipeline/run_program.h"

namespace roost::api {

/// What a process of its own looks at.
inline constexpr std::string_view kDatabaseProbe = "database", kObjectsProbe = "objects", kOnnxProbe = "onnxruntime",
                                  kXgboostProbe = "xgboost";

/// Looks at one of them here, which may hang or crash: called by the child only. InvalidArgument for another name.
absl::StatusOr<Finding> Probe(std::string_view name, const std::string& folder);

Json ToJson(const Finding& finding);

/// The same in a child of this program. `finding` says what is looked at, what for, and how to mend it where the child
/// does not say it; its health is the one where the child finds fault.
Finding ProbeApart(Finding finding, const std::string& folder, absl::Duration patience);

using pipeline::ProgramRun;

/// Runs a program in `folder` with our environment; it is killed when `patience` is over. Errors as for
/// pipeline::ChildProcess::Start.
absl::StatusOr<ProgramRun> RunFor(const std::vector<std::string>& arguments, const std::string& folder,
                                  absl::Duration patience);

}  // namespace roost::api
