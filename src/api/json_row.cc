#include "api/json_row.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/status.h"
#include "expr/expression.h"

namespace roost::api {
namespace {

absl::Status Wrong(const transform::InputColumn& input, std::string_view wanted, const Json& json) {
  return absl::InvalidArgumentError(fmt::format("'{}' is {}; want {}", input.name, json.dump().substr(0, 60), wanted));
}

// A time as the expression language reads it: one grammar for the whole program.
absl::StatusOr<int64_t> TimeOf(const std::string& text, const transform::InputColumn& input, const Json& json) {
  TRY_ASSIGN(const expr::Expression expression, expr::Expression::Parse("time(t)"));
  const expr::Column column{"t", expr::Kind::kText};
  TRY_ASSIGN(const expr::BoundExpression bound, expression.Bind({&column, 1}));
  const column::Value value = std::string_view(text);
  expr::RowScratch scratch;
  column::Value time;
  TRY(bound.EvaluateRow({&value, 1}, scratch, time));
  if (const auto* micros = std::get_if<int64_t>(&time)) return *micros;
  return Wrong(input, "a time such as \"2001-05-01T13:45:00Z\"", json);
}

absl::Status CheckMembers(const Json& object, std::span<const transform::InputColumn> inputs) {
  std::vector<std::string> names;
  for (const transform::InputColumn& input : inputs) names.push_back(input.name);
  for (const auto& [name, value] : object.items()) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const std::string_view closest = ClosestName(name, names);
    return WithHint(absl::InvalidArgumentError(
                        fmt::format("the model takes no column '{}'; it takes {}", name, fmt::join(names, ", "))),
                    closest.empty() ? "leave it out" : fmt::format("did you mean '{}'?", closest));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<JsonRow> JsonRow::Make(const Json& object, std::span<const transform::InputColumn> inputs) {
  if (!object.is_object()) {
    return WithHint(absl::InvalidArgumentError("a row is a JSON object"), "'{\"distance\": 366, \"origin\": \"ATL\"}'");
  }
  TRY(CheckMembers(object, inputs));
  JsonRow row;
  for (const transform::InputColumn& input : inputs) {
    const auto member = object.find(input.name);
    if (member == object.end() || member->is_null()) {
      row.values_.emplace_back();
      continue;
    }
    TRY_ASSIGN(const column::Value value, row.ValueOf(*member, input));
    row.values_.push_back(value);
  }
  return row;
}

absl::StatusOr<column::Value> JsonRow::ValueOf(const Json& json, const transform::InputColumn& input) {
  switch (input.kind) {
    case column::Kind::kNumber:
      if (json.is_boolean()) return column::Value(json.get<bool>() ? 1.0 : 0.0);
      if (json.is_number()) return column::Value(json.get<double>());
      return Wrong(input, "a number", json);
    case column::Kind::kText:
      if (!json.is_string()) return Wrong(input, "a text", json);
      return column::Value(std::string_view(texts_.emplace_back(json.get<std::string>())));
    case column::Kind::kTime: {
      if (json.is_number_integer()) return column::Value(json.get<int64_t>());
      if (!json.is_string()) return Wrong(input, "a time such as \"2001-05-01T13:45:00Z\"", json);
      TRY_ASSIGN(const int64_t micros, TimeOf(json.get<std::string>(), input, json));
      return column::Value(micros);
    }
    case column::Kind::kTextList: {
      if (!json.is_array()) return Wrong(input, "a list of texts", json);
      std::vector<std::string_view>& list = text_lists_.emplace_back();
      for (const Json& element : json) {
        if (!element.is_string()) return Wrong(input, "a list of texts", json);
        list.push_back(texts_.emplace_back(element.get<std::string>()));
      }
      return column::Value(std::span<const std::string_view>(list));
    }
    case column::Kind::kNumberList: {
      if (!json.is_array()) return Wrong(input, "a list of numbers", json);
      std::vector<double>& list = number_lists_.emplace_back();
      for (const Json& element : json) {
        if (!element.is_number()) return Wrong(input, "a list of numbers", json);
        list.push_back(element.get<double>());
      }
      return column::Value(std::span<const double>(list));
    }
  }
  return column::Value();
}

}  // namespace roost::api
