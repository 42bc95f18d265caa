#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/project.h"
#include "base/context.h"
#include "base/json.h"
#include "config/evaluation.h"
#include "evaluate/ablation.h"
#include "evaluate/feature_findings.h"
#include "registry/registry.h"

namespace roost::api {

/// What a training without `names` came to.
struct ReportedTrial {
  std::vector<std::string> names;
  const evaluate::AblationTrial* trial = nullptr;
};

struct FeatureReportRequest {
  std::string model;                     ///< as LoadModel
  std::optional<double> max_loss;        ///< of the metric; none: a hundredth of what the model gains over the dummy
  std::optional<absl::Duration> budget;  ///< no training begins after so long; none: no limit
  std::optional<int64_t> trainings;      ///< at most so many are made by this call; none: no limit
  /// Called after each training, on the calling thread; may be empty.
  std::function<void(const ReportedTrial&)> on_trial;
};

/// What each feature of a model version is worth, and costs.
struct FeatureReport {
  registry::ModelVersion version;
  std::string dataset;
  std::string rows;  ///< which rows were measured
  int64_t num_rows = 0;
  bool warm = false;    ///< trainings began at the version's weights
  int64_t trained = 0;  ///< trainings that this call made, without that of all features
  int64_t resumed = 0;  ///< trainings that earlier calls left
  evaluate::FeatureFindings findings;
};

Json ToJson(const FeatureReport& report);

/// Trains the version's model without each of its features, the least important first, then without all that can be
/// spared at once (evaluate::Ablation), and measures them on the rows that were kept back, paired with a model of all
/// features that was trained in the same way. Linear models start from the version's weights; others, which cannot go
/// on without a column that they have learned, from nothing, and so does the model that they are compared with.
/// Every result is kept at once in .roost/features, so that an interrupted report goes on; nothing is registered.
/// `evaluation`: units, resamples and confidence. InvalidArgument where nothing is known of the version's training, and
/// for a greatest loss below 0. Cancelled.
absl::StatusOr<FeatureReport> MakeFeatureReport(Project& project, const FeatureReportRequest& request,
                                                const config::EvaluationConfig& evaluation, const Context& context);

}  // namespace roost::api
