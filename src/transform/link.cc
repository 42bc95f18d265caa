#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/format.h"
#include "base/status.h"
#include "base/utf8.h"
#include "transform/fitted.h"

// From the names of columns to their places: inputs, derived columns and what features read of them.

namespace roost::transform {
namespace {

expr::Kind ExpressionKind(column::Kind kind, bool is_boolean) {
  if (is_boolean) return expr::Kind::kBoolean;
  if (kind == column::Kind::kTime) return expr::Kind::kTime;
  return kind == column::Kind::kNumber ? expr::Kind::kNumber : expr::Kind::kText;
}

column::Kind ColumnKind(expr::Kind kind) {
  switch (kind) {
    case expr::Kind::kText: return column::Kind::kText;
    case expr::Kind::kTime: return column::Kind::kTime;
    case expr::Kind::kNumber:
    case expr::Kind::kBoolean: return column::Kind::kNumber;
  }
  return column::Kind::kNumber;
}

bool IsList(column::Kind kind) { return kind == column::Kind::kTextList || kind == column::Kind::kNumberList; }

const DerivedColumn* FindDerived(std::span<const DerivedColumn> declared, std::string_view name) {
  const auto found =
      std::find_if(declared.begin(), declared.end(), [name](const DerivedColumn& one) { return one.name == name; });
  return found == declared.end() ? nullptr : &*found;
}

// Whether both declare the same, so that one of them is too many.
bool IsSameDeclaration(const FittedFeature& a, const FittedFeature& b) {
  if (a.columns != b.columns || a.use != b.use) return false;
  if (a.use == Operation::kCyclic) return a.period == b.period;
  return a.use != Operation::kAge || a.since_micros == b.since_micros;
}

std::string_view WhatSuits(column::Kind kind) {
  switch (kind) {
    case column::Kind::kNumber:
      return "use number, standardize, min_max, bucketize, polynomial or one_hot for a number column";
    case column::Kind::kText: return "use one_hot, ordinal, hash or tokens for a text column";
    case column::Kind::kTime: return "use hour, weekday, month, day, cyclic or age for a time column";
    case column::Kind::kTextList: return "use multi_hot or list_count for a list of texts";
    case column::Kind::kNumberList: return "use list_count or list_mean for a list of numbers";
  }
  return "";
}

absl::Status Misfit(Operation operation, std::string_view column, size_t num_columns, column::Kind kind) {
  const std::string holder = num_columns == 1 ? "the column" : fmt::format("'{}'", column);
  return WithHint(absl::InvalidArgumentError(
                      fmt::format("takes {}, and {} holds a {}", Takes(operation), holder, column::KindName(kind))),
                  WhatSuits(kind));
}

// The names that `features` and, through them, derived columns read, each once: a depth-first walk, so that they stand
// in the order of their first use.
class Reads {
 public:
  explicit Reads(std::span<const DerivedColumn> declared) : declared_(declared), used_(declared.size()) {}

  absl::Status Add(const std::string& name, size_t known) {
    const DerivedColumn* derived = FindDerived(declared_.first(known), name);
    if (derived == nullptr) {
      if (std::find(inputs_.begin(), inputs_.end(), name) == inputs_.end()) inputs_.push_back(name);
      return absl::OkStatus();
    }
    const auto position = static_cast<size_t>(derived - declared_.data());
    if (used_[position]) return absl::OkStatus();
    used_[position] = true;
    auto expression = expr::Expression::Parse(derived->expression);
    if (!expression.ok()) return Annotate(expression.status(), fmt::format("derived column '{}'", name));
    for (const std::string& column : expression->columns()) TRY(Add(column, position));
    return absl::OkStatus();
  }

  const std::vector<std::string>& inputs() const { return inputs_; }
  bool IsUsed(size_t derived) const { return used_[derived]; }

