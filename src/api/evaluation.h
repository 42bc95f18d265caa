#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/labelled_rows.h"
#include "api/models.h"
#include "api/project.h"
#include "api/split.h"
#include "base/context.h"
#include "base/json.h"
#include "config/model.h"
#include "evaluate/evaluation.h"
#include "predict/model.h"
#include "registry/registry.h"

namespace roost::api {

struct EvaluateRequest {
  std::string model;      ///< "late-flights@2"; empty: the latest version of the project's model
  std::string reference;  ///< a dataset version; empty: the one that the model was trained on
  Part part = Part::kEvaluate;
};

struct EvaluateResponse {
  registry::ModelVersion version;
  std::string dataset;
  std::string rows;  ///< which rows were used: "from 2001-04-23T12:39:00Z on"
  std::optional<absl::Time> split_at;
  evaluate::Evaluation evaluation;
};

/// Measures a model version on the rows of a dataset version that were kept from its training. Label and split are
/// those that the version was trained with, whatever roost.yaml says today.
absl::StatusOr<EvaluateResponse> Evaluate(Project& project, const EvaluateRequest& request, const Context& context);

/// How a version was trained, whatever roost.yaml says today.
struct TrainingRecord {
  config::ModelConfig model;
  Json lineage;
  Split split;
};

/// DataLoss where the package of `version` does not say it.
absl::StatusOr<TrainingRecord> ReadTrainingRecord(Project& project, const registry::ModelVersion& version);

struct HeldOut {
  LabelledData data;
  std::string dataset;
  Split split;
  evaluate::TrainingBaseline baseline;
};

/// The rows of `part` of a dataset version (`reference`; empty: the one that the model was trained on) with label and
/// split as the model was trained with them.
/// `columns` are read beside those of the model.
absl::StatusOr<HeldOut> ReadHeldOut(Project& project, const LoadedModel& loaded, const std::string& reference,
                                    Part part, const Context& context, const std::vector<std::string>& columns = {});

/// The scores of all rows, row-major: the model's num_outputs() a row.
absl::StatusOr<std::vector<double>> ScoresOf(const predict::ScoringModel& model, const LabelledRows& rows,
                                             const Context& context);

/// The columns that a model reads.
std::vector<std::string> InputNames(const predict::ScoringModel& model);

/// Scores the rows and measures the scores.
absl::StatusOr<evaluate::Evaluation> EvaluateRows(const predict::ScoringModel& model, const LabelledRows& rows,
                                                  const evaluate::TrainingBaseline& baseline, const Context& context);

/// What a dummy knows of the training rows.
absl::StatusOr<evaluate::TrainingBaseline> BaselineOf(const LabelledData& data);

/// True where `first` is better than `second` by its primary figure, and clearly: two trainings to the same minimum
/// differ by their tolerance, which says nothing.
bool IsBetter(const evaluate::Evaluation& first, const evaluate::Evaluation& second);

}  // namespace roost::api
