#pragma once

#include <string>

#include "profile/summary.h"
#include "report/options.h"

namespace roost::report {

/// `summary` as one HTML document that needs nothing else: no network, no font, no script to be read. A line for each
/// column, nested ones too, the most suspicious first (suspicion.h; equal ones in the data's order), each with its
/// figures folded below it. The same values give the same bytes.
///
/// The size depends on the number of columns, not of rows: at most 1.5 MB up to 500 columns. Where all figures would
/// not fit, long lists are cut shorter; beyond some hundred columns only the most suspicious have details and the
/// page says so. A line takes about 0.6 kB, so 10,000 columns make a page of about 7 MB.
std::string ProfileReport(const profile::ProfileSummary& summary, const ReportOptions& options);

}  // namespace roost::report
