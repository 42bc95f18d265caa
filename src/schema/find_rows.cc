#include "schema/find_rows.h"

#include <algorithm>
#include <utility>

#include "schema/row_rules.h"

namespace roost::schema {
namespace {

constexpr size_t kMaxRows = 5;

}  // namespace

std::vector<RowFinding> FindRows(const Schema& schema, const column::BatchView& batch, int64_t first_row,
                                 int64_t limit) {
  std::vector<RowFinding> findings;
  std::vector<uint8_t> broken;
  for (const RowRule& rule : RowRulesOf(schema)) {
    broken.assign(batch.num_rows(), 0);
    if (!FindBroken(rule, batch, broken)) continue;
    int64_t found = 0;
    for (int64_t row = 0; row < batch.num_rows() && found < limit; ++row) {
      if (broken[row] == 0) continue;
      findings.push_back({first_row + row, rule.column->name, rule.rule, rule.severity,
                          ValueText(batch, rule.column->name, row), rule.detail});
      ++found;
    }
  }
  return findings;
}

void AddRows(Report& report, std::span<const RowFinding> findings) {
  for (Anomaly& anomaly : report.anomalies) {
    for (const RowFinding& finding : findings) {
      if (anomaly.rows.size() >= kMaxRows) break;
      if (finding.column == anomaly.column && finding.rule == anomaly.rule && finding.detail == anomaly.detail) {
        anomaly.rows.push_back(finding.row);
      }
    }
  }
}

RowVerdicts JudgeRows(const Schema& schema, const column::BatchView& batch, int64_t first_row) {
  RowVerdicts verdicts{.bad = std::vector<uint8_t>(batch.num_rows()), .reasons = {}};
  std::vector<uint8_t> broken;
  for (const RowRule& rule : RowRulesOf(schema)) {
    if (rule.severity != Severity::kError || !rule.decides) continue;
    broken.assign(batch.num_rows(), 0);
    if (!FindBroken(rule, batch, broken)) continue;
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      if (broken[row] == 0) continue;
      verdicts.bad[row] = 1;
      verdicts.reasons.push_back({first_row + row, rule.column->name, rule.rule, rule.severity,
                                  ValueText(batch, rule.column->name, row), rule.detail});
    }
  }
  std::stable_sort(verdicts.reasons.begin(), verdicts.reasons.end(),
                   [](const RowFinding& a, const RowFinding& b) { return a.row < b.row; });
  return verdicts;
}

}  // namespace roost::schema
