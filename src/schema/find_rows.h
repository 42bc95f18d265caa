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
  std::string value;   ///< as text; "" where there is none
  std::string detail;  ///< as in Anomaly: the key, the custom rule
};

/// The first rows of `batch` that break a rule, at most `limit` for each rule of each column: texts that are no numbers
/// (kType), no value at all (kMissing), NaN, infinities, values out of the range or not among the known ones, texts
/// that do not match a pattern or a format of times or stand for no bool, images that are too large. Rows are numbered
/// from `first_row`, that of the batch's first row. In the schema's order, then by rule, then by row. What depends on
/// other rows is found by RowScan (row_scan.h).
std::vector<RowFinding> FindRows(const Schema& schema, const column::BatchView& batch, int64_t first_row,
                                 int64_t limit);

/// Names the rows of `findings` in the report's anomalies of the same column, rule and detail, up to five in each.
/// Findings of later batches are added after those of earlier ones.
void AddRows(Report& report, std::span<const RowFinding> findings);

/// What each row of a batch is to be done with.
struct RowVerdicts {
  std::vector<uint8_t> bad;         ///< one a row: 1 where it breaks a rule whose severity is error
  std::vector<RowFinding> reasons;  ///< of the bad rows: by row, then in the schema's order
};

/// The verdict on each row of `batch` by the rules about single rows. A rule that allows a share of the rows to break
/// it (`missing` with a max_share above 0, `values` with a min_share below 1, and so on) makes no row bad. Rows are
/// numbered from `first_row`, that of the batch's first row.
RowVerdicts JudgeRows(const Schema& schema, const column::BatchView& batch, int64_t first_row = 1);

}  // namespace roost::schema
