#include "base/declared.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"

namespace roost {
namespace {

// The whole scalar as a number, or nothing. A quoted scalar is a text.
template <typename Number>
std::optional<Number> ParseScalar(const YamlNode& node) {
  if (!node.IsScalar() || node.quoted()) return std::nullopt;
  const std::string& text = node.scalar();
  Number value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Reads each element of a list of one or more.
template <typename Value, typename Reader>
absl::StatusOr<std::vector<Value>> ReadList(const YamlNode& node, const Reader& reader) {
  if (!node.IsList() || node.Elements().empty()) return node.Error("want a list with one entry or more");
  std::vector<Value> values;
  for (const YamlNode& element : node.Elements()) {
    TRY_ASSIGN(Value value, reader(element));
    values.push_back(std::move(value));
  }
  return values;
}

std::string Shown(const YamlNode& node) {
  if (node.IsMap()) return "a mapping";
  if (node.IsList()) return "a list";
  if (node.IsEmpty()) return "nothing";
  return fmt::format("'{}'", node.scalar());
}

}  // namespace

absl::StatusOr<std::string> ReadText(const YamlNode& node) {
  if (!node.IsScalar()) return node.Error(fmt::format("want a text, got {}", Shown(node)));
  return node.scalar();
}

absl::StatusOr<bool> ReadFlag(const YamlNode& node) {
  if (node.IsScalar() && !node.quoted() && node.scalar() == "true") return true;
  if (node.IsScalar() && !node.quoted() && node.scalar() == "false") return false;
  return node.Error(fmt::format("want true or false, got {}", Shown(node)));
}

absl::StatusOr<std::vector<std::string>> ReadTexts(const YamlNode& node) {
  return ReadList<std::string>(node, ReadText);
}

absl::StatusOr<std::vector<double>> ReadNumbers(const YamlNode& node, NumberBounds bounds) {
  return ReadList<double>(node, [bounds](const YamlNode& element) { return ReadNumber(element, bounds); });
}

absl::StatusOr<double> ReadNumber(const YamlNode& node, NumberBounds bounds) {
  const auto number = ParseScalar<double>(node);
  if (!number.has_value() || !std::isfinite(*number) || *number < bounds.min || *number > bounds.max) {
    return node.Error(fmt::format("want a {}, got {}", NumberText(bounds), Shown(node)));
  }
  return *number;
}

absl::StatusOr<int64_t> ReadInteger(const YamlNode& node, IntegerBounds bounds) {
  const auto integer = ParseScalar<int64_t>(node);
  if (!integer.has_value() || *integer < bounds.min || *integer > bounds.max) {
    return node.Error(fmt::format("want a {}, got {}", IntegerText(bounds), Shown(node)));
  }
  return *integer;
}

absl::StatusOr<size_t> ReadChoice(const YamlNode& node, const std::vector<std::string>& names) {
  for (size_t i = 0; node.IsScalar() && i < names.size(); ++i) {
    if (node.scalar() == names[i]) return i;
  }
  absl::Status bad = node.Error(fmt::format("want {}, got {}", ChoiceText(names), Shown(node)));
  const std::string_view closest = node.IsScalar() ? ClosestName(node.scalar(), names) : std::string_view();
  return closest.empty() ? bad : WithHint(std::move(bad), fmt::format("did you mean '{}'?", closest));
}

std::string NumberText(NumberBounds bounds) {
  if (bounds.min <= -1e308 && bounds.max >= 1e308) return "number";
  if (bounds.max >= 1e308) return fmt::format("number of at least {}", bounds.min);
  return fmt::format("number from {} to {}", bounds.min, bounds.max);
}

std::string IntegerText(IntegerBounds bounds) {
  return fmt::format("whole number from {} to {}", FormatCount(bounds.min), FormatCount(bounds.max));
}

std::string ChoiceText(const std::vector<std::string>& names) {
  return fmt::format("one of {}", fmt::join(names, ", "));
}

std::string StandardText(double value) { return FormatExact(value); }

absl::Status WantMapping(const YamlNode& node) {
  return node.Error(fmt::format("want a mapping of keys, got {}", Shown(node)));
}

void DeclaredKeys::Add(Key key, ValueShape shape) {
  key.shape = std::move(shape);
  key.selector = selector_;
  key.selected = selected_;
  if (!selected_.empty()) key.meaning = fmt::format("`{}`: {}", fmt::join(selected_, "`, `"), key.meaning);
  keys_.push_back(std::move(key));
}

absl::Status DeclaredKeys::CheckSelected(const Key& key, const YamlNode::Member& member,
                                         const std::vector<YamlNode::Member>& members) const {
  if (key.selector.empty()) return absl::OkStatus();
  const auto decides = [&key](const auto& candidate) { return candidate.name == key.selector; };
  const auto given = std::find_if(members.begin(), members.end(), decides);
  const auto selector = std::find_if(keys_.begin(), keys_.end(), decides);
  const bool is_choice = selector->shape.kind == ValueShape::Kind::kChoice;
  if (is_choice && given != members.end() && !ReadChoice(given->value, selector->shape.choices).ok()) {
    return absl::OkStatus();  // the selector's own error is enough
  }
  const std::string value = given != members.end() ? given->value.scalar() : selector->standard;
  if (std::find(key.selected.begin(), key.selected.end(), value) != key.selected.end()) return absl::OkStatus();
  return member.key.Error(fmt::format("key '{}' belongs to '{}: {}', not to '{}'", key.name, key.selector,
                                      fmt::join(key.selected, "' or '"), value.empty() ? "nothing" : value));
}

absl::Status DeclaredKeys::UnknownKey(const YamlNode::Member& member) const {
  std::vector<std::string> names;
  for (const Key& key : keys_) names.push_back(key.name);
  const std::string_view closest = ClosestName(member.name, names);
  return WithHint(member.key.Error(fmt::format("unknown key '{}'", member.name)),
                  closest.empty() ? fmt::format("the keys here are {}", fmt::join(names, ", "))
                                  : fmt::format("did you mean '{}'?", closest));
}

absl::Status DeclaredKeys::MissingKey(const Key& key, const YamlNode& node) {
  return node.Error(fmt::format("key '{}' is missing: {}", key.name, key.meaning));
}

absl::Status DeclaredKeys::Read(const YamlNode& node, void* target) const {
  if (!node.IsMap() && !node.IsEmpty()) return WantMapping(node);
  std::vector<std::string> names;
  for (const Key& key : keys_) names.push_back(key.name);
  const std::vector<YamlNode::Member> members = node.Members();
  for (const YamlNode::Member& member : members) {
    const auto key = std::find(names.begin(), names.end(), member.name);
    if (key == names.end()) return UnknownKey(member);
    const Key& known = keys_[static_cast<size_t>(key - names.begin())];
    TRY(known.read(member.value, target));
    TRY(CheckSelected(known, member, members));
  }
  for (const Key& key : keys_) {
    const bool given = std::any_of(members.begin(), members.end(),
                                   [&key](const YamlNode::Member& member) { return member.name == key.name; });
    if (!given && key.presence == Presence::kRequired) {
      return MissingKey(key, node);
    }
  }
  return absl::OkStatus();
}

std::string DeclaredKeys::Reference(std::string_view title, std::string_view path, int level) const {
  std::string page =
      fmt::format("{} {}\n\n| key | value | default | meaning |\n|---|---|---|---|\n", std::string(level, '#'), title);
  for (const Key& key : keys_) {
    const std::string standard = key.presence == Presence::kRequired ? "required"
                                 : key.standard.empty()              ? ""
                                                                     : fmt::format("`{}`", key.standard);
    page += fmt::format("| `{}` | {} | {} | {} |\n", key.name, key.type, standard, key.meaning);
  }
  for (const Key& key : keys_) {
    if (key.nested == nullptr) continue;
    const std::string below = path.empty() ? key.name : fmt::format("{}.{}", path, key.name);
    page += "\n" + key.nested->Reference(fmt::format("`{}`", below), below, level + 1);
  }
  return page;
}

}  // namespace roost
