#pragma once

#include <optional>

#include "profile/summary.h"
#include "schema/rules.h"

namespace roost::schema {

/// The figure of `column` that a band is about; empty where the column has none. Private to this folder.
std::optional<double> StatisticOf(const profile::ColumnSummary& column, Statistic statistic);

/// The percentile (0 to 100) that `statistic` is, or -1.
int PercentOf(Statistic statistic);

/// digits * 10^exponent as the double that a person's "0.07" reads to, which the product need not be.
double Decimal(double digits, int exponent);

/// `value` rounded up (down) to `digits` significant digits, as the double that its decimal text reads to.
double RoundedUp(double value, int digits = 2);
double RoundedDown(double value, int digits = 2);

}  // namespace roost::schema
