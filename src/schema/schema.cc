#include "schema/schema.h"

#include <fmt/format.h>

namespace roost::schema {

const ColumnRules* Schema::Find(std::string_view name) const {
  for (const ColumnRules& column : columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
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
    case Type::kOther: return "other";
  }
  return "other";
}

std::string_view SeverityName(Severity severity) { return severity == Severity::kError ? "error" : "warning"; }

std::string_view PolicyName(Policy policy) {
  if (policy == Policy::kAllow) return "allow";
  return policy == Policy::kWarning ? "warning" : "error";
}

std::string_view PresenceName(Presence presence) {
  if (presence == Presence::kRequired) return "required";
  return presence == Presence::kOptional ? "optional" : "deprecated";
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
    default: return TypeName(type);
  }
}

std::string ContradictionIn(const ColumnRules& column) {
  const bool is_number = column.type == Type::kInteger || column.type == Type::kNumber;
  const auto only_for = [&column](std::string_view rule, std::string_view types) {
    return fmt::format("'{}' is a rule for {}, and column '{}' is {}", rule, types, column.name, TypeName(column.type));
  };
  if (column.range.has_value() && !is_number) return only_for("range", "integers and numbers");
  if (column.nan != Policy::kAllow && !is_number) return only_for("nan", "numbers");
  if (column.infinity != Policy::kAllow && !is_number) return only_for("infinity", "numbers");
  if (column.values.has_value() && column.type != Type::kText) return only_for("values", "text");
  if (column.range.has_value() && column.range->min.has_value() && column.range->max.has_value() &&
      *column.range->min > *column.range->max) {
    return fmt::format("the range of column '{}' has a min above its max", column.name);
  }
  return "";
}

}  // namespace roost::schema
