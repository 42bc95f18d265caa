#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "profile/summary.h"
#include "report/panel.h"
#include "report/suspicion.h"

namespace roost::report {

/// The same column in a slice of the rows.
struct SliceOfColumn {
  std::string_view slice;
  const profile::ColumnSummary* column = nullptr;
};

/// Everything that is known of a column, as panels in HTML: the findings as sentences, then its figures. Children are
/// not in it; they are columns of their own.
std::string ColumnDetails(const profile::ColumnSummary& column, const std::vector<Finding>& findings,
                          const std::vector<SliceOfColumn>& slices, const Detail& detail);

/// The findings as a list of sentences, or "".
std::string FindingList(const std::vector<Finding>& findings);

}  // namespace roost::report
