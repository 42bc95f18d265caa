#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>
#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "base/json.h"
#include "predict/model.h"
#include "registry/registry.h"

namespace roost::api {

/// A column that is the score of another model's version (`model.scores` in roost.yaml).
struct ScoreColumn {
  std::string name;
  registry::ModelVersion version;
  predict::ScoringModel model;
  std::vector<ScoreColumn> below;  ///< the columns of `model` that are scores themselves
};

/// The versions that the references mean now: NAME means its champion, and its latest version where it has none.
/// InvalidArgument, naming the column, for a model of several outputs; the errors of Registry::Resolve.
absl::StatusOr<std::vector<ScoreColumn>> ResolveScores(Project& project,
                                                       const std::map<std::string, std::string>& scores);

/// The member `scores` of a lineage, {"column": {"model": "late-flights@2", "digest": "…"}}: what ReadScores reads.
Json ScoresJson(const std::vector<ScoreColumn>& columns);

/// The versions whose scores the training of `lineage` took; empty where it took none. FailedPrecondition, with a hint,
/// where one of them was deleted.
absl::StatusOr<std::vector<ScoreColumn>> ReadScores(Project& project, const Json& lineage);

/// The columns of the data that `columns` are made of, each once.
std::vector<std::string> ColumnsBelow(const std::vector<ScoreColumn>& columns);

/// `rows` with a column of numbers more for each of `columns`; made as rows are read, so that what `context` refers to
/// must outlive the reader. InvalidArgument where the rows have a column of that name.
absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> WithScores(std::shared_ptr<arrow::RecordBatchReader> rows,
                                                                     std::vector<ScoreColumn> columns,
                                                                     const Context& context);

}  // namespace roost::api
