#include "api/row_values.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "column/builder.h"
#include "expr/expression.h"

namespace roost::api {
namespace {

// What `each` calls the target, the score, and whether the score is at least the threshold (0 or 1).
constexpr std::array<const char*, 3> kOwnNames{"label", "score", "decision"};
constexpr double kLargest = 1e100;

bool IsOwnName(const std::string& name) {
  return std::find(kOwnNames.begin(), kOwnNames.end(), name) != kOwnNames.end();
}

struct NamedAmount {
  const char* key;
  const config::AmountConfig* amount;
};

std::array<NamedAmount, 6> AmountsOf(const config::ValueConfig& value) {
  return {{{"true_positive", &value.true_positive},
           {"false_positive", &value.false_positive},
           {"false_negative", &value.false_negative},
           {"true_negative", &value.true_negative},
           {"over", &value.over},
           {"under", &value.under}}};
}

absl::Status AddColumnsOf(const std::string& expression, bool with_own, std::vector<std::string>& columns) {
  TRY_ASSIGN(const expr::Expression parsed, expr::Expression::Parse(expression));
  for (const std::string& name : parsed.columns()) {
    if (with_own && IsOwnName(name)) continue;
    if (std::find(columns.begin(), columns.end(), name) == columns.end()) columns.push_back(name);
  }
  return absl::OkStatus();
}

// Appends one number a row.
absl::Status AppendNumbers(const std::string& key, const expr::Expression& expression, const column::BatchView& batch,
                           const Context& context, std::vector<double>& numbers) {
  const auto bound = expression.Bind(expr::ColumnsOf(batch));
  if (!bound.ok()) return Annotate(bound.status(), key);
  const auto values = bound->Evaluate(batch, context);
  if (!values.ok()) return Annotate(values.status(), key);
  if (values->kind != expr::Kind::kNumber && values->kind != expr::Kind::kBoolean) {
    return absl::InvalidArgumentError(fmt::format("{} is a {}, want a number", key, expr::KindName(values->kind)));
  }
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    const auto at = static_cast<size_t>(row);
    const bool is_number = values->kind == expr::Kind::kNumber;
    const bool is_missing = is_number ? values->is_null[at] != 0 : values->booleans[at] < 0;
    const double number = is_missing ? std::nan("") : is_number ? values->numbers[at] : values->booleans[at];
    if (!(std::abs(number) <= kLargest)) {
      return WithHint(absl::InvalidArgumentError(fmt::format("{}: row {} of those measured has {}", key,
                                                             FormatCount(static_cast<int64_t>(numbers.size()) + 1),
                                                             is_missing ? "no number" : FormatExact(number))),
                      "say what such rows are worth: 'coalesce(amount, 0)'");
    }
    numbers.push_back(number);
  }
  return absl::OkStatus();
}

std::vector<std::optional<double>> Cut(std::span<const double> numbers, size_t first, size_t count) {
  return {numbers.begin() + static_cast<ptrdiff_t>(first), numbers.begin() + static_cast<ptrdiff_t>(first + count)};
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ColumnsOfValue(const config::ValueConfig& value) {
  std::vector<std::string> columns;
  for (const NamedAmount& named : AmountsOf(value)) {
    if (!named.amount->expression.empty()) TRY(AddColumnsOf(named.amount->expression, /*with_own=*/false, columns));
  }
  if (!value.each.empty()) TRY(AddColumnsOf(value.each, /*with_own=*/true, columns));
  return columns;
}

absl::StatusOr<RowAmounts> ReadAmounts(const LabelledRows& rows, const config::ValueConfig& value,
                                       const Context& context) {
  RowAmounts read;
  evaluate::ValueAmounts& amounts = read.amounts;
  const std::array<evaluate::Amount*, 6> targets{&amounts.outcomes.true_positive,
                                                 &amounts.outcomes.false_positive,
                                                 &amounts.outcomes.false_negative,
                                                 &amounts.outcomes.true_negative,
                                                 &amounts.errors.over,
                                                 &amounts.errors.under};
  read.numbers.reserve(targets.size());
  const std::array<NamedAmount, 6> sources = AmountsOf(value);
  for (size_t i = 0; i < sources.size(); ++i) {
    targets[i]->constant = sources[i].amount->constant;
    if (sources[i].amount->expression.empty()) continue;
    TRY_ASSIGN(const expr::Expression expression, expr::Expression::Parse(sources[i].amount->expression));
    std::vector<double>& numbers = read.numbers.emplace_back();
    numbers.reserve(rows.targets.size());
    const std::string key = fmt::format("model.evaluation.value.{}", sources[i].key);
    for (const column::OwnedBatch& batch : rows.batches) {
      TRY(AppendNumbers(key, expression, batch.view(), context, numbers));
    }
    targets[i]->per_row = numbers;
  }
  amounts.places.hit = value.hits;
  return read;
}

absl::StatusOr<std::vector<double>> ValueOfEach(const LabelledRows& rows, const config::ValueConfig& value,
                                                std::span<const double> scores, double threshold,
                                                const Context& context) {
  TRY_ASSIGN(const expr::Expression expression, expr::Expression::Parse(value.each));
  std::vector<double> decisions;
  decisions.reserve(scores.size());
  for (const double score : scores) decisions.push_back(score >= threshold ? 1 : 0);
  std::vector<double> values;
  values.reserve(scores.size());
  size_t first = 0;
  for (const column::OwnedBatch& batch : rows.batches) {
    const auto count = static_cast<size_t>(batch.view().num_rows());
    const column::OwnedBatch own = column::BatchBuilder()
                                       .Numbers(kOwnNames[0], Cut(rows.targets, first, count))
                                       .Numbers(kOwnNames[1], Cut(scores, first, count))
                                       .Numbers(kOwnNames[2], Cut(decisions, first, count))
                                       .Build();
    // Own names come first: they win over columns of the same name.
    std::vector<column::ColumnView> columns(own.view().columns().begin(), own.view().columns().end());
    columns.insert(columns.end(), batch.view().columns().begin(), batch.view().columns().end());
    const column::BatchView all(batch.view().num_rows(), std::move(columns));
    TRY(AppendNumbers("model.evaluation.value.each", expression, all, context, values));
    first += count;
  }
  return values;
}

}  // namespace roost::api
