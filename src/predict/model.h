#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "base/json.h"
#include "column/batch.h"
#include "column/value.h"
#include "predict/onnx_model.h"
#include "predict/predictor.h"
#include "predict/task.h"
#include "transform/transform.h"

namespace roost::predict {

/// InvalidArgument unless values of `column` are of the kind of `input`; columns of type null hold none, which suits
/// every kind.
absl::Status CheckColumnKind(const column::ColumnView& column, const transform::InputColumn& input);

/// What scores rows: a fitted transform and a predictor over its features, or an ONNX model over the columns themselves
/// or over a transform's features. It is the servable part of a model version. Immutable; callable from any number of
/// threads; cheap to copy.
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

  /// With an ONNX model, over the features of `transform` or, without one, over columns; the task is the one that it
  /// was loaded for. InvalidArgument where it does not take the transform's features, and as above of classes.
  static absl::StatusOr<ScoringModel> MakeOnnx(std::shared_ptr<const OnnxModel> onnx,
                                               std::optional<transform::Transform> transform,
                                               std::vector<std::string> classes = {});

  /// Null where an ONNX model takes the columns themselves.
  const transform::Transform* transform() const { return transform_.has_value() ? &*transform_ : nullptr; }
  /// Null where there is an ONNX model instead, and the other way round.
  const Predictor* predictor() const { return predictor_.get(); }
  const OnnxModel* onnx() const { return onnx_.get(); }
  /// The columns that a row must bring, in the order in which ScoreRow takes them.
  std::span<const transform::InputColumn> inputs() const {
    return transform_.has_value() ? transform_->inputs() : onnx_->inputs();
  }

  Task task() const { return task_; }
  /// The classes' names, in the order of the outputs; empty for other tasks.
  std::span<const std::string> classes() const { return classes_; }
  int32_t num_outputs() const { return classes_.empty() ? 1 : static_cast<int32_t>(classes_.size()); }
  /// From which probability on a row of a binary task counts as true. It decides nothing else.
  double threshold() const { return threshold_; }
  static constexpr double kDefaultThreshold = 0.5;
  /// InvalidArgument unless the task is binary and `threshold` in [0, 1].
  absl::Status SetThreshold(double threshold);
  /// What the outputs are called as columns of a table: "probability", "probability of CLASS" for each class, "value",
  /// "count", "score".
  std::vector<std::string> OutputNames() const;

  /// Outputs of all rows, row-major, num_outputs() a row; in parallel. The same bits for any number of threads. Errors
  /// as Transform::ApplyBatch; with an ONNX model also as OnnxModel::ScoreColumns.
  absl::StatusOr<std::vector<double>> ScoreBatch(const column::BatchView& batch, const Context& context) const;

  /// The num_outputs() outputs of one row, to the bit those of ScoreBatch (with an ONNX model to rounding). `row` as
  /// for Transform::ApplyRow; `scratch` is reused from call to call by one thread. Fails with an ONNX model only.
  absl::Status ScoreRow(std::span<const column::Value> row, transform::FeatureVector& scratch,
                        std::span<double> outputs) const;

  /// The outputs of several rows on the calling thread: `values` has inputs().size() a row, `outputs` num_outputs().
  /// With an ONNX model much quicker than row by row.
  absl::Status ScoreRows(std::span<const column::Value> values, transform::FeatureVector& scratch,
                         std::span<double> outputs) const;

  /// With FromJson: the same model to the bit.
  Json ToJson() const;
  /// Versions 1 (a binary task) and 2, of a model without ONNX. InvalidArgument where `json` is no model that this
  /// version can read.
  static absl::StatusOr<ScoringModel> FromJson(const Json& json) { return FromParts(json, ""); }

  /// From both parts of a package: `json`, and the ONNX file that it speaks of, or "". `intra_op_threads`: OnnxOptions.
  static absl::StatusOr<ScoringModel> FromParts(const Json& json, std::string onnx_bytes, int intra_op_threads = 1);
  /// Whether `json` speaks of an ONNX file.
  static bool HasOnnx(const Json& json);
  /// The file; "" where there is no ONNX model.
  std::string_view onnx_bytes() const { return onnx_ == nullptr ? std::string_view() : onnx_->bytes(); }

 private:
  ScoringModel() = default;
  absl::StatusOr<std::vector<double>> ScoreColumns(const column::BatchView& batch, const Context& context) const;
  absl::Status ScoreFeatures(const transform::FeatureRows& rows, int64_t begin, int64_t end,
                             std::span<double> outputs) const;

  std::optional<transform::Transform> transform_;
  std::shared_ptr<const Predictor> predictor_;
  std::shared_ptr<const OnnxModel> onnx_;
  Task task_ = Task::kBinary;
  std::vector<std::string> classes_;
  double threshold_ = kDefaultThreshold;
};

}  // namespace roost::predict
