#include "schema/find_rows.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "base/format.h"
#include "schema/wording.h"

namespace roost::schema {
namespace {

constexpr size_t kMaxRows = 5;

// The rows of one column that break its rules.
class ColumnScan {
 public:
  ColumnScan(const ColumnRules& rules, const column::ColumnView& column, int64_t first_row, int64_t limit,
             std::vector<RowFinding>& findings)
      : rules_(rules), column_(column), first_row_(first_row), limit_(limit), findings_(findings) {}

  void Run() {
    const Type type = TypeOf(column_.type());
    const bool wants_number = rules_.type == Type::kInteger || rules_.type == Type::kNumber;
    if (wants_number && type == Type::kText) {
      Find(Rule::kType, Severity::kError, [&](int64_t row) { return !ReadsAs(rules_.type, column_.TextAt(row)); });
    }
    if (rules_.missing.has_value()) FindMissing();
    if (wants_number && (type == Type::kInteger || type == Type::kNumber)) FindNumbers();
    if (rules_.values.has_value() && type == Type::kText) {
      const std::vector<std::string>& allowed = rules_.values->allowed;
      Find(Rule::kValues, rules_.values->severity, [&](int64_t row) {
        return !std::binary_search(allowed.begin(), allowed.end(), column_.TextAt(row), std::less<>());
      });
    }
  }

 private:
  template <typename Breaks>
  void Find(Rule rule, Severity severity, const Breaks& breaks) {
    int64_t found = 0;
    for (int64_t row = 0; row < column_.length() && found < limit_; ++row) {
      if (column_.IsNull(row) || !breaks(row)) continue;
      Add(rule, severity, row, ValueText(row));
      ++found;
    }
  }

  void FindMissing() {
    if (!column_.has_nulls()) return;
    int64_t found = 0;
    for (int64_t row = 0; row < column_.length() && found < limit_; ++row) {
      if (!column_.IsNull(row)) continue;
      Add(Rule::kMissing, rules_.missing->severity, row, "");
      ++found;
    }
  }

  void FindNumbers() {
    const auto severity_of = [](Policy policy) {
      return policy == Policy::kError ? Severity::kError : Severity::kWarning;
    };
    const auto find = [this](Rule rule, Severity severity, const auto& breaks) {
      Find(rule, severity, [&](int64_t row) { return breaks(column_.NumberAt(row)); });
    };
    if (rules_.nan != Policy::kAllow) {
      find(Rule::kNan, severity_of(rules_.nan), [](double value) { return std::isnan(value); });
    }
    if (rules_.infinity != Policy::kAllow) {
      find(Rule::kInfinity, severity_of(rules_.infinity), [](double value) { return std::isinf(value); });
    }
    if (!rules_.range.has_value()) return;
    const RangeRule& range = *rules_.range;
    if (range.min.has_value()) {
      find(Rule::kMin, range.severity, [&](double value) { return std::isfinite(value) && value < *range.min; });
    }
    if (range.max.has_value()) {
      find(Rule::kMax, range.severity, [&](double value) { return std::isfinite(value) && value > *range.max; });
    }
  }

  std::string ValueText(int64_t row) const {
    if (column::IsText(column_.type())) return std::string(column_.TextAt(row));
    return FormatExact(column_.NumberAt(row));
  }

  void Add(Rule rule, Severity severity, int64_t row, std::string value) {
    findings_.push_back({first_row_ + row, rules_.name, rule, severity, std::move(value)});
  }

  const ColumnRules& rules_;
  const column::ColumnView& column_;
  int64_t first_row_;
  int64_t limit_;
  std::vector<RowFinding>& findings_;
};

}  // namespace

std::vector<RowFinding> FindRows(const Schema& schema, const column::BatchView& batch, int64_t first_row,
                                 int64_t limit) {
  std::vector<RowFinding> findings;
  for (const ColumnRules& rules : schema.columns) {
    const column::ColumnView* column = batch.Find(rules.name);
    if (rules.presence == Presence::kDeprecated || column == nullptr) continue;
    ColumnScan(rules, *column, first_row, limit, findings).Run();
  }
  return findings;
}

void AddRows(Report& report, std::span<const RowFinding> findings) {
  for (Anomaly& anomaly : report.anomalies) {
    for (const RowFinding& finding : findings) {
      if (anomaly.rows.size() >= kMaxRows) break;
      if (finding.column == anomaly.column && finding.rule == anomaly.rule) anomaly.rows.push_back(finding.row);
    }
  }
}

}  // namespace roost::schema
