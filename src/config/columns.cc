#include "config/columns.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "expr/expression.h"

namespace roost::config {
namespace {

// Names collected with the keys that they stand at.
class Names {
 public:
  void Add(std::string key, const std::string& column) {
    if (!column.empty()) found_.push_back({std::move(key), column});
  }

  void AddAll(const std::string& key, const std::vector<std::string>& columns) {
    for (size_t i = 0; i < columns.size(); ++i) Add(fmt::format("{}[{}]", key, i), columns[i]);
  }

  // Expressions that do not parse were refused before.
  void AddExpression(const std::string& key, const std::string& text) {
    if (text.empty()) return;
    const absl::StatusOr<expr::Expression> expression = expr::Expression::Parse(text);
    if (!expression.ok()) return;
    for (const std::string& column : expression->columns()) Add(key, column);
  }

  std::vector<NamedColumn> Take() { return std::move(found_); }

 private:
  std::vector<NamedColumn> found_;
};

void AddEvaluation(const EvaluationConfig& evaluation, Names& names) {
  for (size_t i = 0; i < evaluation.slices.size(); ++i) {
    for (const evaluate::SliceKey& key : evaluation.slices[i].keys) {
      names.Add(fmt::format("evaluation.slices[{}]", i), key.column);
    }
  }
  names.Add("evaluation.unit", evaluation.unit);
  if (!evaluation.value.has_value()) return;
  const ValueConfig& value = *evaluation.value;
  names.AddExpression("evaluation.value.true_positive", value.true_positive.expression);
  names.AddExpression("evaluation.value.false_positive", value.false_positive.expression);
  names.AddExpression("evaluation.value.false_negative", value.false_negative.expression);
  names.AddExpression("evaluation.value.true_negative", value.true_negative.expression);
  names.AddExpression("evaluation.value.over", value.over.expression);
  names.AddExpression("evaluation.value.under", value.under.expression);
  names.AddExpression("evaluation.value.each", value.each);
}

std::vector<NamedColumn> AllNames(const ModelConfig& model) {
  Names names;
  names.AddExpression("label", model.label);
  names.AddExpression("weight", model.weight);
  names.Add("group", model.group);
  names.Add("split.column", model.split.column);
  names.AddAll("split.key", model.split.key);
  for (size_t i = 0; i < model.columns.size(); ++i) {
    names.AddExpression(fmt::format("columns[{}].value", i), model.columns[i].expression);
  }
  for (size_t i = 0; i < model.features.size(); ++i) {
    const transform::FeatureSpec& feature = model.features[i];
    names.Add(fmt::format("features[{}].column", i), feature.column);
    names.AddAll(fmt::format("features[{}].columns", i), feature.columns);
    names.Add(fmt::format("features[{}].until", i), feature.until);
  }
  AddEvaluation(model.evaluation, names);
  return names.Take();
}

bool IsAmong(const std::vector<NamedColumn>& names, const std::string& column) {
  return std::any_of(names.begin(), names.end(), [&column](const NamedColumn& name) { return name.column == column; });
}

bool Computes(const ModelConfig& model, const std::string& column) {
  return std::any_of(model.columns.begin(), model.columns.end(),
                     [&column](const transform::DerivedColumn& derived) { return derived.name == column; });
}

}  // namespace

std::vector<NamedColumn> ColumnsNamed(const ModelConfig& model) {
  std::vector<NamedColumn> names = AllNames(model);
  std::erase_if(names, [&model](const NamedColumn& name) {
    if (Computes(model, name.column) || model.scores.contains(name.column)) return true;
    const bool is_own = name.column == "label" || name.column == "score" || name.column == "decision";
    return is_own && name.key == "evaluation.value.each";
  });
  return names;
}

std::vector<size_t> UnreadColumns(const ModelConfig& model) {
  std::vector<size_t> unread;
  if (model.auto_features) return unread;  // which may choose any of them
  const std::vector<NamedColumn> names = AllNames(model);
  for (size_t i = 0; i < model.columns.size(); ++i) {
    if (!IsAmong(names, model.columns[i].name)) unread.push_back(i);
  }
  return unread;
}

std::vector<std::string> UnreadScores(const ModelConfig& model) {
  std::vector<std::string> unread;
  if (model.auto_features) return unread;
  const std::vector<NamedColumn> names = AllNames(model);
  for (const auto& [column, reference] : model.scores) {
    if (!IsAmong(names, column)) unread.push_back(column);
  }
  return unread;
}

}  // namespace roost::config
