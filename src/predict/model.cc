#include "predict/model.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "base/check.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "base/utf8.h"
#include "predict/parse.h"
#include "transform/json_object.h"
#include "transform/vocabulary.h"

namespace roost::predict {
namespace {

constexpr int64_t kVersion = 2;  // 1: without "task" and "classes", always binary

// Rows of one piece of work; the pieces depend on the data alone.
constexpr int64_t kPieceRows = 4'096;

absl::Status InPieces(int64_t num_rows, const Context& context,
                      const std::function<absl::Status(int64_t begin, int64_t end)>& work) {
  const auto num_pieces = static_cast<size_t>((num_rows + kPieceRows - 1) / kPieceRows);
  return context.pool->ParallelFor(num_pieces, [&](size_t piece) -> absl::Status {
    TRY(context.CheckCancelled());
    const int64_t begin = static_cast<int64_t>(piece) * kPieceRows;
    return work(begin, std::min(begin + kPieceRows, num_rows));
  });
}

std::span<double> RowsOf(std::vector<double>& scores, int64_t begin, int64_t end, size_t width) {
  return std::span(scores).subspan(static_cast<size_t>(begin) * width, static_cast<size_t>(end - begin) * width);
}

absl::StatusOr<Task> ReadTask(const transform::JsonObject& object) {
  TRY_ASSIGN(const std::string name, object.Text("task"));
  auto task = ParseTask(name);
  if (!task.ok()) return Annotate(task.status(), "model");
  return task;
}

absl::StatusOr<transform::Transform> ReadTransform(const transform::JsonObject& object) {
  TRY_ASSIGN(const Json* json, object.Any("transform"));
  auto transform = transform::Transform::FromJson(*json);
  if (!transform.ok()) return Annotate(transform.status(), "model");
  return transform;
}

absl::Status CheckClasses(Task task, std::span<const std::string> classes) {
  if (task != Task::kClasses) {
    if (classes.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        fmt::format("model: it names {} classes, and its task is '{}'", classes.size(), TaskName(task)));
  }
  if (classes.size() < 2 || classes.size() > ScoringModel::kMaxClasses) {
    return absl::InvalidArgumentError(
        fmt::format("model: it names {} classes; it must be 2 to {}", classes.size(), ScoringModel::kMaxClasses));
  }
  absl::flat_hash_set<std::string> known;
  for (const std::string& name : classes) {
    if (!IsUtf8(name)) return absl::InvalidArgumentError("model: the name of a class is not UTF-8");
    if (!known.insert(name).second) {
      return absl::InvalidArgumentError(fmt::format("model: it names the class '{}' twice", name));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ScoringModel> ScoringModel::Make(transform::Transform transform,
                                                std::shared_ptr<const Predictor> predictor, Task task,
                                                std::vector<std::string> classes) {
  ROOST_CHECK(predictor != nullptr, "a model without a predictor");
  if (predictor->num_features() != transform.num_features()) {
    return absl::InvalidArgumentError(
        fmt::format("model: its {} predictor takes {} features, and its transform gives {}", predictor->kind(),
                    predictor->num_features(), transform.num_features()));
  }
  TRY(CheckClasses(task, classes));
  const size_t wanted = task == Task::kClasses ? classes.size() : 1;
  if (static_cast<size_t>(predictor->num_outputs()) != wanted) {
    return absl::InvalidArgumentError(
        fmt::format("model: its {} predictor has {} outputs; for the task '{}' it must "
                    "have {}",
                    predictor->kind(), predictor->num_outputs(), TaskName(task), wanted));
  }
  ScoringModel model;
  model.transform_ = std::move(transform);
  model.predictor_ = std::move(predictor);
  model.task_ = task;
  model.classes_ = std::move(classes);
  return model;
}

absl::StatusOr<ScoringModel> ScoringModel::MakeOnnx(std::shared_ptr<const OnnxModel> onnx,
                                                    std::optional<transform::Transform> transform,
                                                    std::vector<std::string> classes) {
  const OnnxOptions& options = onnx->options();
  TRY(CheckClasses(options.task, classes));
  ROOST_CHECK(options.task != Task::kClasses || static_cast<size_t>(options.num_outputs) == classes.size(),
              "an ONNX model was loaded for another number of classes");
  if (transform.has_value() != options.num_features.has_value() ||
      (transform.has_value() && transform->num_features() != *options.num_features)) {
    return absl::InvalidArgumentError(
        fmt::format("model: its ONNX file takes {}, and its transform gives {}",
                    options.num_features.has_value() ? fmt::format("{} features", *options.num_features) : "columns",
                    transform.has_value() ? fmt::format("{} features", transform->num_features()) : "nothing"));
  }
  ScoringModel model;
  model.transform_ = std::move(transform);
  model.task_ = options.task;
  model.onnx_ = std::move(onnx);
  model.classes_ = std::move(classes);
  return model;
}

std::vector<std::string> ScoringModel::OutputNames() const {
  switch (task_) {
    case Task::kBinary: return {"probability"};
    case Task::kNumber: return {"value"};
    case Task::kCounts: return {"count"};
    case Task::kRanking: return {"score"};
    case Task::kClasses: break;
  }
  std::vector<std::string> names;
  for (const std::string& name : classes_) names.push_back("probability of " + name);
  return names;
}

absl::StatusOr<std::vector<double>> ScoringModel::ScoreBatch(const column::BatchView& batch,
                                                             const Context& context) const {
  if (!transform_.has_value()) return ScoreColumns(batch, context);
  TRY_ASSIGN(const transform::FeatureRows rows, transform_->ApplyBatch(batch, context));
  const auto width = static_cast<size_t>(num_outputs());
  std::vector<double> scores(static_cast<size_t>(rows.num_rows()) * width);
  const auto score = [&](int64_t begin, int64_t end) {
    return ScoreFeatures(rows, begin, end, RowsOf(scores, begin, end, width));
  };
  TRY(InPieces(rows.num_rows(), context, score));
  return scores;
}

absl::StatusOr<std::vector<double>> ScoringModel::ScoreColumns(const column::BatchView& batch,
                                                               const Context& context) const {
  std::vector<const column::ColumnView*> columns;
  for (const transform::InputColumn& input : inputs()) {
    TRY_ASSIGN(const column::ColumnView* column, batch.Require(input.name));
    TRY(CheckColumnKind(*column, input));
    columns.push_back(column);
  }
  const auto width = static_cast<size_t>(num_outputs());
  std::vector<double> scores(static_cast<size_t>(batch.num_rows()) * width);
  const auto score = [&](int64_t begin, int64_t end) {
    std::vector<column::Value> values;
    values.reserve(static_cast<size_t>(end - begin) * columns.size());
    for (int64_t row = begin; row < end; ++row) {
      for (size_t i = 0; i < columns.size(); ++i) {
        values.push_back(column::ValueAt(*columns[i], inputs()[i].kind, row));
      }
    }
    return onnx_->ScoreColumns(values, begin, RowsOf(scores, begin, end, width));
  };
  TRY(InPieces(batch.num_rows(), context, score));
  return scores;
}

absl::Status ScoringModel::ScoreFeatures(const transform::FeatureRows& rows, int64_t begin, int64_t end,
                                         std::span<double> outputs) const {
  if (onnx_ != nullptr) return onnx_->ScoreFeatures(rows, begin, end, outputs);
  const auto width = static_cast<size_t>(num_outputs());
  transform::FeatureVector features;
  for (int64_t row = begin; row < end; ++row) {
    const int64_t first = rows.starts[static_cast<size_t>(row)];
    const int64_t last = rows.starts[static_cast<size_t>(row) + 1];
    features.indices.assign(rows.indices.begin() + first, rows.indices.begin() + last);
    features.values.assign(rows.values.begin() + first, rows.values.begin() + last);
    predictor_->Score(features, outputs.subspan(static_cast<size_t>(row - begin) * width, width));
  }
  return absl::OkStatus();
}

absl::Status ScoringModel::ScoreRow(std::span<const column::Value> row, transform::FeatureVector& scratch,
                                    std::span<double> outputs) const {
  if (onnx_ != nullptr) return ScoreRows(row, scratch, outputs);
  transform_->ApplyRow(row, scratch);
  predictor_->Score(scratch, outputs);
  return absl::OkStatus();
}

absl::Status ScoringModel::ScoreRows(std::span<const column::Value> values, transform::FeatureVector& scratch,
                                     std::span<double> outputs) const {
  const size_t columns = inputs().size();
  const auto width = static_cast<size_t>(num_outputs());
  const size_t num_rows = outputs.size() / width;
  ROOST_CHECK(values.size() == num_rows * columns, "values and outputs of different numbers of rows");
  if (!transform_.has_value()) return onnx_->ScoreColumns(values, 0, outputs);
  const auto apply = [&](size_t row) { transform_->ApplyRow(values.subspan(row * columns, columns), scratch); };
  if (onnx_ == nullptr) {
    for (size_t row = 0; row < num_rows; ++row) {
      apply(row);
      predictor_->Score(scratch, outputs.subspan(row * width, width));
    }
    return absl::OkStatus();
  }
  transform::FeatureRows rows{.num_features = transform_->num_features()};  // to score them at once
  for (size_t row = 0; row < num_rows; ++row) {
    apply(row);
    rows.indices.insert(rows.indices.end(), scratch.indices.begin(), scratch.indices.end());
    rows.values.insert(rows.values.end(), scratch.values.begin(), scratch.values.end());
    rows.starts.push_back(static_cast<int64_t>(rows.indices.size()));
  }
  return onnx_->ScoreFeatures(rows, 0, rows.num_rows(), outputs);
}

absl::Status ScoringModel::SetThreshold(double threshold) {
  if (task_ != Task::kBinary) {
    return absl::InvalidArgumentError(
        fmt::format("model: a threshold is for the task 'binary', and its task is '{}'", TaskName(task_)));
  }
  if (!(threshold >= 0 && threshold <= 1)) {
    return absl::InvalidArgumentError(fmt::format("model: its threshold is {}; it must be from 0 to 1", threshold));
  }
  threshold_ = threshold;
  return absl::OkStatus();
}

Json ScoringModel::ToJson() const {
  Json json{{"version", kVersion}, {"task", TaskName(task_)}};
  if (task_ == Task::kClasses) json["classes"] = classes_;
  if (threshold_ != kDefaultThreshold) json["threshold"] = threshold_;
  if (transform_.has_value()) json["transform"] = transform_->ToJson();
  if (predictor_ != nullptr) json["predictor"] = predictor_->ToJson();
  if (onnx_ != nullptr) json["onnx"] = onnx_->ToJson();
  return json;
}

absl::Status CheckColumnKind(const column::ColumnView& column, const transform::InputColumn& input) {
  const auto kind = column::KindOf(column);
  if (column.type() == column::Type::kNull || (kind.ok() && *kind == input.kind)) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError(fmt::format("column '{}' holds {}, and the model takes a {} from it",
                                                         input.name, column.TypeText(), column::KindName(input.kind))),
                  "convert the column to the type that it had in training");
}

bool ScoringModel::HasOnnx(const Json& json) { return json.is_object() && json.contains("onnx"); }

namespace {

absl::StatusOr<ScoringModel> WithThreshold(absl::StatusOr<ScoringModel> model, const transform::JsonObject& object) {
  if (!model.ok() || !object.Has("threshold")) return model;
  TRY_ASSIGN(const double threshold, object.Number("threshold"));
  TRY(model->SetThreshold(threshold));
  return model;
}

}  // namespace

absl::StatusOr<ScoringModel> ScoringModel::FromParts(const Json& json, std::string onnx_bytes, int intra_op_threads) {
  TRY_ASSIGN(const auto object,
             transform::JsonObject::Make(
                 json, "model", {"version", "task", "classes", "threshold", "transform", "predictor", "onnx"}));
  TRY_ASSIGN(const int64_t version, object.Integer("version", 1, kVersion));
  Task task = Task::kBinary;
  std::vector<std::string> classes;
  if (version > 1) {
    TRY_ASSIGN(task, ReadTask(object));
    if (task == Task::kClasses) {
      TRY_ASSIGN(classes, object.Texts("classes", 2, kMaxClasses));
    }
  }
  std::optional<transform::Transform> transform;
  if (!HasOnnx(json) || json.contains("transform")) {
    TRY_ASSIGN(transform, ReadTransform(object));
  }
  if (HasOnnx(json)) {
    if (onnx_bytes.empty()) return object.Fail("onnx", "speaks of an ONNX file, and there is none");
    const auto num_outputs = static_cast<int32_t>(task == Task::kClasses ? classes.size() : 1);
    auto options = OnnxModel::OptionsFromJson(*json.find("onnx"), task, num_outputs);
    if (!options.ok()) return Annotate(options.status(), "model");
    options->intra_op_threads = intra_op_threads;
    auto onnx = OnnxModel::Load(std::move(onnx_bytes), *std::move(options));
    if (!onnx.ok()) return Annotate(onnx.status(), "model");
    return WithThreshold(MakeOnnx(*std::move(onnx), std::move(transform), std::move(classes)), object);
  }
  TRY_ASSIGN(const Json* predictor_json, object.Any("predictor"));
  auto predictor = ParsePredictor(*predictor_json);
  if (!predictor.ok()) return Annotate(predictor.status(), "model");
  return WithThreshold(Make(*std::move(transform), *std::move(predictor), task, std::move(classes)), object);
}

}  // namespace roost::predict
