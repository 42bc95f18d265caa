#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "api/measure.h"
#include "base/hash.h"
#include "base/json.h"
#include "judge/age_check.h"
#include "judge/gate.h"
#include "judge/server_check.h"
#include "judge/serving_check.h"
#include "serving/repository.h"

namespace roost::api {

/// Loads and warms up a version where a crash does no harm, and says what it costs.
using ServerTrial = std::function<absl::StatusOr<judge::ServerFigures>(const std::string& name, int64_t version,
                                                                       const serving::ModelFiles& files)>;

struct GateRequest {
  std::string model;      ///< the version that is judged, as LoadModel
  std::string champion;   ///< what it is held against; empty: where the alias champion points, if anywhere
  std::string reference;  ///< a dataset version; empty: the one that the version was trained on
  ServerTrial trial;      ///< the infrastructure check; not null
};

struct GateResponse {
  Measured measured;  ///< of the version, then of the champion if there is one, then of the baselines
  bool has_champion = false;
  judge::Verdict verdict;              ///< of the rules of roost.yaml
  std::string baseline_name;           ///< "dummy" or "linear": which of Measured::baselines
  judge::Verdict baseline;             ///< that the version is proven to be better than that by the task's first metric
  std::string note;                    ///< why it is not the baseline that model.gate names; "" where it is
  judge::ServerCheck server;           ///< that it can be served, and what it costs beside the champion
  std::optional<judge::AgeCheck> age;  ///< of its training data, where model.gate has a max_age
  judge::ServingCheck serving;         ///< that its training data is like what was served, where that is known

  Digest evidence;  ///< of the JSON of all this, which is kept (Registry::LoadEvidence)

  bool blessed() const {
    return verdict.blessed && baseline.blessed && server.passed() && (!age.has_value() || age->passed()) &&
           serving.passed();
  }
};

/// All but the digest: model, champion, verdict, findings, figures.
Json ToJson(const GateResponse& response);

/// Judges a version by model.gate of roost.yaml, on the rows that were kept from its training, beside the champion on
/// the same rows, by what each costs a server, by the age of its training data and by what was served (served_rows.h),
/// and keeps the verdict with its evidence. Without a champion nothing is compared with one, and a person must release
/// the version. InvalidArgument without model.gate, and where the
/// version is the champion itself; errors as Measure and judge::Judge.
absl::StatusOr<GateResponse> Gate(Project& project, const GateRequest& request, const Context& context);

}  // namespace roost::api
