#pragma once

#include <cstddef>
#include <string>

#include "report/evaluation_report.h"

namespace roost::report {

/// The tables of an evaluation report, each in a panel of its own; "" where there is nothing to show.

/// A version's name for headings: short, and safe in HTML.
std::string VersionHtml(const MeasuredModels& measured, size_t model);

/// Which line of a drawing is whose.
std::string LinesLegend(const MeasuredModels& measured);

/// A line a metric, of all rows: each model's value, and the first's difference to the second.
std::string MetricsTable(const MeasuredModels& measured);

/// The first's differences to model `other`, of all rows.
std::string DifferencesTable(const MeasuredModels& measured, size_t other);

/// A line a slice, at most `most`: each model's value of one metric, and the first's difference to the second.
std::string SlicesTable(const MeasuredModels& measured, size_t metric, size_t most);

/// A line a slice, at most `most`: decisions that changed from version `other`, and how far scores differ.
std::string ChangesTable(const MeasuredModels& measured, size_t other, size_t most);

/// What the task has beside its metrics: the figures of each class, or the quantiles of the errors.
std::string TaskTable(const MeasuredModels& measured);

}  // namespace roost::report
