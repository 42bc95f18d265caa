#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "column/batch.h"
#include "schema/validate.h"

namespace roost::schema {

/// A row that breaks a rule about single rows.
struct RowFinding {
  int64_t row = 0;
  std::string column;
  Rule rule = Rule::kType;
  Severity severity = Severity::kError;
  std::string value;  ///< as text; "" where there is none
};

/// The first rows of `batch` that break a rule, at most `limit` for each rule of each column: texts that are no numbers
/// (kType), no value at all (kMissing), NaN, infinities, values out of the range or not among the known ones. Rows are
/// numbered from `first_row`, that of the batch's first row. In the schema's order, then by rule, then by row.
std::vector<RowFinding> FindRows(const Schema& schema, const column::BatchView& batch, int64_t first_row,
                                 int64_t limit);

/// Names the rows of `findings` in the report's anomalies of the same column and rule, up to five in each. Findings
/// of later batches are added after those of earlier ones.
void AddRows(Report& report, std::span<const RowFinding> findings);

}  // namespace roost::schema
