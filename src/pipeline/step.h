#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"

namespace roost::pipeline {

/// The steps of a run, in their order: each takes what those before it made.
enum class Step { kIngest, kValidate, kAssert, kTrain, kEvaluate, kGate, kRelease };

inline constexpr std::array kAllSteps{Step::kIngest,   Step::kValidate, Step::kAssert, Step::kTrain,
                                      Step::kEvaluate, Step::kGate,     Step::kRelease};

/// "ingest", "validate" and so on.
std::string_view StepName(Step step);
/// InvalidArgument, with a hint, for a name of no step.
absl::StatusOr<Step> ParseStep(std::string_view name);

/// How a step stands.
enum class StepState {
  kDone,
  kRefused,  ///< a check said no: what follows is not done
  kSkipped,  ///< there is nothing to do it by: no schema, no rules
  kWaits,    ///< for a person
  kToDo,     ///< of a plan: it would be done
  kNotDone,  ///< a step before it was refused
};

/// "done", "refused", "skipped", "waits", "to do", "not done".
std::string_view StateName(StepState state);
/// Empty for a name of no state.
std::optional<StepState> StateOfName(std::string_view name);

/// Which steps are wanted.
struct Selection {
  std::optional<Step> only;  ///< this one alone, with what the others made before
  std::optional<Step> from;  ///< this one and all after it are done anew, whatever is known
};

bool IsSelected(const Selection& selection, Step step);
bool IsDoneAnew(const Selection& selection, Step step);

}  // namespace roost::pipeline
