#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "evaluate/baseline.h"
#include "evaluate/curves.h"
#include "evaluate/evaluation.h"
#include "evaluate/resample.h"
#include "evaluate/slices.h"

namespace roost::api {

/// What a reader sees of each version beside its figures.
struct MeasuredCurves {
  std::vector<evaluate::Evaluation> evaluations;  ///< by version, of all rows
  std::vector<evaluate::BinaryCurves> curves;     ///< binary: by version, of all rows
  /// Binary: by version, then by slice.
  std::vector<std::vector<std::vector<evaluate::CalibrationBin>>> calibration;
};

/// Of the scores of some versions on the same rows. `class_names` are those of Task::kClasses. Errors and cost as
/// EvaluateScores, MakeCurves and CalibrationBySlice.
absl::StatusOr<MeasuredCurves> MakeMeasuredCurves(const evaluate::MeasuredRows& rows,
                                                  std::span<const evaluate::ModelScores> versions,
                                                  const evaluate::SliceSet& slices,
                                                  const evaluate::TrainingBaseline& baseline,
                                                  const std::vector<std::string>& class_names, const Context& context);

}  // namespace roost::api
