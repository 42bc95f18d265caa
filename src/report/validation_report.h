#pragma once

#include <string>

#include "report/options.h"
#include "schema/validate.h"

namespace roost::report {

/// The anomalies of `report` as one HTML document of the kind that ProfileReport makes, in the report's order: for each
/// its rule, what was observed and what the bound is, samples, numbers of rows and the proposed edit of the schema as
/// lines with - and +. Long edits are cut. The same values give the same bytes.
std::string ValidationReport(const schema::Report& report, const ReportOptions& options);

}  // namespace roost::report
