#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "column/batch.h"
#include "schema/anomaly.h"

namespace roost::schema {

/// A rule that a single row can break, made ready for many batches. Private to this folder.
struct RowRule {
  const ColumnRules* column = nullptr;
  Rule rule = Rule::kType;
  std::string detail;  ///< as in Anomaly
  Severity severity = Severity::kError;
  /// Each row that breaks it is bad by itself: the rule leaves no share of rows to break it.
  bool decides = true;
  /// Sets `broken[row]` where the row breaks the rule. False where the rule does not go with what the column holds now.
  std::function<bool(const column::ColumnView& column, std::vector<uint8_t>& broken)> find;
};

/// The rules of `schema` about single rows, for columns that are checked, in the schema's order and then Rule's.
/// Borrows from `schema`. Known values are put into a hash set: do it once for many batches.
std::vector<RowRule> RowRulesOf(const Schema& schema);

/// Sets `broken[row]`, one for each row of `batch`, where the row breaks `rule`; false where the rule does not go with
/// what its column holds now, or the column is not there. A row breaks a rule of what its list holds ("tags[]") where
/// any value of the list does.
bool FindBroken(const RowRule& rule, const column::BatchView& batch, std::vector<uint8_t>& broken);

/// The value of `row` as text, for findings: of bytes their size, "" for nulls and for what is nested.
std::string ValueText(const column::ColumnView& column, int64_t row);

/// The same of the column of that name; "" for what is inside another column.
std::string ValueText(const column::BatchView& batch, std::string_view name, int64_t row);

}  // namespace roost::schema
