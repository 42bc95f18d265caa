#include "base/declared_values.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"

namespace roost {
namespace {

using Kind = ValueShape::Kind;

struct Resolved {
  Json value;  // null: there is none
  std::vector<absl::Status> errors;
  std::vector<WrittenKey> written;

  // Takes what was found below; its value is the caller's to place.
  void Add(Resolved below) {
    std::move(below.errors.begin(), below.errors.end(), std::back_inserter(errors));
    std::move(below.written.begin(), below.written.end(), std::back_inserter(written));
  }
};

Resolved Resolve(const ValueShape& shape, const YamlNode& node, const std::string& path);

template <typename T>
Resolved FromStatus(const absl::StatusOr<T>& value) {
  Resolved resolved;
  if (value.ok()) {
    resolved.value = *value;
  } else {
    resolved.errors.push_back(value.status());
  }
  return resolved;
}

std::string Below(const std::string& path, const std::string& name) {
  return path.empty() ? name : fmt::format("{}.{}", path, name);
}

// Whether the key counts beside the values before it.
bool IsSelected(const DeclaredKeys::Key& key, const Json& before) {
  if (key.selector.empty()) return true;
  const auto selector = before.find(key.selector);
  if (selector == before.end() || !selector->is_string()) return false;
  return std::find(key.selected.begin(), key.selected.end(), selector->get<std::string>()) != key.selected.end();
}

// What holds where `key` is left out.
Json AbsentValue(const DeclaredKeys::Key& key);

Json Defaults(const DeclaredKeys& keys) {
  Json values = Json::object();
  for (const DeclaredKeys::Key& key : keys.keys()) {
    if (!IsSelected(key, values)) continue;
    Json value = AbsentValue(key);
    if (!value.is_null()) values[key.name] = std::move(value);
  }
  return values;
}

Json AbsentValue(const DeclaredKeys::Key& key) {
  if (key.presence == Presence::kRequired) return nullptr;
  if (key.shape.kind != Kind::kSection || !key.is_filled) return StandardOf(key);
  Json values = Defaults(*key.shape.keys);
  return values.empty() ? Json() : values;
}

Resolved ResolveKey(const DeclaredKeys::Key& key, const YamlNode::Member& member, const std::string& path) {
  Resolved resolved = Resolve(key.shape, member.value, path);
  const bool says_nothing = key.presence == Presence::kOptional &&
                            (resolved.value == Json("") || (key.is_filled && resolved.value == Json::object()));
  if (says_nothing) resolved.value = nullptr;
  // Of a section the keys are told, each for itself.
  const bool is_default = key.presence == Presence::kOptional && resolved.errors.empty() &&
                          key.shape.kind != Kind::kSection && resolved.value == AbsentValue(key);
  if (is_default) resolved.written.clear();
  resolved.written.insert(resolved.written.begin(),
                          {.path = path, .line = member.key.line(), .is_default = is_default});
  return resolved;
}

Resolved ResolveSection(const DeclaredKeys& keys, const YamlNode& node, const std::string& path) {
  Resolved resolved{.value = Json::object(), .errors = {}, .written = {}};
  if (!node.IsMap() && !node.IsEmpty()) return {.value = nullptr, .errors = {WantMapping(node)}, .written = {}};
  const std::vector<YamlNode::Member> members = node.Members();
  std::map<std::string, Json> given;
  for (const YamlNode::Member& member : members) {
    const auto key = std::find_if(keys.keys().begin(), keys.keys().end(),
                                  [&member](const DeclaredKeys::Key& known) { return known.name == member.name; });
    if (key == keys.keys().end()) {
      resolved.errors.push_back(keys.UnknownKey(member));
      continue;
    }
    if (absl::Status misplaced = keys.CheckSelected(*key, member, members); !misplaced.ok()) {
      resolved.errors.push_back(std::move(misplaced));
      continue;
    }
    Resolved below = ResolveKey(*key, member, Below(path, member.name));
    given[member.name] = std::move(below.value);
    resolved.Add(std::move(below));
  }
  for (const DeclaredKeys::Key& key : keys.keys()) {
    const auto found = given.find(key.name);
    const bool is_given = std::any_of(members.begin(), members.end(),
                                      [&key](const YamlNode::Member& member) { return member.name == key.name; });
    if (!is_given && key.presence == Presence::kRequired) {
      resolved.errors.push_back(DeclaredKeys::MissingKey(key, node));
    }
    if (!IsSelected(key, resolved.value)) continue;
    Json value = found != given.end() ? std::move(found->second) : is_given ? Json() : AbsentValue(key);
    if (!value.is_null()) resolved.value[key.name] = std::move(value);
  }
  return resolved;
}

Resolved ResolveList(const ValueShape& element, const YamlNode& node, const std::string& path) {
  if (!node.IsList() || node.Elements().empty()) {
    return {.value = nullptr, .errors = {node.Error("want a list with one entry or more")}, .written = {}};
  }
  Resolved resolved{.value = Json::array(), .errors = {}, .written = {}};
  const std::vector<YamlNode> elements = node.Elements();
  for (size_t i = 0; i < elements.size(); ++i) {
    Resolved below = Resolve(element, elements[i], fmt::format("{}[{}]", path, i));
    resolved.value.push_back(std::move(below.value));
    resolved.Add(std::move(below));
  }
  return resolved;
}

Resolved ResolveNamed(const ValueShape& value, const YamlNode& node, const std::string& path) {
  if (!node.IsMap() || node.Members().empty()) {
    return {.value = nullptr, .errors = {node.Error("want a mapping from names")}, .written = {}};
  }
  Resolved resolved{.value = Json::object(), .errors = {}, .written = {}};
  std::map<std::string, Json> by_name;  // whose order makes no difference
  for (const YamlNode::Member& member : node.Members()) {
    const std::string below = Below(path, member.name);
    Resolved one = Resolve(value, member.value, below);
    by_name[member.name] = std::move(one.value);
    resolved.written.push_back({.path = below, .line = member.key.line()});
    resolved.Add(std::move(one));
  }
  for (auto& [name, one] : by_name) resolved.value[name] = std::move(one);
  return resolved;
}

// Whether `node` has the form that a value of `shape` has, whatever is in it.
bool HasForm(const ValueShape& shape, const YamlNode& node) {
  switch (shape.kind) {
    case Kind::kList: return node.IsList();
    case Kind::kSection: return node.IsMap() || (node.IsScalar() && !shape.shorthand.empty());
    case Kind::kNamed:
    case Kind::kAny: return node.IsMap();
    default: return node.IsScalar();
  }
}

Resolved ResolveEither(const ValueShape& shape, const YamlNode& node, const std::string& path) {
  std::optional<Resolved> closest;
  for (const ValueShape& part : shape.parts) {
    Resolved resolved = Resolve(part, node, path);
    if (resolved.errors.empty()) return resolved;
    if (!closest.has_value() || HasForm(part, node)) closest = std::move(resolved);
  }
  return *std::move(closest);
}

absl::StatusOr<std::string> ChoiceOf(const std::vector<std::string>& choices, const YamlNode& node) {
  TRY_ASSIGN(const size_t index, ReadChoice(node, choices));
  return choices[index];
}

Resolved Resolve(const ValueShape& shape, const YamlNode& node, const std::string& path) {
  switch (shape.kind) {
    case Kind::kText: return FromStatus(ReadText(node));
    case Kind::kNumber: return FromStatus(ReadNumber(node, shape.numbers));
    case Kind::kInteger: return FromStatus(ReadInteger(node, shape.integers));
    case Kind::kFlag: return FromStatus(ReadFlag(node));
    case Kind::kChoice: return FromStatus(ChoiceOf(shape.choices, node));
    case Kind::kList: return ResolveList(shape.parts.front(), node, path);
    case Kind::kSection: {
      if (shape.shorthand.empty() || !node.IsScalar()) return ResolveSection(*shape.keys, node, path);
      Resolved resolved{.value = Defaults(*shape.keys), .errors = {}, .written = {}};
      Json value{{shape.shorthand, node.scalar()}};
      value.update(resolved.value);
      resolved.value = std::move(value);
      return resolved;
    }
    case Kind::kNamed: return ResolveNamed(shape.parts.front(), node, path);
    case Kind::kEither: return ResolveEither(shape, node, path);
    case Kind::kAny:
      if (!node.IsMap()) return {.value = nullptr, .errors = {WantMapping(node)}, .written = {}};
      break;
    case Kind::kUnknown: break;
  }
  return {.value = PlainJson(node), .errors = {}, .written = {}};
}

void AddFlat(const Json& value, const std::string& path, std::map<std::string, std::string>& flat) {
  if (value.is_object() && !value.empty()) {
    for (const auto& [name, below] : value.items()) AddFlat(below, Below(path, name), flat);
    return;
  }
  if (value.is_array() && !value.empty()) {
    for (size_t i = 0; i < value.size(); ++i) AddFlat(value[i], fmt::format("{}[{}]", path, i), flat);
    return;
  }
  flat[path] = value.is_string()         ? value.get<std::string>()
               : value.is_number_float() ? FormatExact(value.get<double>())
                                         : ToLine(value);
}

}  // namespace

DeclaredValues ResolveValues(const DeclaredKeys& keys, const YamlNode& node) {
  Resolved resolved = ResolveSection(keys, node, "");
  if (resolved.value.is_null()) resolved.value = Json::object();
  return {.values = std::move(resolved.value),
          .errors = std::move(resolved.errors),
          .written = std::move(resolved.written)};
}

Json StandardOf(const DeclaredKeys::Key& key) {
  if (key.standard.empty()) return nullptr;
  if (key.shape.kind == Kind::kText || key.shape.kind == Kind::kChoice) return key.standard;
  const absl::StatusOr<YamlNode> node = YamlNode::Parse(key.standard, key.name);
  if (!node.ok()) return nullptr;
  // A default may lie outside of the bounds, where it means that the key says nothing.
  if (key.shape.kind == Kind::kInteger)
    return FromStatus(ReadInteger(*node, {.min = INT64_MIN, .max = INT64_MAX})).value;
  if (key.shape.kind == Kind::kNumber) return FromStatus(ReadNumber(*node, {})).value;
  return Resolve(key.shape, *node, "").value;
}

Json PlainJson(const YamlNode& node) {
  if (node.IsMap()) {
    Json object = Json::object();
    for (const YamlNode::Member& member : node.Members()) object[member.name] = PlainJson(member.value);
    return object;
  }
  if (node.IsList()) {
    Json array = Json::array();
    for (const YamlNode& element : node.Elements()) array.push_back(PlainJson(element));
    return array;
  }
  if (node.IsEmpty()) return nullptr;
  if (node.quoted()) return node.scalar();
  if (node.scalar() == "true") return true;
  if (node.scalar() == "false") return false;
  if (const absl::StatusOr<int64_t> integer = ReadInteger(node, {.min = -(int64_t{1} << 53), .max = int64_t{1} << 53});
      integer.ok()) {
    return *integer;
  }
  if (const absl::StatusOr<double> number = ReadNumber(node, {}); number.ok()) return *number;
  return node.scalar();
}

std::map<std::string, std::string> FlatValues(const Json& values) {
  std::map<std::string, std::string> flat;
  if (!values.empty()) AddFlat(values, "", flat);
  return flat;
}

}  // namespace roost
