#include "rest/openapi.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace roost::rest {
namespace {

using serving::Servable;

/// A schema of JSON; null is allowed, as a missing value.
Json ColumnSchema(column::Kind kind) {
  switch (kind) {
    case column::Kind::kNumber: return {{"type", Json::array({"number", "boolean", "null"})}};
    case column::Kind::kText: return {{"type", Json::array({"string", "null"})}};
    case column::Kind::kTime:
      return {{"type", Json::array({"string", "integer", "null"})},
              {"format", "date-time"},
              {"description", "ISO 8601 with its zone (without one it is UTC), or microseconds since 1970 UTC"}};
    case column::Kind::kTextList:
      return {{"type", Json::array({"array", "null"})}, {"items", {{"type", Json::array({"string", "null"})}}}};
    case column::Kind::kNumberList:
      return {{"type", Json::array({"array", "null"})}, {"items", {{"type", Json::array({"number", "null"})}}}};
  }
  return Json::object();
}

Json RowSchema(const Servable& servable) {
  Json properties = Json::object();
  for (const auto& input : servable.model().inputs()) properties[input.name] = ColumnSchema(input.kind);
  return {{"type", "object"},
          {"description", "A row. Columns that are null or left out are missing values."},
          {"properties", std::move(properties)},
          {"additionalProperties", false}};
}

Json ScoredRowProperties(const Servable& servable) {
  const Json number{{"type", "number"}};
  if (servable.model().task() == predict::Task::kClasses) {
    Json probabilities = Json::object();
    for (const std::string& name : servable.model().classes()) probabilities[name] = number;
    return {{"class", {{"type", "string"}}},
            {"probabilities", {{"type", "object"}, {"properties", std::move(probabilities)}}}};
  }
  Json properties{{servable.outputs().front().name, number}};
  if (servable.model().task() == predict::Task::kBinary) properties["decision"] = {{"type", "boolean"}};
  return properties;
}

Json RowsRequestSchema(const Servable& servable, const Json& row) {
  Json properties{{"rows", {{"type", "array"}, {"items", row}}},
                  {"explain", {{"type", "boolean"}, {"default", false}}}};
  if (servable.model().task() == predict::Task::kBinary) {
    properties["threshold"] = {
        {"type", "number"}, {"minimum", 0}, {"maximum", 1}, {"default", servable.model().threshold()}};
  }
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", Json::array({"rows"})},
          {"additionalProperties", false}};
}

Json ScoreAnswerSchema(const Servable& servable) {
  const Json row = ScoredRowProperties(servable);
  Json properties = row;
  properties["rows"] = {{"type", "array"}, {"items", {{"type", "object"}, {"properties", row}}}};
  if (servable.model().task() == predict::Task::kBinary) properties["threshold"] = {{"type", "number"}};
  properties["model"] = {{"type", "string"}};
  properties["version"] = {{"type", "integer"}};
  properties["request_id"] = {{"type", "string"}};
  return {{"type", "object"}, {"properties", std::move(properties)}};
}

Json InferSchema(const Servable& servable) {
  Json names = Json::array();
  for (const auto& input : servable.inputs()) names.push_back(input.name);
  const Json input{{"type", "object"},
                   {"properties",
                    {{"name", {{"enum", std::move(names)}}},
                     {"shape", {{"type", "array"}, {"items", {{"type", "integer"}}}}},
                     {"datatype", {{"type", "string"}}},
                     {"data", {{"type", "array"}}}}},
                   {"required", Json::array({"name", "shape", "datatype"})}};
  return {{"type", "object"},
          {"description", "A tensor a column. Times are INT64, microseconds since 1970 UTC, or BYTES, ISO 8601."},
          {"properties", {{"id", {{"type", "string"}}}, {"inputs", {{"type", "array"}, {"items", input}}}}},
          {"required", Json::array({"inputs"})}};
}

/// An operation that posts JSON.
Json Operation(std::string summary, std::string id, Json schema, Json examples, Json answer) {
  const auto content = [](Json described) { return Json{{"application/json", std::move(described)}}; };
  const Json error{{"description", "what was wrong, what was expected, and a call that works"},
                   {"content", content({{"schema", {{"$ref", "#/components/schemas/Error"}}}})}};
  return {{"post",
           {{"summary", std::move(summary)},
            {"operationId", std::move(id)},
            {"requestBody",
             {{"required", true},
              {"content", content({{"schema", std::move(schema)}, {"examples", std::move(examples)}})}}},
            {"responses",
             {{"200", {{"description", "the answer"}, {"content", content({{"schema", std::move(answer)}})}}},
              {"400", error},
              {"404", error}}}}}};
}

void AddModel(const Servable& servable, Json& paths, Json& schemas) {
  const std::string& name = servable.name();
  const std::string row_name = fmt::format("{}.row", name);
  const Json row{{"$ref", "#/components/schemas/" + row_name}};
  schemas[row_name] = RowSchema(servable);
  const auto example = [](const char* what, Json value) { return Json{{what, {{"value", std::move(value)}}}}; };
  Json examples = example("row", ScoreExample(servable));
  examples.update(example("rows", RowsExample(servable)));
  paths[V1Path(name, "score")] = Operation(fmt::format("Score rows with {}", name), name + ".score",
                                           {{"oneOf", Json::array({row, RowsRequestSchema(servable, row)})}},
                                           std::move(examples), ScoreAnswerSchema(servable));
  paths[InferPath(name)] =
      Operation(fmt::format("Score tensors with {} (Open Inference Protocol v2)", name), name + ".infer",
                InferSchema(servable), example("row", InferExample(servable)), {{"type", "object"}});
  const Json instances{{"type", "object"}, {"properties", {{"instances", {{"type", "array"}, {"items", row}}}}}};
  paths[V1Path(name, "predict")] =
      Operation(fmt::format("Score rows with {} (TensorFlow Serving)", name), name + ".predict", instances,
                example("row", PredictExample(servable)),
                {{"type", "object"}, {"properties", {{"predictions", {{"type", "array"}}}}}});
}

}  // namespace

Json OpenApi(const serving::ModelManager& models, const Endpoint& endpoint) {
  Json paths = Json::object();
  Json schemas{{"Error",
                {{"type", "object"},
                 {"properties", {{"error", {{"type", "string"}}}, {"example", {{"type", "string"}}}}},
                 {"required", Json::array({"error"})}}}};
  const auto snapshot = models.snapshot();
  for (const auto& [name, model] : *snapshot) AddModel(*model.versions.back(), paths, schemas);
  Json document{{"openapi", "3.1.0"},
                {"info", {{"title", "Roost"}, {"version", ROOST_VERSION}}},
                {"servers", Json::array({Json{{"url", endpoint.origin}}})},
                {"paths", std::move(paths)},
                {"components", {{"schemas", std::move(schemas)}}}};
  if (endpoint.with_token) {
    document["components"]["securitySchemes"] = {{"token", {{"type", "http"}, {"scheme", "bearer"}}}};
    document["security"] = Json::array({Json{{"token", Json::array()}}});
  }
  return document;
}

}  // namespace roost::rest
