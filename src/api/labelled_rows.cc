#include "api/labelled_rows.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <arrow/api.h>
#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "api/key_text.h"
#include "base/format.h"
#include "base/status.h"
#include "evaluate/classes.h"
#include "expr/expression.h"
#include "table/bridge.h"
#include "table/filter.h"
#include "table/read.h"

namespace roost::api {
namespace {

using predict::Task;

void AddOnce(const std::vector<std::string>& more, std::vector<std::string>& names) {
  for (const std::string& name : more) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
}

absl::StatusOr<std::vector<std::string>> ColumnsOfExpression(const std::string& text) {
  TRY_ASSIGN(const expr::Expression expression, expr::Expression::Parse(text));
  return expression.columns();
}

// The columns that label, weight, group and split read.
absl::StatusOr<std::vector<std::string>> OwnColumns(const config::ModelConfig& model, const Split& split) {
  TRY_ASSIGN(std::vector<std::string> columns, ColumnsOfExpression(model.label));
  if (!model.weight.empty()) {
    TRY_ASSIGN(const std::vector<std::string> more, ColumnsOfExpression(model.weight));
    AddOnce(more, columns);
  }
  if (!model.group.empty()) AddOnce({model.group}, columns);
  AddOnce(split.columns(), columns);
  return columns;
}

absl::StatusOr<expr::Values> EvaluateKey(const std::string& key, const std::string& text,
                                         const column::BatchView& batch, const Context& context) {
  TRY_ASSIGN(const expr::Expression expression, expr::Expression::Parse(text));
  const auto bound = expression.Bind(expr::ColumnsOf(batch));
  if (!bound.ok()) return Annotate(bound.status(), key);
  auto values = bound->Evaluate(batch, context);
  if (!values.ok()) return Annotate(values.status(), key);
  return values;
}

absl::Status WrongLabel(Task task, expr::Kind kind, std::string_view wanted) {
  return WithHint(absl::InvalidArgumentError(fmt::format("model.label is a {}, and the task '{}' wants a {}",
                                                         expr::KindName(kind), predict::TaskName(task), wanted)),
                  "change the label, or 'task'");
}

// The task that a label of this kind has by itself.
absl::StatusOr<Task> TaskOf(const config::ModelConfig& model, expr::Kind kind) {
  if (model.task.has_value()) {
    const bool is_number = kind == expr::Kind::kNumber;
    switch (*model.task) {
      case Task::kBinary:
        if (kind != expr::Kind::kBoolean) return WrongLabel(*model.task, kind, "boolean: 'delay > 15'");
        break;
      case Task::kClasses:
        if (kind == expr::Kind::kTime) return WrongLabel(*model.task, kind, "text, number or boolean");
        break;
      case Task::kNumber:
      case Task::kCounts:
      case Task::kRanking:
        if (!is_number) return WrongLabel(*model.task, kind, "number");
        break;
    }
    return *model.task;
  }
  switch (kind) {
    case expr::Kind::kBoolean: return Task::kBinary;
    case expr::Kind::kText: return Task::kClasses;
    case expr::Kind::kNumber: return Task::kNumber;
    case expr::Kind::kTime: break;
  }
  return WithHint(absl::InvalidArgumentError("model.label is a time; a model predicts a boolean, a text or a number"),
                  "make a number of it: 'hour(date)', '(arrival - departure) / 60'");
}

// What one row is labelled with; none where the label is null, NaN or infinite.
struct Label {
  double number = 0;
  std::string text;  // of classes
};

std::optional<Label> LabelAt(const expr::Values& values, Task task, size_t row) {
  if (values.kind == expr::Kind::kBoolean) {
    if (values.booleans[row] < 0) return std::nullopt;
    const bool yes = values.booleans[row] == 1;
    return Label{yes ? 1.0 : 0.0, task == Task::kClasses ? (yes ? "true" : "false") : ""};
  }
  if (values.is_null[row] != 0) return std::nullopt;
  if (values.kind == expr::Kind::kText) return Label{0, std::string(values.texts[row])};
  if (!std::isfinite(values.numbers[row])) return std::nullopt;
  return Label{values.numbers[row], task == Task::kClasses ? FormatExact(values.numbers[row]) : ""};
}

// Reads batch by batch and keeps what is wanted.
class Reading {
 public:
  Reading(const config::ModelConfig& model, const Split& split, const LabelledRequest& request, const Context& context)
      : model_(model), split_(split), train_share_(request.train_share), context_(context) {
    for (const Part part : request.parts) wanted_[static_cast<size_t>(part)] = true;
  }