 private:
  std::span<const DerivedColumn> declared_;
  std::vector<bool> used_;
  std::vector<std::string> inputs_;
};

absl::Status CheckDerived(std::span<const DerivedColumn> declared) {
  if (declared.size() > kMaxDerived) {
    return absl::InvalidArgumentError(fmt::format("at most {} derived columns, not {}", kMaxDerived, declared.size()));
  }
  for (size_t i = 0; i < declared.size(); ++i) {
    const std::string& name = declared[i].name;
    if (!IsUtf8(name) || name.empty()) return absl::InvalidArgumentError("a derived column needs a name in UTF-8");
    if (FindDerived(declared.first(i), name) != nullptr) {
      return absl::InvalidArgumentError(fmt::format("derived column '{}' is declared twice", name));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Transform::Fitted::AddInput(const std::string& name, const FindColumn& find_column) {
  TRY_ASSIGN(const SourceType type, find_column(name));
  inputs.push_back({name, type.kind});
  input_is_boolean.push_back(type.is_boolean);
  return absl::OkStatus();
}

// `derived` holds the used ones, still without expressions. Lists stand among the columns of the expressions, so that
// positions agree, under a name that no expression can have.
absl::Status Transform::Fitted::BindDerived(const FindColumn& find_column) {
  std::vector<expr::Column> columns;
  for (size_t i = 0; i < inputs.size(); ++i) {
    columns.push_back(
        {IsList(inputs[i].kind) ? std::string() : inputs[i].name, ExpressionKind(inputs[i].kind, input_is_boolean[i])});
  }
  for (FittedDerived& column : derived) {
    const std::string where = fmt::format("derived column '{}'", column.declared.name);
    if (!absl::IsNotFound(find_column(column.declared.name).status())) {
      return absl::InvalidArgumentError(where + ": the data has a column of that name");
    }
    TRY_ASSIGN(const expr::Expression expression, expr::Expression::Parse(column.declared.expression));
    auto bound = expression.Bind(columns);
    if (!bound.ok()) return Annotate(bound.status(), where);
    column.kind = ColumnKind(bound->kind());
    column.is_boolean = bound->kind() == expr::Kind::kBoolean;
    columns.push_back({column.declared.name, bound->kind()});
    column.expression = *std::move(bound);
  }
  return absl::OkStatus();
}

absl::Status Transform::Fitted::LinkFeature(size_t position) {
  FittedFeature& feature = features[position];
  for (size_t earlier = 0; earlier < position; ++earlier) {
    if (IsSameDeclaration(features[earlier], feature)) return absl::InvalidArgumentError("is declared twice");
  }
  for (const std::string& name : feature.columns) {
    size_t source = 0;
    const auto is_derived = std::find_if(derived.begin(), derived.end(),
                                         [&name](const FittedDerived& one) { return one.declared.name == name; });
    if (is_derived != derived.end()) {
      source = inputs.size() + static_cast<size_t>(is_derived - derived.begin());
    } else {
      const auto input =
          std::find_if(inputs.begin(), inputs.end(), [&name](const InputColumn& one) { return one.name == name; });
      source = static_cast<size_t>(input - inputs.begin());
    }
    if (!TakesKind(feature.use, SourceKind(source))) {
      return Misfit(feature.use, name, feature.columns.size(), SourceKind(source));
    }
    feature.sources.push_back(source);
  }
  return absl::OkStatus();
}

absl::Status Transform::Fitted::Link(std::span<const DerivedColumn> declared, const FindColumn& find_column) {
  if (features.empty() || features.size() > kMaxFeatures) {
    return absl::InvalidArgumentError(
        fmt::format("a model needs 1 to {} declared features, not {}", kMaxFeatures, features.size()));
  }
  TRY(CheckDerived(declared));
  Reads reads(declared);
  const auto describe = [this](size_t i) {
    return DescribeFeature(i, OperationName(features[i].use), features[i].Label());
  };
  for (size_t i = 0; i < features.size(); ++i) {
    for (const std::string& name : features[i].columns) {
      // Such a name could not be written as JSON and read back.
      if (!IsUtf8(name)) return absl::InvalidArgumentError(describe(i) + ": the column's name is not UTF-8");
      const size_t known = inputs.size();
      TRY(reads.Add(name, declared.size()));
      for (size_t input = known; input < reads.inputs().size(); ++input) {
        if (auto status = AddInput(reads.inputs()[input], find_column); !status.ok()) {
          return Annotate(status, describe(i));
        }
      }
    }
  }
  for (size_t i = 0; i < declared.size(); ++i) {
    if (reads.IsUsed(i)) derived.push_back({.declared = declared[i]});
  }
  TRY(BindDerived(find_column));
  for (size_t i = 0; i < features.size(); ++i) {
    if (auto status = LinkFeature(i); !status.ok()) return Annotate(status, describe(i));
  }
  return absl::OkStatus();
}

}  // namespace roost::transform
