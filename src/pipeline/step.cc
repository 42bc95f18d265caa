#include "pipeline/step.h"

#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"

namespace roost::pipeline {
namespace {

constexpr std::array kAllStates{StepState::kDone,  StepState::kRefused, StepState::kSkipped,
                                StepState::kWaits, StepState::kToDo,    StepState::kNotDone};

}  // namespace

std::string_view StepName(Step step) {
  switch (step) {
    case Step::kIngest: return "ingest";
    case Step::kValidate: return "validate";
    case Step::kAssert: return "assert";
    case Step::kTrain: return "train";
    case Step::kEvaluate: return "evaluate";
    case Step::kGate: return "gate";
    case Step::kRelease: break;
  }
  return "release";
}

absl::StatusOr<Step> ParseStep(std::string_view name) {
  std::vector<std::string> names;
  for (const Step step : kAllSteps) {
    if (StepName(step) == name) return step;
    names.emplace_back(StepName(step));
  }
  const std::string_view closest = ClosestName(name, names);
  return WithHint(absl::InvalidArgumentError(fmt::format("there is no step '{}'", Printable(name))),
                  closest.empty() ? fmt::format("the steps are {}", fmt::join(names, ", "))
                                  : fmt::format("did you mean '{}'?", closest));
}

std::string_view StateName(StepState state) {
  switch (state) {
    case StepState::kDone: return "done";
    case StepState::kRefused: return "refused";
    case StepState::kSkipped: return "skipped";
    case StepState::kWaits: return "waits";
    case StepState::kToDo: return "to do";
    case StepState::kNotDone: break;
  }
  return "not done";
}

std::optional<StepState> StateOfName(std::string_view name) {
  for (const StepState state : kAllStates) {
    if (StateName(state) == name) return state;
  }
  return std::nullopt;
}

bool IsSelected(const Selection& selection, Step step) {
  return !selection.only.has_value() || *selection.only == step;
}

bool IsDoneAnew(const Selection& selection, Step step) { return selection.from.has_value() && step >= *selection.from; }

}  // namespace roost::pipeline
