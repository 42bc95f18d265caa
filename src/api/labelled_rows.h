#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/model_scores.h"
#include "api/project.h"
#include "api/split.h"
#include "base/context.h"
#include "column/batch.h"
#include "config/model.h"
#include "predict/task.h"

namespace roost::api {

/// The rows of one part that have a label, in the order of the version, with what is to be predicted of each.
struct LabelledRows {
  std::vector<column::OwnedBatch> batches;
  std::vector<double> targets;      ///< one a row over all batches; of classes the position in LabelledData::classes
  std::vector<double> weights;      ///< empty: all 1
  std::vector<int64_t> groups;      ///< ranking: the position of the row's list by first occurrence; else empty
  int64_t unseen_classes_rows = 0;  ///< of classes: rows whose class no training row has: evaluate::kUnseenClass

  int64_t num_rows() const { return static_cast<int64_t>(targets.size()); }
  std::vector<column::BatchView> views() const;
};

/// What a model's configuration makes of a dataset version: all that training and evaluation need.
struct LabelledData {
  predict::Task task = predict::Task::kBinary;
  std::vector<std::string> classes;           ///< kClasses: those of the training rows, by their bytes
  std::array<LabelledRows, kNumParts> parts;  ///< by Part; those that were not asked for are empty
  int64_t unlabelled = 0;                     ///< rows without a label or without a value in the split's column

  LabelledRows& operator[](Part part) { return parts[static_cast<size_t>(part)]; }
  const LabelledRows& operator[](Part part) const { return parts[static_cast<size_t>(part)]; }
};

struct LabelledRequest {
  std::vector<Part> parts;           ///< that are wanted
  std::vector<std::string> columns;  ///< of the rows; those of label, split, weight and group are read beside them
  double train_share = 1;            ///< of the training rows, chosen by the hash of their number
  std::vector<std::string> classes;  ///< kClasses, of a model that is there; empty: those of the training rows
  std::vector<ScoreColumn> scores;   ///< columns that are no columns of the data
};

/// Reads a version once and keeps the labelled rows of the parts that are wanted in memory.
/// InvalidArgument, naming the key of roost.yaml, where label, weight or group are not what the task needs: a label of
/// another kind, weights that are negative or no numbers, counts that are negative.
absl::StatusOr<LabelledData> ReadLabelled(Project& project, const store::CommitInfo& version,
                                          const config::ModelConfig& model, const Split& split,
                                          const LabelledRequest& request, const Context& context);

/// The columns that label, weight, group and the split by group or key read: `features: auto` leaves them out.
absl::StatusOr<std::vector<std::string>> ColumnsKnownToTheLabel(const config::ModelConfig& model);

/// The columns that features and derived columns of `model` read, each once; all that a model can take but those of
/// label, split, weight and group where `features` is auto. Those of `model.scores` are among them.
absl::StatusOr<std::vector<std::string>> FeatureColumns(Project& project, const store::CommitInfo& version,
                                                        const config::ModelConfig& model);

}  // namespace roost::api
