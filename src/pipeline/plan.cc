#include "pipeline/plan.h"

#include <fmt/format.h>

namespace roost::pipeline {

Decision Decide(const StepFacts& facts) {
  if (!facts.settled.empty()) return {true, facts.settled};
  if (!facts.key.has_value()) return {false, "takes what a step before it is to make"};
  if (facts.anew) return {false, "asked for with --from"};
  if (facts.known.has_value() && facts.gone.empty()) return {true, fmt::format("as in run {}", *facts.known)};
  if (facts.known.has_value()) return {false, facts.gone};
  if (facts.last.has_value()) return {false, ExplainChange(*facts.last, *facts.key)};
  return {false, "for the first time"};
}

ReleaseDecision DecideRelease(const ReleaseFacts& facts) {
  if (facts.gate == StepState::kSkipped) {
    return {false, fmt::format("roost.yaml has no gate, so a person releases {}", facts.model)};
  }
  if (facts.gate == StepState::kWaits) {
    return {false,
            fmt::format("there are no rows on which {} can be held against the champion, so a person releases it",
                        facts.model)};
  }
  if (!facts.has_champion) {
    return {false, fmt::format("there is no champion that {} was held against, so a person releases it", facts.model)};
  }
  if (facts.left_as_champion.has_value()) {
    return {false,
            fmt::format("{} was champion until {}, so a person brings it back", facts.model, *facts.left_as_champion)};
  }
  if (!facts.hold.empty()) return {false, facts.hold};
  return {true, "blessed by the gate"};
}

}  // namespace roost::pipeline
