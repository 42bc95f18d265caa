#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "pipeline/tune.h"

namespace roost::api {

struct TuneRequest {
  std::string reference;  ///< a dataset version; empty: the latest one of the project's dataset
  bool write = false;     ///< the best values into roost.yaml
  /// Called after each trial, on the calling thread; may be empty.
  std::function<void(const pipeline::TrialRun&, const pipeline::TrialResult&)> on_trial;
};

struct TuneResponse {
  std::string dataset;
  std::string metric;
  std::vector<std::string> parameters;         ///< their keys
  std::vector<pipeline::TrialRun> runs;        ///< all of them, those of earlier calls too
  std::vector<pipeline::TrialResult> results;  ///< one a run
  int64_t resumed = 0;                         ///< results that an earlier, interrupted call left
  pipeline::TrialResult best;
  std::vector<std::pair<std::string, std::string>> edits;  ///< of roost.yaml: a key of the trainer, and its value
  bool written = false;
};

/// Searches the space of `model.tune`: random trials, then successive halving over shares of the training rows; each is
/// trained from nothing and measured on Part::kEvaluate. The seed is `model.trainer.seed`. Every result is kept at once
/// in .roost/tune, so that an interrupted search goes on; another dataset version, configuration or space begins anew.
/// InvalidArgument where there is no `model.tune`, a key is no key of the trainer, or every trial failed.
absl::StatusOr<TuneResponse> Tune(Project& project, const TuneRequest& request, const Context& context);

}  // namespace roost::api
