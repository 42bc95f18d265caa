#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "column/batch.h"
#include "train/training_rows.h"

namespace roost::benchmark {

/// A folder of dumps.py.
struct Dump {
  transform::FeatureRows features;
  std::vector<double> targets;
  int32_t num_classes = 2;
  double l2 = 0;

  train::TrainingRows Rows() const {
    return {.features = &features, .targets = targets, .weights = {}, .groups = {}, .num_classes = num_classes};
  }
};

/// Dense rows get an entry for every feature. DataLoss where the folder is not whole.
absl::StatusOr<Dump> ReadDump(const std::string& folder);

/// `values` as they lie in memory. PermissionDenied and the like.
absl::Status WriteDoubles(const std::string& path, const std::vector<double>& values);

/// The rows of a Parquet file, kept in memory.
absl::StatusOr<std::vector<column::OwnedBatch>> ReadRows(const std::string& path, const Context& context);

}  // namespace roost::benchmark
