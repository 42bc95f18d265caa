#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/evaluation_report.h"

namespace roost::report {

/// Made-up versions of a model, measured by the real engine.
struct MeasuredForTest {
  std::vector<std::string> names;
  size_t num_versions = 1;
  std::vector<const evaluate::NamedMetric*> metrics;
  evaluate::SliceSet slices;
  std::vector<evaluate::SliceFigures> figures;
  std::vector<std::vector<evaluate::SliceChanges>> changes;
  std::vector<evaluate::Evaluation> evaluations;
  std::vector<evaluate::BinaryCurves> curves;
  std::vector<std::vector<std::vector<evaluate::CalibrationBin>>> calibration;
  std::vector<ThresholdText> thresholds;
  std::vector<AmountText> amounts;
  std::optional<double> break_even;

  MeasuredModels view() const;
};

/// Three versions that tell late flights, on 4,000 rows and seven slices; with what decisions are worth.
MeasuredForTest MeasuredLateFlights();
/// The same with texts that want to be HTML for slices, versions, outcomes.
MeasuredForTest MeasuredHostile();
/// One version of three classes, one of which has such a name.
MeasuredForTest MeasuredClasses();
/// Two versions of a number, with 300 slices.
MeasuredForTest MeasuredNumber();

}  // namespace roost::report
