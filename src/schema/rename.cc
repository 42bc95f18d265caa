#include "schema/rename.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/format.h"
#include "base/status.h"
#include "expr/expression.h"
#include "schema/wording.h"

namespace roost::schema {
namespace {

using profile::ColumnSummary;

// How much each observation speaks for a rename; a pair needs kEnough.
constexpr int kEnough = 2;
constexpr int kSimilarName = 2;
constexpr int kOnlyPair = 2;
constexpr int kKnownValues = 3;
constexpr int kSameRange = 1;

// With more of them nothing is a rename: it is another table.
constexpr size_t kMostPairs = 10'000;

struct Pair {
  const ColumnRules* from;
  const ColumnSummary* to;
  int score = 0;
  std::string evidence;

  void Weigh(int points, std::string_view observation) {
    score += points;
    if (points > 0) evidence += fmt::format(", {}", observation);
  }
};

// Letters and digits in lower case: "Dep_Delay" and "depdelay" are one name.
std::string Core(std::string_view name) {
  std::string core;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') core += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80) core += c;
  }
  return core;
}

bool AreSimilar(std::string_view a, std::string_view b) {
  constexpr size_t kLeastPart = 3;  // "id" is part of too many names
  const std::string core_a = Core(a);
  const std::string core_b = Core(b);
  if (core_a.size() >= kLeastPart && core_b.find(core_a) != std::string::npos) return true;
  if (core_b.size() >= kLeastPart && core_a.find(core_b) != std::string::npos) return true;
  return !ClosestName(core_a, std::vector<std::string>{core_b}).empty();
}

// The share of values that are among the known ones.
double KnownShare(const std::vector<std::string>& known_values, const ColumnSummary& seen) {
  int64_t known = 0;
  for (const profile::ValueCount& value : seen.text->top) {
    if (std::binary_search(known_values.begin(), known_values.end(), value.value)) known += value.count;
  }
  return static_cast<double>(known) / static_cast<double>(std::max<int64_t>(1, seen.rows - seen.missing));
}

void WeighContent(const Schema& schema, Pair& pair) {
  const ColumnRules& rules = *pair.from;
  if (rules.values.has_value() && pair.to->text.has_value()) {
    const double share = KnownShare(schema.AllowedBy(*rules.values), *pair.to);
    if (share >= 0.5) {
      pair.Weigh(kKnownValues, fmt::format("{} of its values are among the known ones", FormatShare(share)));
    } else if (share < 0.1) {
      pair.Weigh(-kKnownValues, "");
    }
  }
  if (rules.range.has_value() && pair.to->number.has_value() && pair.to->number->min.has_value()) {
    const bool inside = *pair.to->number->min >= rules.range->min.value_or(*pair.to->number->min) &&
                        *pair.to->number->max <= rules.range->max.value_or(*pair.to->number->max);
    pair.Weigh(inside ? kSameRange : -kSameRange, "its values lie in the same range");
  }
}

// What is inside a column goes with it.
bool IsInside(const absl::flat_hash_set<std::string_view>& columns, std::string_view name) {
  for (size_t end = name.find_last_of(".["); end != std::string_view::npos && end > 0;
       end = name.substr(0, end).find_last_of(".[")) {
    if (columns.contains(name.substr(0, end))) return true;
  }
  return false;
}

// Writes the new name over the old one.
class Renamer {
 public:
  Renamer(const std::string& from, const std::string& to, bool is_nested)
      : from_(from), to_(to), is_nested_(is_nested) {}

  std::string NameFor(const std::string& name) const {
    if (name == from_) return to_;
    const bool is_inside =
        is_nested_ && name.starts_with(from_) && (name[from_.size()] == '.' || name[from_.size()] == '[');
    return is_inside ? to_ + name.substr(from_.size()) : name;
  }

  void In(std::string& name) const { name = NameFor(name); }
  void In(std::vector<std::string>& names) const {
    for (std::string& name : names) In(name);
  }

