#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/project.h"
#include "base/context.h"
#include "column/batch.h"
#include "config/project.h"

namespace roost::api {

/// Some rows of a batch with what the label says of each: 0 or 1.
struct LabelledBatch {
  column::OwnedBatch rows;
  std::vector<int8_t> labels;
};

/// Which rows of a split are wanted.
enum class Side {
  kTrain,     ///< before the split time
  kEvaluate,  ///< from the split time on
};

/// The time that keeps the latest `evaluate_share` of the rows with a time from training: the time of the first such
/// row. It depends on the version's rows alone. InvalidArgument for a column that is no time, or has no value.
absl::StatusOr<absl::Time> SplitTime(Project& project, const store::CommitInfo& version,
                                     const config::SplitConfig& split, const Context& context);

/// Reads the columns that a model needs and hands over, batch by batch in the order of the version, the rows of one
/// side that have a label. Rows without a time or a label belong to no side.
class LabelledReader {
 public:
  static absl::StatusOr<LabelledReader> Open(Project& project, const store::CommitInfo& version,
                                             const config::ModelConfig& model, absl::Time split_at, Side side,
                                             const Context& context);

  /// The next batch that has a row of this side, or nothing after the last.
  absl::StatusOr<std::optional<LabelledBatch>> Next();

  /// The rows so far without a time or a label.
  int64_t unlabelled() const { return unlabelled_; }

 private:
  LabelledReader(const config::ModelConfig& model, absl::Time split_at, Side side, int64_t total, Context context)
      : model_(model), split_micros_(absl::ToUnixMicros(split_at)), side_(side), total_(total), context_(context) {}

  config::ModelConfig model_;
  int64_t split_micros_;
  Side side_;
  int64_t total_;  // rows of the version, for progress
  Context context_;
  std::shared_ptr<arrow::RecordBatchReader> rows_;
  int64_t done_ = 0;
  int64_t unlabelled_ = 0;
};

}  // namespace roost::api
