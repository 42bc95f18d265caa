#include <limits>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "predict/onnx_model.h"
#include "transform/json_object.h"

namespace roost::predict {
namespace {

using transform::JsonObject;

constexpr size_t kMaxColumns = 10'000;

constexpr column::Kind kKinds[] = {column::Kind::kNumber, column::Kind::kText, column::Kind::kTime};

absl::StatusOr<column::Kind> ReadKind(const JsonObject& object) {
  TRY_ASSIGN(const std::string name, object.Text("kind"));
  for (const column::Kind kind : kKinds) {
    if (column::KindName(kind) == name) return kind;
  }
  return object.Fail("kind", fmt::format("must be number, text or time, not '{}'", name));
}

absl::StatusOr<OnnxColumn> ReadColumn(const Json& json, const std::string& where) {
  TRY_ASSIGN(const JsonObject object, JsonObject::Make(json, where, {"name", "kind", "missing"}));
  OnnxColumn column;
  TRY_ASSIGN(column.column.name, object.Text("name"));
  TRY_ASSIGN(column.column.kind, ReadKind(object));
  if (!json.contains("missing")) return column;
  if (column.column.kind == column::Kind::kText) {
    TRY_ASSIGN(column.missing_text, object.Text("missing"));
  } else {
    TRY_ASSIGN(column.missing_integer,
               object.Integer("missing", std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()));
  }
  return column;
}

}  // namespace

Json OnnxModel::ToJson() const {
  if (options_.num_features.has_value()) {
    return {{"num_features", *options_.num_features},
            {"absent", options_.absent_is_nan ? "missing" : "zero"},
            {"output", options_.output}};
  }
  Json columns = Json::array();
  for (const OnnxColumn& column : options_.columns) {
    Json json{{"name", column.column.name}, {"kind", std::string(column::KindName(column.column.kind))}};
    if (column.missing_text.has_value()) json["missing"] = *column.missing_text;
    if (column.missing_integer.has_value()) json["missing"] = *column.missing_integer;
    columns.push_back(std::move(json));
  }
  return {{"columns", std::move(columns)}, {"output", options_.output}};
}

absl::StatusOr<OnnxOptions> OnnxModel::OptionsFromJson(const Json& json, Task task, int32_t num_outputs) {
  TRY_ASSIGN(const JsonObject object, JsonObject::Make(json, "onnx", {"columns", "num_features", "absent", "output"}));
  OnnxOptions options{.task = task, .num_outputs = num_outputs};
  TRY_ASSIGN(options.output, object.Text("output"));
  if (json.contains("num_features")) {
    TRY_ASSIGN(const int64_t width, object.Integer("num_features", 1, std::numeric_limits<int32_t>::max()));
    options.num_features = static_cast<int32_t>(width);
    TRY_ASSIGN(const std::string absent, object.Text("absent"));
    if (absent != "zero" && absent != "missing") return object.Fail("absent", "must be 'zero' or 'missing'");
    options.absent_is_nan = absent == "missing";
    return options;
  }
  TRY_ASSIGN(const std::vector<const Json*> columns, object.Array("columns", 1, kMaxColumns));
  for (size_t i = 0; i < columns.size(); ++i) {
    TRY_ASSIGN(OnnxColumn column, ReadColumn(*columns[i], fmt::format("onnx: columns[{}]", i)));
    options.columns.push_back(std::move(column));
  }
  return options;
}

}  // namespace roost::predict
