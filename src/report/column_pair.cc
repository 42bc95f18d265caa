#include "report/column_pair.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "column/column_view.h"

namespace roost::report {
namespace {

using profile::ColumnSummary;
using profile::Comparison;

double DriftOf(const ColumnPair& pair) {
  const double missing = std::abs(MissingShare(*pair.now) - MissingShare(*pair.baseline));
  return std::max({pair.type_changed() ? 1.0 : 0.0, pair.divergence().value_or(0), missing});
}

void Flatten(const std::vector<ColumnSummary>& columns, std::vector<const ColumnSummary*>& all) {
  for (const ColumnSummary& column : columns) {
    all.push_back(&column);
    Flatten(column.children, all);
  }
}

}  // namespace

std::optional<double> ColumnPair::divergence() const {
  if (!comparison) return std::nullopt;
  for (const profile::Distance& distance : comparison->distances) {
    if (distance.measure == profile::Measure::kJensenShannon) return distance.value;
  }
  return std::nullopt;
}

bool ColumnPair::have_common_bars() const {
  const auto is_numeric = [](const ColumnSummary& column) {
    return column.number.has_value() && column.type != column::Type::kBool;
  };
  return is_numeric(*now) && is_numeric(*baseline) && column::IsTime(now->type) == column::IsTime(baseline->type);
}

double MissingShare(const ColumnSummary& column) {
  return column.rows > 0 ? static_cast<double>(column.missing) / static_cast<double>(column.rows) : 0;
}

MatchedColumns MatchColumns(const Side& now, const Side& baseline, const std::vector<ColumnComparison>& comparisons) {
  std::vector<const ColumnSummary*> columns, others;
  Flatten(now.summary.columns, columns);
  Flatten(baseline.summary.columns, others);
  absl::flat_hash_map<std::string_view, const ColumnSummary*> names_now, names_baseline;
  absl::flat_hash_map<std::string_view, const Comparison*> compared;
  for (const ColumnSummary* column : columns) names_now.emplace(column->name, column);
  for (const ColumnSummary* column : others) names_baseline.emplace(column->name, column);
  for (const ColumnComparison& one : comparisons) compared.emplace(one.column, &one.comparison);
  MatchedColumns matched;
  for (const ColumnSummary* column : columns) {
    const auto other = names_baseline.find(column->name);
    if (other == names_baseline.end()) {
      matched.only_now.push_back(column);
      continue;
    }
    const auto comparison = compared.find(column->name);
    ColumnPair pair{column, other->second, comparison == compared.end() ? nullptr : comparison->second,
                    matched.pairs.size()};
    pair.drift = DriftOf(pair);
    matched.pairs.push_back(pair);
  }
  for (const ColumnSummary* column : others) {
    if (!names_now.contains(column->name)) matched.only_baseline.push_back(column);
  }
  std::stable_sort(matched.pairs.begin(), matched.pairs.end(),
                   [](const ColumnPair& a, const ColumnPair& b) { return a.drift > b.drift; });
  return matched;
}

}  // namespace roost::report
