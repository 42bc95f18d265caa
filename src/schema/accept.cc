#include <algorithm>
#include <utility>

#include "schema/validate.h"

namespace roost::schema {
namespace {

// Takes from `proposed` what `rule` is about. Other anomalies of the column may have been accepted before.
void Apply(Rule rule, const ColumnRules& proposed, ColumnRules& column) {
  switch (rule) {
    case Rule::kRows:
    case Rule::kNewColumn: break;
    case Rule::kColumn: column.presence = proposed.presence; break;
    case Rule::kRenamed: column.name = proposed.name; break;
    case Rule::kType:
      column.type = proposed.type;
      column.nan = proposed.nan;
      column.infinity = proposed.infinity;
      column.range = proposed.range;
      column.values = proposed.values;
      break;
    case Rule::kMissing: column.missing = proposed.missing; break;
    case Rule::kNan: column.nan = proposed.nan; break;
    case Rule::kInfinity: column.infinity = proposed.infinity; break;
    case Rule::kMin:
      if (column.range.has_value()) column.range->min = proposed.range->min;
      break;
    case Rule::kMax:
      if (column.range.has_value()) column.range->max = proposed.range->max;
      break;
    case Rule::kValues: column.values = proposed.values; break;
  }
}

}  // namespace

Schema Accept(const Schema& schema, const Anomaly& anomaly) {
  Schema accepted = schema;
  if (!anomaly.proposed.has_value()) return accepted;
  if (anomaly.rule == Rule::kNewColumn) {
    if (accepted.Find(anomaly.column) == nullptr) accepted.columns.push_back(*anomaly.proposed);
    return accepted;
  }
  for (ColumnRules& column : accepted.columns) {
    if (column.name != anomaly.column) continue;
    Apply(anomaly.rule, *anomaly.proposed, column);
    break;
  }
  return accepted;
}

}  // namespace roost::schema
