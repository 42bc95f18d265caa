#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/context.h"
#include "train/fit_state.h"

namespace roost::api {

/// The file in which a training that is under way keeps its state, so that the same training goes on from there after
/// its program was killed. It is replaced as a whole, by rename. What cannot be read, or belongs to another training,
/// is passed over and removed. Two trainings that are the same may run at once: each state of either suits both.
class TrainingCheckpoint {
 public:
  /// `training` names all that decides the result: what is found at `path` counts only if it has the same name.
  static TrainingCheckpoint Open(std::string path, std::string training, const Context& context);

  /// The state that an earlier call left, once; empty: none.
  std::string TakeLeft() { return std::exchange(left_, {}); }
  /// How long earlier calls had trained when they kept that state.
  absl::Duration spent() const { return spent_; }

  /// Whether it is time for another state: every two seconds, but less than 5 % of the time is spent on it.
  bool Due() const;
  /// Keeps `state`. The errors of files, with a hint.
  absl::Status Keep(std::string_view state);

 private:
  TrainingCheckpoint(std::string path, std::string training, const Context& context);
  void Read();

  std::string path_;
  std::string training_;
  std::function<absl::Time()> now_;
  absl::Time opened_;
  absl::Time kept_;      // when the last one had been written
  absl::Duration cost_;  // of writing it
  std::string left_;
  absl::Duration spent_;
};

/// How a fit goes on from `from` and keeps its states in `checkpoint` (null: it does neither). Both outlive the fit.
template <typename State>
train::Resumption<State> ResumptionOf(TrainingCheckpoint* checkpoint, const std::optional<State>& from) {
  if (checkpoint == nullptr) return {};
  return {.from = from.has_value() ? &*from : nullptr,
          .due = [checkpoint] { return checkpoint->Due(); },
          .keep = [checkpoint](const State& state) { return checkpoint->Keep(train::Serialize(state)); }};
}

}  // namespace roost::api
