#include "predict/model.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "base/check.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "predict/parse.h"
#include "transform/json_object.h"
#include "transform/vocabulary.h"

namespace roost::predict {
namespace {

constexpr int64_t kVersion = 2;  // 1: without "task" and "classes", always binary
constexpr int64_t kPieceRows = 4'096;

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
    if (!transform::IsUtf8(name)) return absl::InvalidArgumentError("model: the name of a class is not UTF-8");
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
  return ScoringModel(std::move(transform), std::move(predictor), task, std::move(classes));
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
  TRY_ASSIGN(const transform::FeatureRows rows, transform_.ApplyBatch(batch, context));
  const auto width = static_cast<size_t>(num_outputs());
  std::vector<double> scores(static_cast<size_t>(rows.num_rows()) * width);
  const auto num_pieces = static_cast<size_t>((rows.num_rows() + kPieceRows - 1) / kPieceRows);
  const auto score_piece = [&](size_t piece) -> absl::Status {
    TRY(context.CheckCancelled());
    transform::FeatureVector features;
    const int64_t begin = static_cast<int64_t>(piece) * kPieceRows;
    const int64_t end = std::min(begin + kPieceRows, rows.num_rows());
    for (int64_t row = begin; row < end; ++row) {
      const int64_t first = rows.starts[static_cast<size_t>(row)];
      const int64_t last = rows.starts[static_cast<size_t>(row) + 1];
      features.indices.assign(rows.indices.begin() + first, rows.indices.begin() + last);
      features.values.assign(rows.values.begin() + first, rows.values.begin() + last);
      predictor_->Score(features, std::span(scores).subspan(static_cast<size_t>(row) * width, width));
    }
    return absl::OkStatus();
  };
  TRY(context.pool->ParallelFor(num_pieces, score_piece));
  return scores;
}

absl::Status ScoringModel::ScoreRow(std::span<const column::Value> row, transform::FeatureVector& scratch,
                                    std::span<double> outputs) const {
  transform_.ApplyRow(row, scratch);
  predictor_->Score(scratch, outputs);
  return absl::OkStatus();
}

absl::Status ScoringModel::ScoreRows(std::span<const column::Value> values, transform::FeatureVector& scratch,
                                     std::span<double> outputs) const {
  const size_t columns = inputs().size();
  const auto width = static_cast<size_t>(num_outputs());
  ROOST_CHECK(values.size() / columns == outputs.size() / width, "values and outputs of different numbers of rows");
  for (size_t row = 0; row < outputs.size() / width; ++row) {
    TRY(ScoreRow(values.subspan(row * columns, columns), scratch, outputs.subspan(row * width, width)));
  }
  return absl::OkStatus();
}

Json ScoringModel::ToJson() const {
  Json json{{"version", kVersion}, {"task", TaskName(task_)}};
  if (task_ == Task::kClasses) json["classes"] = classes_;
  json["transform"] = transform_.ToJson();
  json["predictor"] = predictor_->ToJson();
  return json;
}

absl::StatusOr<ScoringModel> ScoringModel::FromJson(const Json& json) {
  TRY_ASSIGN(const auto object,
             transform::JsonObject::Make(json, "model", {"version", "task", "classes", "transform", "predictor"}));
  TRY_ASSIGN(const int64_t version, object.Integer("version", 1, kVersion));
  TRY_ASSIGN(const Json* transform_json, object.Any("transform"));
  TRY_ASSIGN(const Json* predictor_json, object.Any("predictor"));
  auto transform = transform::Transform::FromJson(*transform_json);
  if (!transform.ok()) return Annotate(transform.status(), "model");
  auto predictor = ParsePredictor(*predictor_json);
  if (!predictor.ok()) return Annotate(predictor.status(), "model");
  if (version == 1) return Make(*std::move(transform), *std::move(predictor));
  TRY_ASSIGN(const std::string task_name, object.Text("task"));
  const auto task = ParseTask(task_name);
  if (!task.ok()) return Annotate(task.status(), "model");
  std::vector<std::string> classes;
  if (*task == Task::kClasses) {
    TRY_ASSIGN(classes, object.Texts("classes", 2, kMaxClasses));
  }
  return Make(*std::move(transform), *std::move(predictor), *task, std::move(classes));
}

}  // namespace roost::predict
