#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "profile/summary.h"
#include "report/suspicion.h"

namespace roost::report {

/// A column of a report, nested ones too.
struct ColumnEntry {
  const profile::ColumnSummary* column = nullptr;
  size_t position = 0;  ///< in the data's order
  size_t depth = 0;     ///< 0 for those that lie in no other
  std::vector<Finding> findings;
  double score = 0;
};

/// All columns of `summary` with their findings, the most suspicious first, equal ones in the data's order. They point
/// into `summary`.
std::vector<ColumnEntry> EntriesOf(const profile::ProfileSummary& summary);

/// What stands above the lines; hidden from screen readers, as each line says by itself what its figures are.
std::string RowHeadings();

/// A line: name, type, findings, and the figures of its kind. With `details_html` it can be unfolded; without it is
/// only a line.
std::string ColumnRow(const ColumnEntry& entry, std::string_view details_html);

/// The characters of a name that a line shows.
inline constexpr size_t kNameCharacters = 80;

}  // namespace roost::report
