#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "api/run.h"
#include "base/context.h"
#include "evaluate/curves.h"

namespace roost::api {

/// A figure that a run measured on all rows kept back, with what the dummy has.
struct RunMetric {
  std::string name;
  std::optional<double> value, dummy;  ///< absent where they are not defined
};

/// A run as people look at it beside others: what went into it and what came out.
struct RunSummary {
  RunDescription description;
  std::map<std::string, std::string> configuration;  ///< keys of roost.yaml that its steps read
  std::map<std::string, std::string> inputs;         ///< "train data" -> "flights@2"
  std::vector<RunMetric> metrics;                    ///< of `evaluate`, in its order
  /// What it made or took: "flights@2", "late-flights@3", "blessed"; empty where it came to none.
  std::string data, model, verdict;
};

/// DataLoss where what is kept of the run cannot be read.
absl::StatusOr<RunSummary> SummarizeRun(RunDescription description);

/// What runs do not have in common: a value for each run; empty: it has none.
struct RunDifference {
  std::string name;  ///< "model.trainer.l2", "train data", "log_loss"
  std::vector<std::string> values;
};

struct RunComparison {
  std::vector<RunDifference> configuration, inputs, metrics;
};

/// Configuration and inputs of the steps, and metrics of `evaluate`. At least one run.
RunComparison CompareRuns(const std::vector<RunSummary>& runs);

/// The curves of the run's model on the rows that its evaluation measured; they are scored anew. FailedPrecondition
/// where the run has no model, Unimplemented where its scores are not binary; the errors of Measure.
absl::StatusOr<evaluate::BinaryCurves> CurvesOfRun(Project& project, const RunSummary& run, const Context& context);

}  // namespace roost::api