  absl::Status Add(const std::shared_ptr<arrow::RecordBatch>& batch) {
    TRY_ASSIGN(const column::OwnedBatch all, table::ToColumns(*batch));
    TRY_ASSIGN(const std::vector<Part> parts, split_.PartsOf(all.view()));
    TRY_ASSIGN(const expr::Values labels, EvaluateKey("model.label", model_.label, all.view(), context_));
    TRY_ASSIGN(data_.task, TaskOf(model_, labels.kind));
    std::optional<expr::Values> weights;
    if (!model_.weight.empty()) {
      TRY_ASSIGN(weights, EvaluateKey("model.weight", model_.weight, all.view(), context_));
      if (weights->kind != expr::Kind::kNumber) {
        return absl::InvalidArgumentError(
            fmt::format("model.weight is a {}, want a number", expr::KindName(weights->kind)));
      }
    }
    std::array<std::vector<uint8_t>, kNumParts> kept;
    for (std::vector<uint8_t>& rows : kept) rows.assign(parts.size(), 0);
    for (size_t row = 0; row < parts.size(); ++row) {
      const std::optional<Label> label = LabelAt(labels, data_.task, row);
      if (!label.has_value() || parts[row] == Part::kNone) {
        ++data_.unlabelled;
        continue;
      }
      if (!wanted_[static_cast<size_t>(parts[row])]) continue;
      if (parts[row] == Part::kTrain && !IsInShare(rows_before_ + static_cast<int64_t>(row))) continue;
      kept[static_cast<size_t>(parts[row])][row] = 1;
      TRY(AddRow(*label, weights.has_value() ? &*weights : nullptr, all.view(), row, parts[row]));
    }
    rows_before_ += all.view().num_rows();
    return KeepRows(batch, kept);
  }

  // Gives every class its number; classes that are not given are those of the training rows.
  absl::StatusOr<LabelledData> Finish(std::vector<std::string> classes) {
    if (data_.task != Task::kClasses) return std::move(data_);
    if (classes.empty()) classes = ClassesOf(data_[Part::kTrain]);
    std::vector<double> numbers(class_texts_.size(), evaluate::kUnseenClass);  // by order of first occurrence
    for (size_t i = 0; i < classes.size(); ++i) {
      const auto found = class_ids_.find(classes[i]);
      if (found != class_ids_.end()) numbers[static_cast<size_t>(found->second)] = static_cast<double>(i);
    }
    for (LabelledRows& rows : data_.parts) {
      for (double& target : rows.targets) {
        target = numbers[static_cast<size_t>(target)];
        if (target == evaluate::kUnseenClass) ++rows.unseen_classes_rows;
      }
    }
    data_.classes = std::move(classes);
    return std::move(data_);
  }

 private:
  bool IsInShare(int64_t row) const {
    if (train_share_ >= 1) return true;
    return PlaceOf(fmt::to_string(row)) < train_share_;
  }

