#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "base/json.h"
#include "column/batch.h"
#include "column/value.h"
#include "predict/predictor.h"
#include "predict/task.h"
#include "transform/transform.h"

namespace roost::predict {

/// What scores rows: a fitted transform and a predictor over its features. It is the servable part of a model version.
/// Immutable; callable from any number of threads; cheap to copy.
///
/// Outputs of a row, by task: binary, the probability; classes, a probability for each of classes(), in that order;
/// number and counts, the value; ranking, the score.
class ScoringModel {
 public:
  /// More classes than that are refused.
  static constexpr size_t kMaxClasses = 10'000;

  /// InvalidArgument where the predictor does not take the transform's features, or its outputs are not those of the
  /// task: one a class (2 to kMaxClasses, with distinct names in UTF-8) for kClasses, else one and no names.
  static absl::StatusOr<ScoringModel> Make(transform::Transform transform, std::shared_ptr<const Predictor> predictor,
                                           Task task = Task::kBinary, std::vector<std::string> classes = {});

  const transform::Transform& transform() const { return transform_; }
  const Predictor& predictor() const { return *predictor_; }
  std::span<const transform::InputColumn> inputs() const { return transform_.inputs(); }

  Task task() const { return task_; }
  /// The classes' names, in the order of the outputs; empty for other tasks.
  std::span<const std::string> classes() const { return classes_; }
  int32_t num_outputs() const { return predictor_->num_outputs(); }
  /// What the outputs are called as columns of a table: "probability", "probability of CLASS" for each class, "value",
  /// "count", "score".
  std::vector<std::string> OutputNames() const;

  /// Outputs of all rows, row-major, num_outputs() a row; in parallel. Errors as Transform::ApplyBatch.
  absl::StatusOr<std::vector<double>> ScoreBatch(const column::BatchView& batch, const Context& context) const;

  /// The num_outputs() outputs of one row, to the bit those of ScoreBatch. `row` as for Transform::ApplyRow; `scratch`
  /// is reused from call to call by one thread.
  absl::Status ScoreRow(std::span<const column::Value> row, transform::FeatureVector& scratch,
                        std::span<double> outputs) const;

  /// The outputs of several rows on the calling thread: `values` has inputs().size() a row, `outputs` num_outputs().
  absl::Status ScoreRows(std::span<const column::Value> values, transform::FeatureVector& scratch,
                         std::span<double> outputs) const;

  /// With FromJson: the same model to the bit.
  Json ToJson() const;
  /// Versions 1 (a binary task) and 2. InvalidArgument where `json` is no model that this version can read.
  static absl::StatusOr<ScoringModel> FromJson(const Json& json);

 private:
  ScoringModel(transform::Transform transform, std::shared_ptr<const Predictor> predictor, Task task,
               std::vector<std::string> classes)
      : transform_(std::move(transform)), predictor_(std::move(predictor)), task_(task), classes_(std::move(classes)) {}

  transform::Transform transform_;
  std::shared_ptr<const Predictor> predictor_;
  Task task_;
  std::vector<std::string> classes_;
};

}  // namespace roost::predict
