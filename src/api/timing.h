#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/parent.h"
#include "api/project.h"
#include "api/trainers.h"
#include "registry/registry.h"

namespace roost::api {

/// The part of a package that says what the training took. The clock makes it differ between trainings that are the
/// same in everything else, so it does not count where versions are compared.
inline constexpr char kTimingPart[] = "timing.json";

/// What a training took, beside the last one from nothing among its ancestors.
struct Timing {
  absl::Duration elapsed;
  int64_t rows = 0;
  int64_t passes = 0;
  absl::Duration cold_elapsed;  ///< of the last cold training (this one, where it is cold)
  int64_t cold_rows = 0;
  int64_t cold_passes = 0;
  int64_t resumed_after = 0;  ///< steps (of trees: rounds) of an earlier call that was killed; `elapsed` counts them

  /// What the cold training would have taken for as many rows, less `elapsed`; none for a cold one.
  std::optional<absl::Duration> Saved() const;
  std::string ToText() const;
};

/// The figures of a training of `rows` rows whose parent, if it has one, has figures of its own.
absl::StatusOr<Timing> TimingOf(Project& project, const TrainerReport& report, absl::Duration elapsed, int64_t rows,
                                const std::optional<ParentModel>& parent);

/// The timing of a version; none where it has none, as those of Roost 0.1.
absl::StatusOr<std::optional<Timing>> LoadTiming(Project& project, const registry::ModelVersion& version);

struct Registered {
  registry::ModelVersion version;
  bool is_new = true;
};

/// Registers `package` with its timing, unless a version of the model is the same but for that and for its environment
/// (api/environment.h). Signs it as roost.yaml says, and tells hooks of it.
absl::StatusOr<Registered> RegisterTimed(Project& project, const std::string& model, registry::ModelPackage package,
                                         const Timing& timing, const Context& context);

}  // namespace roost::api