  absl::Status AddRow(const Label& label, const expr::Values* weights, const column::BatchView& batch, size_t row,
                      Part part) {
    LabelledRows& rows = data_[part];
    if (data_.task == Task::kCounts && label.number < 0) {
      return absl::InvalidArgumentError(fmt::format("model.label: row {} of the dataset is {}; a count is at least 0",
                                                    rows_before_ + static_cast<int64_t>(row) + 1,
                                                    FormatExact(label.number)));
    }
    rows.targets.push_back(data_.task == Task::kClasses ? static_cast<double>(ClassId(label.text)) : label.number);
    if (weights != nullptr) {
      const double weight = weights->is_null[row] != 0 ? std::nan("") : weights->numbers[row];
      if (!(weight >= 0 && std::isfinite(weight))) {
        return WithHint(absl::InvalidArgumentError(fmt::format(
                            "model.weight: row {} of the dataset weighs {}; a weight is a number of at least 0",
                            rows_before_ + static_cast<int64_t>(row) + 1,
                            weights->is_null[row] != 0 ? "null" : FormatExact(weight))),
                        "mend the data, or say what such rows weigh: 'coalesce(weight, 1)'");
      }
      rows.weights.push_back(weight);
    }
    if (data_.task != Task::kRanking) return absl::OkStatus();
    TRY_ASSIGN(const column::ColumnView* column, batch.Require(model_.group));
    TRY_ASSIGN(const column::Kind kind, column::KindOf(column->type()));
    rows.groups.push_back(GroupOf(*column, kind, static_cast<int64_t>(row)));
    return absl::OkStatus();
  }

  // The number of a class by order of first occurrence.
  int64_t ClassId(const std::string& text) {
    const auto [entry, is_new] = class_ids_.try_emplace(text, static_cast<int64_t>(class_texts_.size()));
    if (is_new) class_texts_.push_back(text);
    return entry->second;
  }

  // The classes of some rows, by their bytes.
  std::vector<std::string> ClassesOf(const LabelledRows& rows) const {
    std::vector<bool> occurs(class_texts_.size());
    for (const double target : rows.targets) occurs[static_cast<size_t>(target)] = true;
    std::vector<std::string> classes;
    for (size_t id = 0; id < occurs.size(); ++id) {
      if (occurs[id]) classes.push_back(class_texts_[id]);
    }
    std::sort(classes.begin(), classes.end());
    return classes;
  }

  int64_t GroupOf(const column::ColumnView& column, column::Kind kind, int64_t row) {
    std::string key;
    AppendKeyText(column, kind, row, key);
    return groups_.try_emplace(std::move(key), static_cast<int64_t>(groups_.size())).first->second;
  }

  absl::Status KeepRows(const std::shared_ptr<arrow::RecordBatch>& batch,
                        const std::array<std::vector<uint8_t>, kNumParts>& kept) {
    for (size_t part = 0; part < kept.size(); ++part) {
      if (std::find(kept[part].begin(), kept[part].end(), 1) == kept[part].end()) continue;
      TRY_ASSIGN(const auto selected, table::Select(batch, kept[part]));
      TRY_ASSIGN(column::OwnedBatch rows, table::ToColumns(*selected));
      data_.parts[part].batches.push_back(std::move(rows));
    }
    return absl::OkStatus();
  }

