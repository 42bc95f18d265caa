#include "api/measure_curves.h"

#include <utility>

#include "base/status.h"

namespace roost::api {
absl::StatusOr<MeasuredCurves> MakeMeasuredCurves(const evaluate::MeasuredRows& rows,
                                                  std::span<const evaluate::ModelScores> versions,
                                                  const evaluate::SliceSet& slices,
                                                  const evaluate::TrainingBaseline& baseline,
                                                  const std::vector<std::string>& class_names, const Context& context) {
  MeasuredCurves made;
  for (const evaluate::ModelScores& version : versions) {
    const evaluate::ScoredRows scored{.scores = version.scores,
                                      .num_outputs = version.num_outputs,
                                      .targets = rows.targets,
                                      .weights = rows.weights,
                                      .groups = rows.groups};
    const evaluate::ScoringOptions options{
        .baseline = baseline, .class_names = class_names, .threshold = version.threshold};
    TRY_ASSIGN(evaluate::Evaluation evaluation, evaluate::EvaluateScores(rows.task, scored, options));
    made.evaluations.push_back(std::move(evaluation));
    if (rows.task != predict::Task::kBinary) continue;
    TRY_ASSIGN(evaluate::BinaryCurves curves,
               evaluate::MakeCurves(scored, rows.amounts == nullptr ? nullptr : &rows.amounts->outcomes, {}));
    made.curves.push_back(std::move(curves));
    TRY_ASSIGN(auto calibration, evaluate::CalibrationBySlice(scored, slices, options.calibration_bins, context));
    made.calibration.push_back(std::move(calibration));
  }
  return made;
}

}  // namespace roost::api
