#include "base/declared_schema.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/declared_values.h"

namespace roost {
namespace {

using Kind = ValueShape::Kind;

Json SchemaOf(const DeclaredKeys& keys);

// A scalar that is read as a text may look like a number.
Json TextSchema(const std::string& pattern) {
  Json schema{{"type", {"string", "number", "boolean"}}};
  if (!pattern.empty()) schema["pattern"] = pattern;
  return schema;
}

Json NumberSchema(const NumberBounds& bounds) {
  Json schema{{"type", "number"}};
  if (bounds.min > NumberBounds().min) schema["minimum"] = bounds.min;
  if (bounds.max < NumberBounds().max) schema["maximum"] = bounds.max;
  return schema;
}

Json SchemaOf(const ValueShape& shape) {
  switch (shape.kind) {
    case Kind::kText: return TextSchema(shape.pattern);
    case Kind::kNumber: return NumberSchema(shape.numbers);
    case Kind::kInteger: return {{"type", "integer"}, {"minimum", shape.integers.min}, {"maximum", shape.integers.max}};
    case Kind::kFlag: return {{"type", "boolean"}};
    case Kind::kChoice: return {{"enum", shape.choices}};
    case Kind::kAny: return {{"type", "object"}};
    case Kind::kList: return {{"type", "array"}, {"minItems", 1}, {"items", SchemaOf(shape.parts.front())}};
    case Kind::kSection: {
      Json section = SchemaOf(*shape.keys);
      if (shape.shorthand.empty()) return section;
      return {{"anyOf", Json::array({TextSchema(""), std::move(section)})}};
    }
    case Kind::kNamed: {
      Json schema{{"type", "object"}, {"minProperties", 1}};
      if (!shape.pattern.empty()) schema["propertyNames"] = {{"pattern", shape.pattern}};
      schema["additionalProperties"] = SchemaOf(shape.parts.front());
      return schema;
    }
    case Kind::kEither: {
      Json any = Json::array();
      for (const ValueShape& part : shape.parts) any.push_back(SchemaOf(part));
      return {{"anyOf", std::move(any)}};
    }
    case Kind::kUnknown: break;
  }
  return Json::object();
}

const DeclaredKeys::Key* Find(const DeclaredKeys& keys, const std::string& name) {
  for (const DeclaredKeys::Key& key : keys.keys()) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

// "Where there is this key, the selector has one of these values."
Json BelongsTo(const DeclaredKeys& keys, const DeclaredKeys::Key& key) {
  Json then{{"properties", {{key.selector, {{"enum", key.selected}}}}}};
  const DeclaredKeys::Key* selector = Find(keys, key.selector);
  const bool by_default = selector != nullptr &&
                          std::find(key.selected.begin(), key.selected.end(), selector->standard) != key.selected.end();
  if (!by_default) then["required"] = Json::array({key.selector});
  return {{"if", {{"required", Json::array({key.name})}}}, {"then", std::move(then)}};
}

Json SchemaOf(const DeclaredKeys& keys) {
  Json properties = Json::object();
  Json required = Json::array();
  Json conditions = Json::array();
  for (const DeclaredKeys::Key& key : keys.keys()) {
    Json property{{"description", key.meaning}};
    property.update(SchemaOf(key.shape));
    const Json standard = StandardOf(key);
    if (key.presence == Presence::kOptional && !standard.is_null()) property["default"] = standard;
    properties[key.name] = std::move(property);
    if (key.presence == Presence::kRequired) required.push_back(key.name);
    if (!key.selector.empty()) conditions.push_back(BelongsTo(keys, key));
  }
  // A section without any of its keys may be empty, which is null.
  Json schema{{"type", required.empty() ? Json::array({"object", "null"}) : Json("object")},
              {"properties", std::move(properties)},
              {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = std::move(required);
  if (!conditions.empty()) schema["allOf"] = std::move(conditions);
  return schema;
}

}  // namespace

Json JsonSchemaOf(const DeclaredKeys& keys, std::string_view title) {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
  schema.update(SchemaOf(keys));
  return schema;
}

}  // namespace roost
