#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "schema/check_column.h"
#include "schema/problems.h"
#include "schema/rename.h"
#include "schema/validate.h"

namespace roost::schema {
namespace {

// A rule that another proposal took away stays away.
template <typename Rule>
void TakeIfThere(std::optional<Rule>& now, const std::optional<Rule>& then) {
  if (now.has_value()) now = then;
}

// Takes from `proposed` what `rule` is about. Other anomalies of the column may have been accepted before.
void Apply(const Anomaly& anomaly, const ColumnRules& proposed, ColumnRules& column) {
  switch (anomaly.rule) {
    case Rule::kColumn: column.presence = proposed.presence; break;
    case Rule::kMissing: TakeIfThere(column.missing, proposed.missing); break;
    case Rule::kPresent: TakeIfThere(column.present, proposed.present); break;
    case Rule::kNan: column.nan = proposed.nan; break;
    case Rule::kInfinity: column.infinity = proposed.infinity; break;
    case Rule::kMin:
      if (column.range.has_value()) column.range->min = proposed.range->min;
      break;
    case Rule::kMax:
      if (column.range.has_value()) column.range->max = proposed.range->max;
      break;
    case Rule::kEncoding:
    case Rule::kValues: TakeIfThere(column.values, proposed.values); break;
    case Rule::kHolds:
      column.holds = proposed.holds;
      column.range = proposed.range;
      break;
    case Rule::kPattern: TakeIfThere(column.pattern, proposed.pattern); break;
    case Rule::kBools: TakeIfThere(column.bools, proposed.bools); break;
    case Rule::kTimes: TakeIfThere(column.times, proposed.times); break;
    case Rule::kDistinct: TakeIfThere(column.distinct, proposed.distinct); break;
    case Rule::kDuplicates: column.duplicates = proposed.duplicates; break;
    case Rule::kOrder: TakeIfThere(column.order, proposed.order); break;
    case Rule::kNesting: TakeIfThere(column.nesting, proposed.nesting); break;
    case Rule::kEmptyLists:
    case Rule::kLengths:
      if (!column.lengths.has_value()) break;
      if (anomaly.detail != "max") column.lengths->min = proposed.lengths->min;
      if (anomaly.detail == "max") column.lengths->max = proposed.lengths->max;
      break;
    case Rule::kShape: TakeIfThere(column.shape, proposed.shape); break;
    case Rule::kEmbedding: TakeIfThere(column.embedding, proposed.embedding); break;
    case Rule::kServing:
      column.in_environments = proposed.in_environments;
      column.not_in_environments = proposed.not_in_environments;
      break;
    case Rule::kMeaning:
      column.holds = proposed.holds;
      column.times = proposed.times;
      column.words = proposed.words;
      column.images = proposed.images;
      break;
    default: break;
  }
}

// Rules with several parts: only the part that the anomaly is about.
void ApplyPart(const Anomaly& anomaly, const ColumnRules& proposed, ColumnRules& column) {
  for (Band& band : column.bands) {
    if (anomaly.rule != Rule::kBand || anomaly.detail != StatisticName(band.of)) continue;
    for (const Band& changed : proposed.bands) {
      if (changed.of == band.of) band = changed;
    }
  }
  const auto take_limit = [&](std::optional<DistanceRule>& now, const std::optional<DistanceRule>& then) {
    if (!now.has_value() || !then.has_value()) return;
    for (DistanceLimit& limit : now->limits) {
      for (const DistanceLimit& changed : then->limits) {
        const bool is_it = changed.measure == limit.measure && anomaly.detail == profile::MeasureName(limit.measure);
        if (is_it) limit = changed;
      }
    }
  };
  if (anomaly.rule == Rule::kDrift) take_limit(column.drift, proposed.drift);
  if (anomaly.rule == Rule::kSkew) take_limit(column.skew, proposed.skew);
  if (!column.words.has_value() || !proposed.words.has_value()) return;
  if (anomaly.rule == Rule::kWords) {
    if (anomaly.detail == "min_coverage") column.words->min_coverage = proposed.words->min_coverage;
    if (anomaly.detail == "min_mean_length") column.words->min_mean_length = proposed.words->min_mean_length;
    if (anomaly.detail == "min_words") column.words->min_words = proposed.words->min_words;
    if (anomaly.detail == "max_words") column.words->max_words = proposed.words->max_words;
  }
  if (anomaly.rule != Rule::kToken) return;
  // One word may have broken several of its bounds: take the looser of each.
  for (TokenRule& token : column.words->tokens) {
    for (const TokenRule& changed : proposed.words->tokens) {
      if (token.token != anomaly.detail || changed.token != token.token) continue;
      const auto least = [](auto& now, const auto& then) {
        if (now.has_value() && then.has_value()) now = std::min(*now, *then);
      };
      const auto most = [](auto& now, const auto& then) {
        if (now.has_value() && then.has_value()) now = std::max(*now, *then);
      };
      least(token.min_in_row, changed.min_in_row);
      most(token.max_in_row, changed.max_in_row);
      least(token.min_share, changed.min_share);
      most(token.max_share, changed.max_share);
      least(token.min_position, changed.min_position);
      most(token.max_position, changed.max_position);
    }
  }
}

template <typename Rule>
void Loosen(std::optional<Rule>& now, const std::optional<Rule>& then) {
  if (!now.has_value() || !then.has_value()) return;
  if (now->min.has_value() && then->min.has_value()) now->min = std::min(*now->min, *then->min);
  if (now->max.has_value() && then->max.has_value()) now->max = std::max(*now->max, *then->max);
}

void ApplyDataset(const Anomaly& anomaly, const DatasetRules& proposed, DatasetRules& rules) {
  Loosen(rules.rows, proposed.rows);
  Loosen(rules.rows_to_previous_span, proposed.rows_to_previous_span);
  Loosen(rules.rows_to_previous_version, proposed.rows_to_previous_version);
  if (anomaly.rule == Rule::kDuplicateRows) rules.duplicate_rows = proposed.duplicate_rows;
  const auto is_gone = [](const auto& kept, const auto& key) {
    return std::find(kept.begin(), kept.end(), key) == kept.end();
  };
  if (anomaly.rule == Rule::kKey) {
    std::erase_if(rules.keys, [&](const Key& key) { return is_gone(proposed.keys, key); });
  }
  if (anomaly.rule == Rule::kForeignKey) {
    std::erase_if(rules.foreign_keys, [&](const ForeignKey& key) { return is_gone(proposed.foreign_keys, key); });
  }
}

void ApplyDomain(const Domain& proposed, Schema& schema) {
  for (Domain& domain : schema.domains) {
    if (domain.name != proposed.name) continue;
    // Another column's new values may have been accepted before.
    std::vector<std::string> values;
    std::set_union(domain.values.begin(), domain.values.end(), proposed.values.begin(), proposed.values.end(),
                   std::back_inserter(values));
    domain.values = std::move(values);
  }
}

void AcceptOne(const Anomaly& anomaly, Schema& schema) {
  if (anomaly.proposed_dataset.has_value()) ApplyDataset(anomaly, *anomaly.proposed_dataset, schema.dataset);
  if (anomaly.proposed_domain.has_value()) ApplyDomain(*anomaly.proposed_domain, schema);
  if (!anomaly.proposed.has_value()) return;
  if (anomaly.rule == Rule::kNewColumn) {
    if (schema.Find(anomaly.column) == nullptr) schema.columns.push_back(*anomaly.proposed);
    return;
  }
  for (ColumnRules& column : schema.columns) {
    if (column.name != anomaly.column) continue;
    if (anomaly.rule == Rule::kType) {
      column = WithType(column, anomaly.proposed->type);
    } else {
      Apply(anomaly, *anomaly.proposed, column);
      ApplyPart(anomaly, *anomaly.proposed, column);
    }
    return;
  }
}

}  // namespace

absl::StatusOr<Schema> Accept(const Schema& schema, std::span<const Anomaly> anomalies) {
  Schema accepted = schema;
  for (const Anomaly& anomaly : anomalies) {
    if (anomaly.rule != Rule::kRenamed) AcceptOne(anomaly, accepted);
  }
  // The other proposals know the old names.
  for (const Anomaly& anomaly : anomalies) {
    if (anomaly.rule != Rule::kRenamed || !anomaly.proposed.has_value()) continue;
    TRY(RenameColumn(anomaly.column, anomaly.proposed->name, accepted));
  }
  const std::vector<Problem> problems = ProblemsIn(accepted);
  if (problems.empty() || !ProblemsIn(schema).empty()) return accepted;
  return WithHint(absl::FailedPreconditionError(
                      fmt::format("the schema would contradict itself, and was not changed: {}", problems[0].message)),
                  "accept what belongs together in one call, or edit the schema by hand");
}

}  // namespace roost::schema