  const config::ModelConfig& model_;
  const Split& split_;
  const double train_share_;
  const Context& context_;
  std::array<bool, kNumParts> wanted_{};
  std::vector<std::string> class_texts_;  // in the order of first occurrence; until Finish targets are positions here
  absl::flat_hash_map<std::string, int64_t> class_ids_;  // of class_texts_
  absl::flat_hash_map<std::string, int64_t> groups_;
  int64_t rows_before_ = 0;
  LabelledData data_;
};

// `columns` of a version, of which those that `scores` names are made. Columns that scores are made of may be among
// them too.
absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> ReadColumns(Project& project,
                                                                      const store::CommitInfo& version,
                                                                      std::vector<std::string> columns,
                                                                      const std::vector<ScoreColumn>& scores,
                                                                      const Context& context) {
  std::vector<ScoreColumn> made;
  for (const ScoreColumn& score : scores) {
    if (std::erase(columns, score.name) > 0) made.push_back(score);
  }
  if (!made.empty()) {
    TRY_ASSIGN(const auto schema, project.store().SchemaOf(version));
    AddOnce(ColumnsBelow(made), columns);
    for (const ScoreColumn& score : made) {
      if (schema->GetFieldIndex(score.name) < 0) continue;
      return WithHint(absl::InvalidArgumentError(fmt::format("{} has a column '{}', and it is to be the score of {}",
                                                             version.Name(), score.name, score.version.ToString())),
                      "give it another name in model.scores");
    }
  }
  TRY_ASSIGN(auto rows,
             project.store().Read(version, {.columns = std::move(columns), .dictionary_strings = true}, context));
  return WithScores(std::move(rows), std::move(made), context);
}

}  // namespace

std::vector<column::BatchView> LabelledRows::views() const {
  std::vector<column::BatchView> views;
  for (const column::OwnedBatch& batch : batches) views.push_back(batch.view());
  return views;
}

absl::StatusOr<LabelledData> ReadLabelled(Project& project, const store::CommitInfo& version,
                                          const config::ModelConfig& model, const Split& split,
                                          const LabelledRequest& request, const Context& context) {
  TRY_ASSIGN(std::vector<std::string> columns, OwnColumns(model, split));
  AddOnce(request.columns, columns);
  auto rows = ReadColumns(project, version, std::move(columns), request.scores, context);
  if (!rows.ok()) return Annotate(rows.status(), fmt::format("the columns of model '{}'", model.name));
  Reading reading(model, split, request, context);
  int64_t done = 0;
  while (true) {
    TRY(context.CheckCancelled());
    TRY_ASSIGN(const auto batch, table::Next(**rows));
    if (batch == nullptr) break;
    done += batch->num_rows();
    context.Report({"reading", "rows", done, version.rows});
    TRY(reading.Add(batch));
  }
  return reading.Finish(request.classes);
}

absl::StatusOr<std::vector<std::string>> FeatureColumns(Project& project, const store::CommitInfo& version,
                                                        const config::ModelConfig& model) {
  std::vector<std::string> columns;
  if (model.auto_features) {
    TRY_ASSIGN(const auto schema, project.store().SchemaOf(version));
    TRY_ASSIGN(const std::vector<std::string> known, ColumnsKnownToTheLabel(model));
    for (const auto& field : schema->fields()) {
      if (std::find(known.begin(), known.end(), field->name()) == known.end()) columns.push_back(field->name());
    }
    for (const auto& [name, reference] : model.scores) AddOnce({name}, columns);
  }
  for (const transform::FeatureSpec& feature : model.features) {
    if (!feature.column.empty()) AddOnce({feature.column}, columns);
    AddOnce(feature.columns, columns);
    if (!feature.until.empty()) AddOnce({feature.until}, columns);
  }
  // Derived columns are made of others.
  for (auto derived = model.columns.rbegin(); derived != model.columns.rend(); ++derived) {
    const bool used = std::erase(columns, derived->name) > 0;
    if (!used && !model.auto_features) continue;
    TRY_ASSIGN(const std::vector<std::string> read, ColumnsOfExpression(derived->expression));
    AddOnce(read, columns);
  }
  return columns;
}

absl::StatusOr<std::vector<std::string>> ColumnsKnownToTheLabel(const config::ModelConfig& model) {
  TRY_ASSIGN(std::vector<std::string> columns, ColumnsOfExpression(model.label));
  if (!model.weight.empty()) {
    TRY_ASSIGN(const std::vector<std::string> more, ColumnsOfExpression(model.weight));
    AddOnce(more, columns);
  }
  if (!model.group.empty()) AddOnce({model.group}, columns);
  if (model.split.by == config::SplitBy::kGroup) AddOnce({model.split.column}, columns);
  if (model.split.by == config::SplitBy::kHash) AddOnce(model.split.key, columns);
  return columns;
}

}  // namespace roost::api
