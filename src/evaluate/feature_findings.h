#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "evaluate/ablation.h"
#include "evaluate/metric.h"
#include "evaluate/resample.h"

namespace roost::evaluate {

/// One declared feature: an entry of `features:`, or a column where the trainer takes columns.
struct ReportedFeature {
  std::string name;                  ///< "date hour", "origin one_hot"; unique
  std::string declared;              ///< "{column: date, use: hour}"
  std::vector<std::string> columns;  ///< of the data, that it comes from
  int32_t places = 0;                ///< numbers of the feature vector
  double missing_share = 0;          ///< of the training rows, of the column that lacks most
  double importance = 0;             ///< permutation importance of its columns, added up
  std::optional<double> row_ns;      ///< what computing it for one row takes, on this machine
  FeatureNeed need = FeatureNeed::kNotTried;
  std::optional<double> value;       ///< of the metric without it
  Estimate loss;                     ///< by how much the metric is worse without it
  std::string failure;               ///< why there is no model without it
  std::vector<std::string> repeats;  ///< features that say nearly the same (feature_groups.h)

  /// It can go, and what it says another feature says too.
  bool only_repeats() const { return IsRemovable(need) && !repeats.empty(); }
};

/// Features that can go at once.
struct RemovableSet {
  std::vector<std::string> names;
  std::optional<double> value;
  Estimate loss;
};

/// What each feature of a model is worth, and costs.
struct FeatureFindings {
  const NamedMetric* metric = nullptr;
  double confidence = 0.95;
  std::optional<double> value;  ///< with all features, trained as those without some
  std::optional<double> dummy;
  double max_loss = 0;                           ///< what may be lost by leaving features out
  bool max_loss_is_given = false;                ///< else a hundredth of what the model gains over the dummy
  double least_correlation = 0;                  ///< from which on features are said to repeat each other
  std::vector<ReportedFeature> features;         ///< as declared
  std::vector<size_t> order;                     ///< in which they are tried
  std::optional<RemovableSet> together;          ///< the most that can go at once, tried as one
  std::vector<std::vector<std::string>> groups;  ///< of features that repeat each other
  bool is_whole = true;                          ///< false: a budget ended it

  int64_t Count(FeatureNeed need) const;
  /// In the order in which they would be tried.
  std::vector<std::string> not_tried() const;
  /// `features`, what is worth most first and what was not tried last.
  std::vector<const ReportedFeature*> by_worth() const;
};

/// One member a field, null where there is nothing; intervals at the confidence.
Json ToJson(const FeatureFindings& findings);

}  // namespace roost::evaluate
