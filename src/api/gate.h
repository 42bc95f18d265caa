#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "api/measure.h"
#include "judge/gate.h"

namespace roost::api {

/// The alias of the version that answers.
inline constexpr char kChampionAlias[] = "champion";

struct GateRequest {
  std::string model;      ///< the version that is judged, as LoadModel
  std::string champion;   ///< what it is held against; empty: where the alias champion points, if anywhere
  std::string reference;  ///< a dataset version; empty: the one that the version was trained on
};

struct GateResponse {
  Measured measured;  ///< of the version, then of the champion if there is one, then of the dummy
  bool has_champion = false;
  judge::Verdict verdict;   ///< of the rules of roost.yaml
  judge::Verdict baseline;  ///< that the version is proven to be better than a dummy by the task's first metric

  bool blessed() const { return verdict.blessed && baseline.blessed; }
};

/// Judges a version by model.gate of roost.yaml, on the rows that were kept from its training, beside the champion on
/// the same rows. Without a champion nothing is compared with one, and a person must release the version.
/// FailedPrecondition without model.gate, InvalidArgument where the version is the champion itself; errors as Measure
/// and judge::Judge.
absl::StatusOr<GateResponse> Gate(Project& project, const GateRequest& request, const Context& context);

}  // namespace roost::api
