#include "schema/infer_domains.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"

namespace roost::schema {
namespace {

constexpr size_t kFewValues = 10;
constexpr double kLeastShared = 0.5;

struct Group {
  std::vector<size_t> columns;
  std::vector<std::string> values;
};

bool AreAlike(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a == b) return true;
  if (a.size() <= kFewValues || b.size() <= kFewValues) return false;
  std::vector<std::string> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  const size_t either = a.size() + b.size() - both.size();
  return static_cast<double>(both.size()) > kLeastShared * static_cast<double>(either);
}

}  // namespace

void ShareDomains(const InferOptions& options, Inferred& inferred) {
  std::vector<Group> groups;
  std::vector<ColumnRules>& columns = inferred.schema.columns;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i].values.has_value()) continue;
    const std::vector<std::string>& values = columns[i].values->allowed;
    bool joined = false;
    for (Group& group : groups) {
      if (!AreAlike(group.values, values)) continue;
      std::vector<std::string> all;
      std::set_union(group.values.begin(), group.values.end(), values.begin(), values.end(), std::back_inserter(all));
      if (all.size() > static_cast<size_t>(options.max_values)) continue;
      group.columns.push_back(i);
      group.values = std::move(all);
      joined = true;
      break;
    }
    if (!joined) groups.push_back({{i}, values});
  }
  for (Group& group : groups) {
    if (group.columns.size() < 2) continue;
    const std::string name = columns[group.columns.front()].name;
    for (const size_t column : group.columns) {
      columns[column].values->allowed.clear();
      columns[column].values->domain = name;
      for (Explanation& explanation : inferred.explanations) {
        if (explanation.column != columns[column].name || explanation.rule != "values") continue;
        explanation.text += fmt::format("; {} columns share them", group.columns.size());
      }
    }
    inferred.schema.domains.push_back({.name = name, .values = std::move(group.values)});
  }
}

}  // namespace roost::schema
