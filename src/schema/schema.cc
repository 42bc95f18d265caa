#include "schema/schema.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace roost::schema {
namespace {

bool Has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

const ColumnRules* Schema::Find(std::string_view name) const {
  for (const ColumnRules& column : columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

const Domain* Schema::FindDomain(std::string_view name) const {
  for (const Domain& domain : domains) {
    if (domain.name == name) return &domain;
  }
  return nullptr;
}

const std::vector<std::string>& Schema::AllowedBy(const ValuesRule& rule) const {
  static const std::vector<std::string> kNone;
  if (rule.domain.empty()) return rule.allowed;
  const Domain* domain = FindDomain(rule.domain);
  return domain == nullptr ? kNone : domain->values;
}

std::string_view TypeName(Type type) {
  switch (type) {
    case Type::kAny: return "any";
    case Type::kInteger: return "integer";
    case Type::kNumber: return "number";
    case Type::kText: return "text";
    case Type::kTime: return "time";
    case Type::kBool: return "bool";
    case Type::kBinary: return "binary";
    case Type::kList: return "list";
    case Type::kStruct: return "struct";
    case Type::kOther: return "other";
  }
  return "other";
}

Severity SeverityOf(Policy policy) { return policy == Policy::kError ? Severity::kError : Severity::kWarning; }

std::string_view SeverityName(Severity severity) { return severity == Severity::kError ? "error" : "warning"; }

std::string_view PolicyName(Policy policy) {
  if (policy == Policy::kAllow) return "allow";
  return policy == Policy::kWarning ? "warning" : "error";
}

std::string_view PresenceName(Presence presence) {
  if (presence == Presence::kRequired) return "required";
  return presence == Presence::kOptional ? "optional" : "deprecated";
}

std::string_view StageName(Stage stage) {
  constexpr std::array<std::string_view, 8> kNames{"planned",    "alpha",      "beta",     "production",
                                                   "deprecated", "debug_only", "disabled", "derived"};
  return kNames[static_cast<size_t>(stage)];
}

std::string_view ContentName(Content content) {
  constexpr std::array<std::string_view, 8> kNames{"integer", "number", "time_of_day", "url",
                                                   "audio",   "video",  "entity",      "content_chunk"};
  return kNames[static_cast<size_t>(content)];
}

std::string_view ScopeName(Scope scope) { return scope == Scope::kRow ? "row" : "profile"; }

std::string_view DirectionName(Direction direction) {
  return direction == Direction::kAscending ? "ascending" : "descending";
}

std::string_view StatisticName(Statistic statistic) {
  constexpr std::array<std::string_view, 12> kNames{"missing", "distinct", "zeros", "mean", "spread", "p1",
                                                    "p5",      "p25",      "p50",   "p75",  "p95",    "p99"};
  return kNames[static_cast<size_t>(statistic)];
}

bool IsChecked(std::optional<Stage> stage) {
  return !stage.has_value() || stage == Stage::kBeta || stage == Stage::kProduction || stage == Stage::kDerived;
}

bool IsChecked(const ColumnRules& column) {
  return column.presence != Presence::kDeprecated && IsChecked(column.stage);
}

std::string NameOf(const ForeignKey& key, const std::vector<ForeignKey>& all) {
  const std::string columns = fmt::format("{}", fmt::join(key.columns, ", "));
  const auto is_another = [&](const ForeignKey& other) { return other.columns == key.columns && other != key; };
  if (std::none_of(all.begin(), all.end(), is_another)) return columns;
  return fmt::format("{} in {} ({})", columns, key.dataset, fmt::join(key.references, ", "));
}

bool IsIn(const Schema& schema, const ColumnRules& column, std::string_view environment) {
  if (environment.empty()) return true;
  if (Has(column.not_in_environments, environment)) return false;
  if (Has(column.in_environments, environment) || Has(schema.default_environments, environment)) return true;
  return column.in_environments.empty() && schema.default_environments.empty();
}

Type TypeOf(column::Type type) {
  if (type == column::Type::kNull) return Type::kAny;
  if (type == column::Type::kBool) return Type::kBool;
  if (column::IsInteger(type)) return Type::kInteger;
  if (column::IsNumber(type)) return Type::kNumber;
  if (column::IsText(type)) return Type::kText;
  if (column::IsTime(type)) return Type::kTime;
  return column::IsBytes(type) ? Type::kBinary : Type::kOther;
}

std::string_view TypeWithArticle(Type type) {
  switch (type) {
    case Type::kInteger: return "an integer";
    case Type::kNumber: return "a number";
    case Type::kTime: return "a time";
    case Type::kBool: return "a bool";
    case Type::kList: return "a list";
    case Type::kStruct: return "a struct";
    default: return TypeName(type);
  }
}

}  // namespace roost::schema
