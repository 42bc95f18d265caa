#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/curves.h"
#include "evaluate/evaluation.h"
#include "evaluate/flips.h"
#include "evaluate/metric.h"
#include "evaluate/resample.h"
#include "evaluate/slices.h"
#include "report/options.h"

namespace roost::report {

/// From which score on a binary version decides for true.
struct ThresholdText {
  double value = 0.5;
  std::string source;  ///< "model.threshold of its roost.yaml"
};

/// What an outcome is worth: "true positive", "4" or "the column 'fare'".
struct AmountText {
  std::string outcome;
  std::string amount;
};

/// Versions of a model that were measured on the same rows. All spans are borrowed; those that the task has nothing
/// for, or that were not asked for, are empty.
struct MeasuredModels {
  /// Of the versions, the one in question first, then of baselines, "dummy" the last.
  std::span<const std::string> names;
  size_t num_versions = 1;   ///< fewer than names, at least 1
  double confidence = 0.95;  ///< of the intervals, in (0, 1)
  std::span<const evaluate::NamedMetric* const> metrics;
  std::span<const evaluate::Slice> slices;  ///< the first is all rows
  std::span<const evaluate::LeftOutSlice> left_out;
  /// By slice. Models as `names`; differences: the first minus each other one.
  std::span<const evaluate::SliceFigures> figures;
  std::span<const std::vector<evaluate::SliceChanges>> changes;  ///< by version from the second on, then by slice
  std::span<const evaluate::Evaluation> evaluations;             ///< by version, of all rows
  std::span<const evaluate::BinaryCurves> curves;                ///< by version, of all rows
  /// By version, then by slice.
  std::span<const std::vector<std::vector<evaluate::CalibrationBin>>> calibration;
  std::vector<ThresholdText> thresholds;  ///< by version
  std::vector<AmountText> amounts;        ///< where it is declared what predictions are worth
  std::optional<double> break_even;       ///< the probability from which on acting is worth it
};

/// The versions beside each other as one HTML document of the kind that ProfileReport makes: every metric with its
/// interval on all rows and by slice, as figures and as drawings, the baselines beside them; the differences of the
/// first version to the others with what chance leaves of them; decisions that changed; calibration, and the curves of
/// binary scores; thresholds and what decisions are worth. Drawings are of the first two versions. Long lists are cut,
/// and the page says so. The same values give the same bytes.
std::string EvaluationReport(const MeasuredModels& measured, const ReportOptions& options);

}  // namespace roost::report
