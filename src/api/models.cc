#include "api/models.h"

#include <algorithm>

#include <arrow/api.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/data.h"
#include "api/lineage.h"
#include "api/model_scores.h"
#include "api/signing.h"
#include "base/status.h"
#include "table/arrow_status.h"
#include "table/bridge.h"

namespace roost::api {
namespace {

// What models that were trained elsewhere may lack.
absl::StatusOr<std::string> LoadOrNull(Project& project, const registry::ModelVersion& version, const char* part) {
  absl::StatusOr<std::string> bytes = project.registry().LoadPart(version, part);
  if (absl::IsNotFound(bytes.status())) return "null";
  return bytes;
}

absl::StatusOr<ModelDescription> Describe(Project& project, const registry::ModelVersion& version) {
  ModelDescription description{.version = version};
  TRY_ASSIGN(description.lineage, LoadOrNull(project, version, registry::kLineagePart));
  TRY_ASSIGN(description.evaluation, LoadOrNull(project, version, registry::kEvaluationPart));
  TRY_ASSIGN(description.model, project.registry().LoadPart(version, registry::kModelPart));
  TRY_ASSIGN(description.aliases, project.registry().aliases().Current(version.name));
  std::erase_if(description.aliases, [&](const registry::AliasMove& move) { return move.to != version.version; });
  TRY_ASSIGN(const auto state, project.registry().states().Last(version.name, version.version));
  if (state.has_value() && state->state == registry::VersionState::kRetired) description.retired = *state;
  return description;
}

// The parts of a package that make a ScoringModel.
struct ModelParts {
  Json json;  // model.json
  std::string onnx;
};

absl::StatusOr<ModelParts> LoadParts(Project& project, const registry::ModelVersion& version) {
  ModelParts parts;
  TRY_ASSIGN(const std::string text, project.registry().LoadPart(version, registry::kModelPart));
  TRY_ASSIGN(parts.json, ParseJson(text, fmt::format("{} of {}", registry::kModelPart, version.ToString())));
  if (predict::ScoringModel::HasOnnx(parts.json)) {
    TRY_ASSIGN(parts.onnx, project.registry().LoadPart(version, registry::kOnnxPart));
  }
  return parts;
}

// Adds the outputs of each row to the batches of another reader.
class ScoringReader : public arrow::RecordBatchReader {
 public:
  ScoringReader(std::shared_ptr<arrow::RecordBatchReader> rows, predict::ScoringModel model, const Context& context)
      : rows_(std::move(rows)), model_(std::move(model)), context_(context) {
    auto fields = rows_->schema()->fields();
    for (std::string& name : model_.OutputNames()) {
      fields.push_back(arrow::field(std::move(name), arrow::float64(), /*nullable=*/false));
    }
    schema_ = arrow::schema(std::move(fields));
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ARROW_RETURN_NOT_OK(rows_->ReadNext(batch));
    if (*batch == nullptr) return arrow::Status::OK();
    const auto scores = Scores(**batch);
    if (!scores.ok()) return table::ToArrow(scores.status());
    auto columns = (*batch)->columns();
    const auto width = static_cast<size_t>(model_.num_outputs());
    for (size_t output = 0; output < width; ++output) {
      arrow::DoubleBuilder builder;
      ARROW_RETURN_NOT_OK(builder.Reserve((*batch)->num_rows()));
      for (size_t i = output; i < scores->size(); i += width) builder.UnsafeAppend((*scores)[i]);
      std::shared_ptr<arrow::Array> column;
      ARROW_RETURN_NOT_OK(builder.Finish(&column));
      columns.push_back(std::move(column));
    }
    *batch = arrow::RecordBatch::Make(schema_, (*batch)->num_rows(), std::move(columns));
    return arrow::Status::OK();
  }

 private:
  absl::StatusOr<std::vector<double>> Scores(const arrow::RecordBatch& batch) const {
    TRY(context_.CheckCancelled());
    TRY_ASSIGN(const column::OwnedBatch columns, table::ToColumns(batch));
    return model_.ScoreBatch(columns.view(), context_);
  }

  std::shared_ptr<arrow::RecordBatchReader> rows_;
  predict::ScoringModel model_;
  Context context_;
  std::shared_ptr<arrow::Schema> schema_;
};

// Scores of other models that the rows do not bring are made.
absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> WithMissingScores(
    Project& project, const LoadedModel& loaded, std::shared_ptr<arrow::RecordBatchReader> rows,
    const Context& context) {
  const auto is_there = [&](const std::string& name) { return rows->schema()->GetFieldIndex(name) >= 0; };
  const auto inputs = loaded.model.inputs();
  if (std::all_of(inputs.begin(), inputs.end(), [&](const auto& input) { return is_there(input.name); })) return rows;
  TRY_ASSIGN(const ModelOrigin origin, OriginOf(project, loaded.version));
  TRY_ASSIGN(std::vector<ScoreColumn> scores, ReadScores(project, origin.lineage));
  std::erase_if(scores, [&](const ScoreColumn& score) { return is_there(score.name); });
  return WithScores(std::move(rows), std::move(scores), context);
}

}  // namespace

absl::StatusOr<std::vector<ModelDescription>> ListModels(Project& project, const std::string& name) {
  TRY_ASSIGN(const std::vector<registry::ModelVersion> versions,
             project.registry().List(name.empty() ? std::nullopt : std::optional<std::string>(name)));
  std::vector<ModelDescription> descriptions;
  for (const registry::ModelVersion& version : versions) {
    TRY_ASSIGN(ModelDescription description, Describe(project, version));
    descriptions.push_back(std::move(description));
  }
  return descriptions;
}

absl::StatusOr<ModelDescription> ShowModel(Project& project, const std::string& reference) {
  TRY_ASSIGN(const registry::ModelVersion version, project.registry().Resolve(reference));
  return Describe(project, version);
}

absl::StatusOr<LoadedModel> LoadModel(Project& project, const std::string& reference) {
  std::string name = reference;
  if (name.empty()) {
    if (!project.config().model.has_value()) {
      const char* has = project.config().models.empty() ? "roost.yaml has no 'model'" : "roost.yaml has several";
      return WithHint(absl::InvalidArgumentError(fmt::format("which model? {}", has)), "name it: MODEL or MODEL@2");
    }
    name = project.config().model->name;
  }
  TRY_ASSIGN(const registry::ModelVersion version, project.registry().Resolve(name));
  TRY(CheckTrusted(project, version));
  TRY_ASSIGN(ModelParts parts, LoadParts(project, version));
  auto model = predict::ScoringModel::FromParts(parts.json, std::move(parts.onnx));
  if (!model.ok()) return Annotate(model.status(), version.ToString());
  return LoadedModel{version, *std::move(model)};
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> Predict(Project& project, const PredictRequest& request,
                                                                  const Context& context) {
  TRY_ASSIGN(LoadedModel loaded, LoadModel(project, request.model));
  TRY_ASSIGN(RowSource source, OpenRows(project, request.source, context));
  auto rows = LimitRows(std::move(source.rows), request.limit);
  TRY_ASSIGN(rows, WithMissingScores(project, loaded, std::move(rows), context));
  for (const std::string& name : loaded.model.OutputNames()) {
    if (rows->schema()->GetFieldIndex(name) < 0) continue;
    return absl::InvalidArgumentError(fmt::format("{} has a column '{}' already", source.name, name));
  }
  return std::make_shared<ScoringReader>(std::move(rows), std::move(loaded.model), context);
}

}  // namespace roost::api
