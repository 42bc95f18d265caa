#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/project.h"
#include "base/context.h"
#include "evaluate/binary.h"
#include "predict/model.h"
#include "registry/registry.h"
#include "train/linear.h"

namespace roost::api {

struct TrainRequest {
  std::string reference;  ///< a dataset version; empty: the latest one of the project's dataset
};

struct TrainResponse {
  registry::ModelVersion version;
  std::string dataset;  ///< "flights@4"
  int64_t train_rows = 0;
  int64_t evaluate_rows = 0;
  int64_t unlabelled_rows = 0;  ///< rows without a label or a time: they are left out
  absl::Time split_at;          ///< rows before it trained the model
  int32_t num_features = 0;
  train::LinearFit fit;
  evaluate::BinaryEvaluation evaluation;  ///< on the rows kept from training
};

/// Trains the project's model on a dataset version, evaluates it on the rows kept back, and registers it as a new
/// version. The same dataset version and configuration give the same model to the bit, on any number of threads.
absl::StatusOr<TrainResponse> Train(Project& project, const TrainRequest& request, const Context& context);

struct EvaluateRequest {
  std::string model;      ///< "late-flights@2"; empty: the latest version of the project's model
  std::string reference;  ///< a dataset version; empty: the one that the model was trained on
};

struct EvaluateResponse {
  registry::ModelVersion version;
  std::string dataset;
  absl::Time split_at;  ///< rows from it on were used
  evaluate::BinaryEvaluation evaluation;
};

/// Measures a model version on the rows of a dataset version that were kept from its training: those from its split
/// time on.
absl::StatusOr<EvaluateResponse> Evaluate(Project& project, const EvaluateRequest& request, const Context& context);

}  // namespace roost::api
