#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "profile/summary.h"
#include "schema/infer.h"

namespace roost::schema {

/// The versions of one column, oldest first, none without rows. Private to this folder.
using ColumnHistory = std::vector<const profile::ColumnSummary*>;

/// The statistics of which the column gets bands.
std::vector<Statistic> BandStatistics(const ColumnHistory& history, const ColumnRules& rules);

/// The band of one of them; `alpha` is the chance of a false alarm that it may have. `why` says from which figures.
Band BandOf(const ColumnHistory& history, Statistic statistic, double alpha, std::string& why);

/// The band of the ratio of rows of successive versions; empty for fewer than four versions.
std::optional<RowsRule> RowsRatio(std::span<const profile::ProfileSummary> versions, double alpha, std::string& why);

}  // namespace roost::schema
