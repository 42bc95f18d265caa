#pragma once

#include <cstddef>
#include <string>

#include "report/evaluation_report.h"

namespace roost::report {

/// The drawings of binary scores in an evaluation report, of the first two versions; "" for other tasks.

/// How often what is predicted happens: mean scores of ten parts of the rows and their shares of positive rows.
std::string CalibrationCharts(const MeasuredModels& measured);

/// The same of each slice, at most `most`, as small drawings on the same axes.
std::string CalibrationBySliceCharts(const MeasuredModels& measured, size_t most);

/// ROC, precision and recall, gains, and the value by threshold where it is declared what predictions are worth.
std::string CurveCharts(const MeasuredModels& measured);

/// What acting on the rows of the highest scores comes to, a line for each tenth.
std::string LiftTable(const MeasuredModels& measured);

}  // namespace roost::report
