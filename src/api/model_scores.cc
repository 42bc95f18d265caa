#include "api/model_scores.h"

#include <algorithm>
#include <utility>

#include <arrow/api.h>
#include <fmt/format.h>

#include "api/lineage.h"
#include "api/models.h"
#include "base/status.h"
#include "config/training_order.h"
#include "table/arrow_status.h"
#include "table/bridge.h"

namespace roost::api {
namespace {

constexpr char kScores[] = "scores";
constexpr size_t kDeepest = 16;  // no training makes a circle; bad bytes might

absl::StatusOr<std::vector<ScoreColumn>> ReadScoresAt(Project& project, const Json& lineage, size_t depth);

absl::StatusOr<ScoreColumn> LoadColumn(Project& project, const std::string& name, const std::string& reference,
                                       size_t depth) {
  TRY_ASSIGN(LoadedModel loaded, LoadModel(project, reference));
  if (loaded.model.num_outputs() != 1) {
    return WithHint(
        absl::InvalidArgumentError(fmt::format("model.scores: '{}' is to be the score of {}, which has {} "
                                               "outputs",
                                               name, loaded.version.ToString(), loaded.model.num_outputs())),
        "take the score of a model with one: true or false, a number, a count or a ranking");
  }
  TRY_ASSIGN(const ModelOrigin origin, OriginOf(project, loaded.version));
  TRY_ASSIGN(std::vector<ScoreColumn> below, ReadScoresAt(project, origin.lineage, depth + 1));
  return ScoreColumn{name, loaded.version, std::move(loaded.model), std::move(below)};
}

absl::StatusOr<std::vector<ScoreColumn>> ReadScoresAt(Project& project, const Json& lineage, size_t depth) {
  std::vector<ScoreColumn> columns;
  const auto scores = lineage.is_object() ? lineage.find(kScores) : lineage.end();
  if (scores == lineage.end()) return columns;
  if (!scores->is_object() || depth > kDeepest) return absl::DataLossError("the 'scores' of a lineage cannot be read");
  for (const auto& [name, taken] : scores->items()) {
    const Json model = taken.is_object() ? taken.value("model", Json()) : Json();
    if (!model.is_string()) return absl::DataLossError("the 'scores' of a lineage cannot be read");
    absl::StatusOr<ScoreColumn> column = LoadColumn(project, name, model.get<std::string>(), depth);
    if (absl::IsNotFound(column.status())) {
      return WithHint(absl::FailedPreconditionError(
                          fmt::format("'{}' is the score of {}, which is gone", name, model.get<std::string>())),
                      "train again: a new version takes the scores of one that is there");
    }
    TRY(column.status());
    columns.push_back(*std::move(column));
  }
  return columns;
}

absl::StatusOr<std::vector<double>> ScoresOf(const ScoreColumn& column,
                                             const std::shared_ptr<arrow::RecordBatch>& batch, const Context& context);

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Extended(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                             const std::vector<ScoreColumn>& columns,
                                                             const Context& context) {
  std::shared_ptr<arrow::RecordBatch> extended = batch;
  for (const ScoreColumn& column : columns) {
    TRY_ASSIGN(const std::vector<double> scores, ScoresOf(column, batch, context));
    arrow::DoubleBuilder builder;
    TRY_ARROW(builder.AppendValues(scores));
    std::shared_ptr<arrow::Array> array;
    TRY_ARROW(builder.Finish(&array));
    const auto field = arrow::field(column.name, arrow::float64(), /*nullable=*/false);
    TRY_ARROW_ASSIGN(extended, extended->AddColumn(extended->num_columns(), field, array));
  }
  return extended;
}

absl::StatusOr<std::vector<double>> ScoresOf(const ScoreColumn& column,
                                             const std::shared_ptr<arrow::RecordBatch>& batch, const Context& context) {
  TRY(context.CheckCancelled());
  // Columns of the same name in the data are not what the model was trained on.
  std::shared_ptr<arrow::RecordBatch> own = batch;
  for (const ScoreColumn& below : column.below) {
    const int index = own->schema()->GetFieldIndex(below.name);
    if (index < 0) continue;
    TRY_ARROW_ASSIGN(own, own->RemoveColumn(index));
  }
  TRY_ASSIGN(const auto whole, Extended(own, column.below, context));
  TRY_ASSIGN(const column::OwnedBatch columns, table::ToColumns(*whole));
  auto scores = column.model.ScoreBatch(columns.view(), context);
  if (!scores.ok())
    return Annotate(scores.status(), fmt::format("'{}', the score of {}", column.name, column.version.ToString()));
  return scores;
}

class ScoredReader : public arrow::RecordBatchReader {
 public:
  ScoredReader(std::shared_ptr<arrow::RecordBatchReader> rows, std::vector<ScoreColumn> columns, const Context& context)
      : rows_(std::move(rows)), columns_(std::move(columns)), context_(context) {
    auto fields = rows_->schema()->fields();
    for (const ScoreColumn& column : columns_) {
      fields.push_back(arrow::field(column.name, arrow::float64(), /*nullable=*/false));
    }
    schema_ = arrow::schema(std::move(fields));
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ARROW_RETURN_NOT_OK(rows_->ReadNext(batch));
    if (*batch == nullptr) return arrow::Status::OK();
    const auto extended = Extended(*batch, columns_, context_);
    if (!extended.ok()) return table::ToArrow(extended.status());
    *batch = *extended;
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<arrow::RecordBatchReader> rows_;
  std::vector<ScoreColumn> columns_;
  Context context_;
  std::shared_ptr<arrow::Schema> schema_;
};

void AddColumnsBelow(const std::vector<ScoreColumn>& columns, std::vector<std::string>& names) {
  for (const ScoreColumn& column : columns) {
    for (const transform::InputColumn& input : column.model.inputs()) {
      const bool is_score = std::any_of(column.below.begin(), column.below.end(),
                                        [&](const ScoreColumn& below) { return below.name == input.name; });
      if (is_score || std::find(names.begin(), names.end(), input.name) != names.end()) continue;
      names.push_back(input.name);
    }
    AddColumnsBelow(column.below, names);
  }
}

}  // namespace

absl::StatusOr<std::vector<ScoreColumn>> ResolveScores(Project& project,
                                                       const std::map<std::string, std::string>& scores) {
  std::vector<ScoreColumn> columns;
  for (const auto& [name, reference] : scores) {
    std::string version = reference;
    if (config::ModelNameIn(reference) == reference) {
      TRY_ASSIGN(const std::optional<int64_t> champion,
                 project.registry().aliases().Target(reference, registry::kChampion));
      if (champion.has_value()) version = fmt::format("{}@{}", reference, *champion);
    }
    absl::StatusOr<ScoreColumn> column = LoadColumn(project, name, version, 0);
    if (absl::IsNotFound(column.status())) {
      return WithHint(Annotate(column.status(), fmt::format("model.scores: '{}'", name)),
                      fmt::format("train '{}' first", config::ModelNameIn(reference)));
    }
    TRY(column.status());
    columns.push_back(*std::move(column));
  }
  return columns;
}

Json ScoresJson(const std::vector<ScoreColumn>& columns) {
  Json json = Json::object();
  for (const ScoreColumn& column : columns) {
    json[column.name] = {{"model", column.version.ToString()}, {"digest", column.version.manifest.ToHex()}};
  }
  return json;
}

absl::StatusOr<std::vector<ScoreColumn>> ReadScores(Project& project, const Json& lineage) {
  return ReadScoresAt(project, lineage, 0);
}

std::vector<std::string> ColumnsBelow(const std::vector<ScoreColumn>& columns) {
  std::vector<std::string> names;
  AddColumnsBelow(columns, names);
  return names;
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> WithScores(std::shared_ptr<arrow::RecordBatchReader> rows,
                                                                     std::vector<ScoreColumn> columns,
                                                                     const Context& context) {
  if (columns.empty()) return rows;
  for (const ScoreColumn& column : columns) {
    if (rows->schema()->GetFieldIndex(column.name) < 0) continue;
    return WithHint(
        absl::InvalidArgumentError(fmt::format("the rows have a column '{}', and it is to be the score of {}",
                                               column.name, column.version.ToString())),
        "give it another name in model.scores");
  }
  return std::make_shared<ScoredReader>(std::move(rows), std::move(columns), context);
}

}  // namespace roost::api
