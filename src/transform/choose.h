#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "profile/summary.h"
#include "transform/transform.h"

namespace roost::transform {

/// A feature that was chosen, and why, in one plain sentence with the figures that decided.
struct ChosenFeature {
  FeatureSpec spec;
  std::string reason;
};

/// A column that no feature was made of, and why.
struct LeftOutColumn {
  std::string column;
  std::string reason;
};

struct FeatureChoice {
  std::vector<ChosenFeature> features;  ///< in the order of the columns
  std::vector<LeftOutColumn> left_out;  ///< the same
};

struct ChooseOptions {
  bool trees = false;                  ///< for boosted trees; else for linear models
  std::vector<std::string> leave_out;  ///< the label's columns, those of the split, of weights, keys
  int64_t max_features = 1000;         ///< entries; the columns with the most missing values go first beyond it
};

/// Chooses features from the statistics of the training rows alone; the label is not looked at, so what leaks it is not
/// found here. What is chosen suits Transform::Fit on the same rows. The same summary gives the same choice.
/// InvalidArgument where no column gives a feature; the message says why of each, up to ten.
/// Cost: microseconds a column.
absl::StatusOr<FeatureChoice> ChooseFeatures(const profile::ProfileSummary& summary, const ChooseOptions& options);

/// The same for one column, as where an entry of `features:` has no `use`: features, or one reason to leave it out.
FeatureChoice ChooseForColumn(const profile::ColumnSummary& column, bool trees);

}  // namespace roost::transform
