#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pipeline/step.h"
#include "pipeline/step_key.h"

namespace roost::pipeline {

/// What is known of a step before it is done.
struct StepFacts {
  Step step = Step::kIngest;
  /// Absent: a step before it must make an input first, so nothing can be said yet.
  std::optional<StepKey> key;
  std::optional<int64_t> known;  ///< the last run that had this key and came to an end with the step
  std::string gone;              ///< "flights@4 is gone": why what that run made cannot be taken; empty: it can
  std::optional<StepKey> last;   ///< of the last run that did the step, whatever its key
  bool anew = false;             ///< asked for
  std::string settled;           ///< why there is nothing to do, whatever the key; empty: there may be
};

struct Decision {
  bool is_hit = false;  ///< nothing is done: the output is known
  std::string reason;   ///< for people, without a full stop

  friend bool operator==(const Decision&, const Decision&) = default;
};

/// Whether a step is done, and why.
Decision Decide(const StepFacts& facts);

/// What is known of a version when it is to be released.
struct ReleaseFacts {
  std::string model;                            ///< "late-flights@3"
  StepState gate = StepState::kDone;            ///< kDone: blessed; kSkipped: there is none; kWaits: it could not judge
  bool has_champion = false;                    ///< the gate held it against one
  std::optional<std::string> left_as_champion;  ///< when it ceased to be champion: it was one before
  std::string hold;                             ///< why nothing is released by itself; empty: it may be
};

/// Whether the alias moves; if not, a person must do it, and why. No version that was champion before comes back by
/// itself: somebody has put another in its place. Without a gate, and without a champion that it was held against,
/// nothing shows that it is better.
struct ReleaseDecision {
  bool promote = false;
  std::string reason;

  friend bool operator==(const ReleaseDecision&, const ReleaseDecision&) = default;
};

ReleaseDecision DecideRelease(const ReleaseFacts& facts);

}  // namespace roost::pipeline
