#include "api/learned_until.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

#include <nlohmann/json.hpp>

#include "api/evaluation.h"
#include "api/labelled_rows.h"
#include "api/model_scores.h"
#include "base/status.h"

namespace roost::api {
namespace {

absl::StatusOr<int64_t> LastMicros(const LabelledRows& rows, const std::string& name) {
  int64_t last = std::numeric_limits<int64_t>::min();
  for (const column::OwnedBatch& batch : rows.batches) {
    TRY_ASSIGN(const column::ColumnView* column, batch.view().Require(name));
    for (int64_t row = 0; row < column->length(); ++row) {
      if (!column->IsNull(row)) last = std::max(last, column->MicrosAt(row));
    }
  }
  return last;
}

absl::StatusOr<LearnedUntil> LastTrainingRow(Project& project, const store::CommitInfo& dataset,
                                             const TrainingRecord& record, const Context& context) {
  const std::string& column = record.model.split.column;
  LabelledRequest wanted{.parts = {Part::kTrain}, .columns = {column}};
  TRY_ASSIGN(wanted.scores, ReadScores(project, record.lineage));  // a label may be made of them
  TRY_ASSIGN(const LabelledData data, ReadLabelled(project, dataset, record.model, record.split, wanted, context));
  if (data[Part::kTrain].num_rows() == 0) {
    return LearnedUntil{*record.split.trained_until(), "from when on rows were kept back"};
  }
  TRY_ASSIGN(const int64_t micros, LastMicros(data[Part::kTrain], column));
  return LearnedUntil{absl::FromUnixMicros(micros), "the last of its training rows"};
}

}  // namespace

absl::StatusOr<LearnedUntil> FindLearnedUntil(Project& project, const registry::ModelVersion& version,
                                              const Context& context) {
  TRY_ASSIGN(const TrainingRecord record, ReadTrainingRecord(project, version));
  TRY_ASSIGN(const store::DatasetRef reference, store::ParseDatasetRef(record.lineage["dataset"].get<std::string>()));
  const absl::StatusOr<store::CommitInfo> dataset = project.store().Resolve(reference);
  const std::optional<absl::Time> border = record.split.trained_until();
  if (absl::IsNotFound(dataset.status())) {
    if (border.has_value()) return LearnedUntil{*border, "from when on rows were kept back"};
    return LearnedUntil{version.created, "when it was trained"};
  }
  TRY(dataset.status());
  if (border.has_value()) return LastTrainingRow(project, *dataset, record, context);
  return LearnedUntil{dataset->time, dataset->Name()};
}

}  // namespace roost::api
