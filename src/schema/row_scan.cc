#include "schema/row_scan.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/status.h"
#include "expr/expression.h"
#include "schema/row_rules.h"
#include "schema/word_scan.h"

namespace roost::schema {
namespace {

using Broken = std::vector<uint8_t>;

constexpr size_t kMaxRows = 5;
constexpr size_t kMaxSamples = 10;
constexpr size_t kMaxValues = 1000;  // that are counted for each rule

std::string ColumnText(const std::vector<std::string>& columns) { return fmt::format("{}", fmt::join(columns, ", ")); }

// "ATL, 2001-05-01": the values of several columns.
std::string ValuesText(const column::BatchView& batch, const std::vector<std::string>& columns, int64_t row) {
  std::string text;
  for (const std::string& name : columns) {
    const column::ColumnView* column = batch.Find(name);
    if (!text.empty()) text += ", ";
    if (column != nullptr) text += columns.size() > 1 && column->IsNull(row) ? "null" : ValueText(*column, row);
  }
  return text;
}

// Whether `name` is the path of what a list or a struct of the batch holds.
bool IsInside(const column::BatchView& batch, std::string_view name) {
  if (batch.Find(name) != nullptr) return false;
  return std::any_of(batch.columns().begin(), batch.columns().end(), [name](const column::ColumnView& column) {
    if (column.nesting() == column::Nesting::kNone || !name.starts_with(column.name())) return false;
    const std::string_view rest = name.substr(column.name().size());
    return rest.starts_with('.') || rest.starts_with('[');
  });
}

// How many values the row holds, which is not null.
int64_t LengthAt(const column::ColumnView& column, int64_t row) {
  if (column.nesting() != column::Nesting::kList) return 1;
  const auto [begin, end] = column.ListRange(row);
  return end - begin;
}

}  // namespace

struct RowScan::Check {
  RowCount count;
  /// Sets `broken[row]`. A status says why the rule cannot be checked; Cancelled ends the scan.
  std::function<absl::Status(const column::BatchView& batch, const Context& context, Broken& broken)> find;
  std::vector<std::string> shown;  // the columns whose values are samples
  std::unordered_map<std::string, int64_t> values;
};

const RowCount* RowCounts::Find(std::string_view column, Rule rule, std::string_view detail) const {
  for (const RowCount& count : counts) {
    if (count.rule == rule && count.column == column && count.detail == detail) return &count;
  }
  return nullptr;
}

std::string DetailOf(const SparseFeature& feature, const std::string& index) {
  return feature.index_columns.size() == 1 ? feature.name : fmt::format("{}: {}", feature.name, index);
}

bool NeedsRows(const Schema& schema) {
  const auto column_needs = [](const ColumnRules& column) {
    return IsChecked(column) && (column.pattern.has_value() || column.times.has_value() ||
                                 column.duplicates != Policy::kAllow || NeedsWords(column));
  };
  return !schema.dataset.keys.empty() || !schema.dataset.foreign_keys.empty() ||
         std::any_of(schema.rules.begin(), schema.rules.end(),
                     [](const CustomRule& rule) { return rule.scope == Scope::kRow; }) ||
         std::any_of(schema.columns.begin(), schema.columns.end(), column_needs);
}

RowScan::RowScan(const Schema& schema, RowScanOptions options) : schema_(schema) {
  for (RowRule& rule : RowRulesOf(schema)) {
    Check check{.count = {.column = rule.column->name,
                          .rule = rule.rule,
                          .detail = rule.detail,
                          .severity = rule.severity,
                          .decides = rule.decides}};
    check.shown = {rule.column->name};
    check.find = [rule = std::move(rule)](const column::BatchView& batch, const Context&, Broken& broken) {
      if (FindBroken(rule, batch, broken)) return absl::OkStatus();
      return absl::NotFoundError("the column is not there or holds something else");
    };
    checks_.push_back(std::move(check));
  }
  for (const ColumnRules& column : schema.columns) {
    if (column.order.has_value() && IsChecked(column)) AddOrder(column);
  }
  AddKeys(options);
  AddForeignKeys(options);
  AddParts();
  AddCustomRules();
}

RowScan::~RowScan() = default;

void RowScan::AddOrder(const ColumnRules& column) {
  Check check{.count = {.column = column.name, .rule = Rule::kOrder, .severity = column.order->severity}};
  check.shown = {column.name};
  check.find = [&column, last = std::optional<double>()](const column::BatchView& batch, const Context&,
                                                         Broken& broken) mutable {
    const column::ColumnView* view = batch.Find(column.name);
    const bool is_time = view != nullptr && column::IsTime(view->type());
    if (view == nullptr) return absl::NotFoundError("only values of a column of its own follow each other");
    if (!is_time && !column::IsNumber(view->type())) return absl::NotFoundError("its values are no numbers or times");
    const OrderRule& rule = *column.order;
    for (int64_t row = 0; row < view->length(); ++row) {
      if (view->IsNull(row)) continue;
      const double value = is_time ? static_cast<double>(view->MicrosAt(row)) * 1e-6 : view->NumberAt(row);
      if (std::isnan(value)) continue;
      if (last.has_value()) {
        const double step = rule.direction == Direction::kAscending ? value - *last : *last - value;
        const bool leaps = rule.max_gap.has_value() && std::abs(step) > *rule.max_gap;
        if (step < 0 || (rule.strict && step == 0) || leaps) broken[row] = 1;
      }
      last = value;
    }
    return absl::OkStatus();
  };
  checks_.push_back(std::move(check));
}

void RowScan::AddKeys(const RowScanOptions& options) {
  const auto add = [&](RowCount count, std::vector<std::string> columns, bool null_breaks) {
    Check check{.count = std::move(count)};
    check.shown = columns;
    check.find = [keys = std::make_shared<KeySet>(std::move(columns), options.max_keys), null_breaks](
                     const column::BatchView& batch, const Context&, Broken& broken) -> absl::Status {
      TRY_ASSIGN(const Broken repeats, keys->Add(batch));
      for (size_t row = 0; row < repeats.size(); ++row) {
        if (repeats[row] == 1 || (repeats[row] == 2 && null_breaks)) broken[row] = 1;
      }
      // Beyond the keys that fit there may be more.
      return keys->is_exact() ? absl::OkStatus() : absl::OutOfRangeError("more keys than fit into memory");
    };
    checks_.push_back(std::move(check));
  };
  for (const ColumnRules& column : schema_.columns) {
    if (column.duplicates == Policy::kAllow || !IsChecked(column)) continue;
    const Severity severity = SeverityOf(column.duplicates);
    add({.column = column.name, .rule = Rule::kDuplicates, .severity = severity}, {column.name}, false);
  }
  for (const Key& key : schema_.dataset.keys) {
    add({.rule = Rule::kKey, .detail = ColumnText(key.columns), .severity = key.severity}, key.columns, true);
  }
}

void RowScan::AddForeignKeys(const RowScanOptions& options) {
  for (size_t i = 0; i < schema_.dataset.foreign_keys.size(); ++i) {
    const ForeignKey& key = schema_.dataset.foreign_keys[i];
    const KeySet* keys = i < options.foreign_keys.size() ? options.foreign_keys[i] : nullptr;
    Check check{.count = {.rule = Rule::kForeignKey,
                          .detail = NameOf(key, schema_.dataset.foreign_keys),
                          .severity = key.severity}};
    check.shown = key.columns;
    check.find = [&key, keys](const column::BatchView& batch, const Context&, Broken& broken) -> absl::Status {
      if (keys == nullptr) return absl::NotFoundError(fmt::format("the rows of '{}' are not at hand", key.dataset));
      if (!keys->is_exact()) return absl::ResourceExhaustedError(fmt::format("'{}' has too many keys", key.dataset));
      TRY_ASSIGN(const Broken found, keys->Contains(batch, key.columns));
      for (size_t row = 0; row < found.size(); ++row) broken[row] = found[row] == 0 ? 1 : 0;
      return absl::OkStatus();
    };
    checks_.push_back(std::move(check));
  }
}

// A row that has one part of a feature and lacks another, or has not equally much of both.
void RowScan::AddParts() {
  const auto add = [this](const std::string& feature, Rule rule, Severity severity, const std::string& part,
                          std::vector<std::string> others) {
    Check check{.count = {.rule = rule, .detail = feature, .severity = severity}};
    check.shown = others;
    check.find = [part, others = std::move(others)](const column::BatchView& batch, const Context&,
                                                    Broken& broken) -> absl::Status {
      for (const std::string& name : others) {
        if (IsInside(batch, name)) return absl::NotFoundError(fmt::format("'{}' is inside another column", name));
      }
      if (IsInside(batch, part)) return absl::NotFoundError(fmt::format("'{}' is inside another column", part));
      const column::ColumnView* lacked = batch.Find(part);
      for (const std::string& name : others) {
        const column::ColumnView* other = batch.Find(name);
        if (other == nullptr) continue;
        for (int64_t row = 0; row < batch.num_rows(); ++row) {
          if (!other->IsNull(row) && (lacked == nullptr || lacked->IsNull(row))) broken[row] = 1;
        }
      }
      return absl::OkStatus();
    };
    checks_.push_back(std::move(check));
  };
  const auto add_lengths = [this](const std::string& detail, Rule rule, Severity severity, const std::string& a,
                                  const std::string& b) {
    Check check{.count = {.rule = rule, .detail = detail, .severity = severity}};
    check.find = [a, b](const column::BatchView& batch, const Context&, Broken& broken) {
      const column::ColumnView* first = batch.Find(a);
      const column::ColumnView* second = batch.Find(b);
      if (first == nullptr || second == nullptr) return absl::OkStatus();
      for (int64_t row = 0; row < batch.num_rows(); ++row) {
        if (first->IsNull(row) || second->IsNull(row)) continue;
        if (LengthAt(*first, row) != LengthAt(*second, row)) broken[row] = 1;
      }
      return absl::OkStatus();
    };
    checks_.push_back(std::move(check));
  };
  for (const SparseFeature& feature : schema_.sparse_features) {
    add(feature.name, Rule::kSparseValue, feature.severity, feature.value_column, feature.index_columns);
    for (const std::string& index : feature.index_columns) {
      const std::string detail = DetailOf(feature, index);
      add(detail, Rule::kSparseIndex, feature.severity, index, {feature.value_column});
      add_lengths(detail, Rule::kSparseLength, feature.severity, index, feature.value_column);
    }
  }
  for (const WeightedFeature& feature : schema_.weighted_features) {
    add(feature.name, Rule::kWeightedValue, feature.severity, feature.column, {feature.weight_column});
    add(feature.name, Rule::kWeightedWeight, feature.severity, feature.weight_column, {feature.column});
    add_lengths(feature.name, Rule::kWeightedLength, feature.severity, feature.column, feature.weight_column);
  }
}

void RowScan::AddCustomRules() {
  for (const CustomRule& rule : schema_.rules) {
    if (rule.scope != Scope::kRow) continue;
    Check check{
        .count = {
            .rule = Rule::kCustom, .detail = rule.name, .severity = rule.severity, .decides = rule.max_share == 0}};
    const auto expression = expr::Expression::Parse(rule.check);
    if (expression.ok()) check.shown = expression->columns();
    check.find = [expression](const column::BatchView& batch, const Context& context, Broken& broken) -> absl::Status {
      TRY(expression.status());
      TRY_ASSIGN(const expr::BoundExpression bound, expression->Bind(expr::ColumnsOf(batch)));
      TRY_ASSIGN(const std::vector<int8_t> values, bound.EvaluateBoolean(batch, context));
      for (size_t row = 0; row < values.size(); ++row) broken[row] = values[row] == 0 ? 1 : 0;
      return absl::OkStatus();
    };
    checks_.push_back(std::move(check));
  }
}

absl::StatusOr<RowVerdicts> RowScan::Add(const column::BatchView& batch, const Context& context) {
  RowVerdicts verdicts{.bad = Broken(batch.num_rows()), .reasons = {}};
  Broken broken;
  for (Check& check : checks_) {
    TRY(context.CheckCancelled());
    RowCount& count = check.count;
    if (!count.problem.empty()) continue;
    broken.assign(batch.num_rows(), 0);
    const absl::Status status = check.find(batch, context, broken);
    if (absl::IsCancelled(status)) return status;
    if (absl::IsOutOfRange(status)) {
      count.exact = false;
    } else if (!status.ok()) {
      const std::string message(status.message());
      count.problem = message.substr(0, message.find('\n'));
      continue;
    }
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      if (broken[row] == 0) continue;
      ++count.broken;
      if (count.rows.size() < kMaxRows) count.rows.push_back(rows_ + row + 1);
      const bool is_bad = count.severity == Severity::kError && count.decides;
      std::string value = ValuesText(batch, check.shown, row);
      if (is_bad) {
        verdicts.bad[row] = 1;
        verdicts.reasons.push_back({rows_ + row + 1, count.column, count.rule, count.severity, value, count.detail});
      }
      const auto known = check.values.find(value);
      if (known != check.values.end()) {
        ++known->second;
      } else if (check.values.size() < kMaxValues) {
        check.values.emplace(std::move(value), 1);
      }
    }
  }
  std::stable_sort(verdicts.reasons.begin(), verdicts.reasons.end(),
                   [](const RowFinding& a, const RowFinding& b) { return a.row < b.row; });
  rows_ += batch.num_rows();
  return verdicts;
}

RowCounts RowScan::Counts() const {
  RowCounts result{.rows = rows_, .counts = {}};
  for (const Check& check : checks_) {
    RowCount count = check.count;
    for (const auto& [value, times] : check.values) {
      if (!value.empty()) count.samples.push_back({value, times});
    }
    std::sort(count.samples.begin(), count.samples.end(),
              [](const profile::ValueCount& a, const profile::ValueCount& b) {
                return a.count != b.count ? a.count > b.count : a.value < b.value;
              });
    if (count.samples.size() > kMaxSamples) count.samples.resize(kMaxSamples);
    result.counts.push_back(std::move(count));
  }
  return result;
}

}  // namespace roost::schema
