#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "base/json.h"
#include "column/batch.h"
#include "column/value.h"
#include "predict/predictor.h"
#include "transform/transform.h"

namespace roost::predict {

/// What scores rows: a fitted transform and a predictor over its features. It is the servable part of a model version.
/// Immutable; callable from any number of threads; cheap to copy.
class ScoringModel {
 public:
  /// InvalidArgument where the predictor does not take the transform's features.
  static absl::StatusOr<ScoringModel> Make(transform::Transform transform, std::shared_ptr<const Predictor> predictor);

  const transform::Transform& transform() const { return transform_; }
  const Predictor& predictor() const { return *predictor_; }
  std::span<const transform::InputColumn> inputs() const { return transform_.inputs(); }

  /// Scores of all rows, in their order; in parallel. Errors as Transform::ApplyBatch.
  absl::StatusOr<std::vector<double>> ScoreBatch(const column::BatchView& batch, const Context& context) const;

  /// The score of one row, to the bit the one of ScoreBatch. `row` as for Transform::ApplyRow; `scratch` is reused from
  /// call to call by one thread.
  double ScoreRow(std::span<const column::Value> row, transform::FeatureVector& scratch) const;

  /// With FromJson: the same model to the bit.
  Json ToJson() const;
  /// InvalidArgument where `json` is no model that this version can read.
  static absl::StatusOr<ScoringModel> FromJson(const Json& json);

 private:
  ScoringModel(transform::Transform transform, std::shared_ptr<const Predictor> predictor)
      : transform_(std::move(transform)), predictor_(std::move(predictor)) {}

  transform::Transform transform_;
  std::shared_ptr<const Predictor> predictor_;
};

}  // namespace roost::predict