  // Figures of a profile are a column, a dot and the figure's name, which has none.
  absl::Status In(std::string_view what, Scope scope, std::string& expression) const {
    const absl::StatusOr<expr::Expression> read = expr::Expression::Parse(expression);
    if (!read.ok()) {
      return absl::FailedPreconditionError(
          fmt::format("column '{}' cannot be renamed: {} has an expression that cannot be read", from_, what));
    }
    expression = read->Renamed([&](const std::string& name) {
      const size_t dot = scope == Scope::kProfile ? name.rfind('.') : std::string::npos;
      if (scope == Scope::kProfile && dot == std::string::npos) return name;
      return NameFor(name.substr(0, dot)) + (dot == std::string::npos ? "" : name.substr(dot));
    });
    return absl::OkStatus();
  }

 private:
  const std::string& from_;
  const std::string& to_;
  bool is_nested_;
};

}  // namespace

absl::Status RenameColumn(const std::string& from, const std::string& to, Schema& schema) {
  const ColumnRules* column = schema.Find(from);
  if (column == nullptr) return absl::OkStatus();
  const Type type = column->type;
  const Renamer rename(from, to, type == Type::kList || type == Type::kStruct || type == Type::kOther);
  for (ColumnRules& rules : schema.columns) {
    rename.In(rules.name);
    if (!rules.derived.has_value()) continue;
    rename.In(rules.derived->from);
    if (rules.derived->expression.empty()) continue;
    TRY(rename.In(fmt::format("column {}", Quoted(rules.name)), Scope::kRow, rules.derived->expression));
  }
  for (Key& key : schema.dataset.keys) rename.In(key.columns);
  for (ForeignKey& key : schema.dataset.foreign_keys) rename.In(key.columns);
  for (SparseFeature& feature : schema.sparse_features) {
    rename.In(feature.index_columns);
    rename.In(feature.value_column);
  }
  for (WeightedFeature& feature : schema.weighted_features) {
    rename.In(feature.column);
    rename.In(feature.weight_column);
  }
  for (CustomRule& rule : schema.rules) {
    TRY(rename.In(fmt::format("the rule {}", Quoted(rule.name)), rule.scope, rule.check));
  }
  return absl::OkStatus();
}

std::vector<Rename> FindRenames(const Schema& schema, const profile::ProfileSummary& summary,
                                std::string_view environment) {
  const ColumnIndex there = IndexOf(summary);
  absl::flat_hash_set<std::string_view> known;
  for (const ColumnRules& rules : schema.columns) known.insert(rules.name);
  std::vector<const ColumnSummary*> added;
  for (const ColumnSummary& seen : summary.columns) {
    if (!known.contains(seen.name) && TypeOf(seen) != Type::kAny) added.push_back(&seen);
  }
  std::vector<Pair> pairs;
  absl::flat_hash_map<const void*, int64_t> pairs_of;  // by either side
  for (const ColumnRules& rules : schema.columns) {
    if (rules.presence != Presence::kRequired || rules.type == Type::kAny || there.contains(rules.name) ||
        !IsChecked(rules.stage) || !IsIn(schema, rules, environment) || IsInside(known, rules.name)) {
      continue;
    }
    for (const ColumnSummary* seen : added) {
      if (!Fits(rules.type, TypeOf(*seen))) continue;
      if (pairs.size() >= kMostPairs) return {};
      pairs.push_back({.from = &rules, .to = seen, .evidence = fmt::format("both are {}", TypeName(rules.type))});
      ++pairs_of[&rules];
      ++pairs_of[seen];
    }
  }
  for (Pair& pair : pairs) {
    const int64_t rivals = pairs_of[pair.from] + pairs_of[pair.to] - 2;
    if (AreSimilar(pair.from->name, pair.to->name)) pair.Weigh(kSimilarName, "the names are similar");
    WeighContent(schema, pair);
    if (rivals == 0) pair.Weigh(kOnlyPair, "no other pair of missing and new columns fits");
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.score > b.score; });
  std::vector<Rename> renames;
  for (Pair& pair : pairs) {
    const bool taken = std::any_of(renames.begin(), renames.end(), [&pair](const Rename& rename) {
      return rename.from == pair.from || rename.to == pair.to;
    });
    if (pair.score < kEnough || taken) continue;
    renames.push_back({.from = pair.from, .to = pair.to, .evidence = std::move(pair.evidence)});
  }
  std::sort(renames.begin(), renames.end(), [](const Rename& a, const Rename& b) { return a.from < b.from; });
  return renames;
}

}  // namespace roost::schema
