#include "base/yaml_edit.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/status.h"
#include "base/yaml.h"

namespace roost {
namespace {

// The bytes of a scalar as it is written, with its quotes.
struct Range {
  size_t begin = 0;
  size_t end = 0;
};

absl::StatusOr<Range> RangeOf(std::string_view text, const YamlNode& node) {
  const size_t begin = node.offset();
  if (!node.quoted()) {
    if (text.substr(begin, node.scalar().size()) == node.scalar()) return Range{begin, begin + node.scalar().size()};
    return node.Error("this value stands on several lines: edit it by hand");
  }
  const char quote = text[begin];
  for (size_t i = begin + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '\'' && i + 1 < text.size() && text[i + 1] == quote) {
        ++i;
      } else {
        return Range{begin, i + 1};
      }
    }
  }
  return node.Error("this value has no end");
}

std::optional<YamlNode> Find(const YamlNode& map, std::string_view name) {
  for (const YamlNode::Member& member : map.Members()) {
    if (member.name == name) return member.value;
  }
  return std::nullopt;
}

bool InBraces(std::string_view text, const YamlNode& map) { return text[map.offset()] == '{'; }

size_t ColumnOf(std::string_view text, size_t offset) {
  const size_t line_end = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  return line_end == std::string_view::npos ? offset : offset - line_end - 1;
}

// "l2: 1" of {"l2"}, "trainer: {l2: 1}" of {"trainer", "l2"}.
std::string Entry(std::span<const std::string> keys, std::string_view value) {
  std::string entry = fmt::format("{}: {}", keys.back(), value);
  for (size_t i = keys.size() - 1; i-- > 0;) entry = fmt::format("{}: {{{}}}", keys[i], entry);
  return entry;
}

// After the line of the first member where that is a scalar, else before the first member.
std::string Insert(std::string_view text, const YamlNode& map, std::string_view entry) {
  const YamlNode::Member first = map.Members().front();
  const size_t begin = first.key.offset();
  if (InBraces(text, map)) {
    return fmt::format("{}{}, {}", text.substr(0, begin), entry, text.substr(begin));
  }
  const std::string indent(ColumnOf(text, begin), ' ');
  if (!first.value.IsScalar())
    return fmt::format("{}{}\n{}{}", text.substr(0, begin), entry, indent, text.substr(begin));
  const size_t line_end = std::min(text.find('\n', first.value.offset()), text.size());
  return fmt::format("{}\n{}{}{}", text.substr(0, line_end), indent, entry, text.substr(line_end));
}

}  // namespace

absl::StatusOr<std::string> SetYamlScalar(std::string_view text, std::string_view path,
                                          std::span<const std::string> keys, std::string_view value) {
  TRY_ASSIGN(YamlNode node, YamlNode::Parse(text, path));
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!node.IsMap() || node.Members().empty()) {
      return node.Error(fmt::format("want a mapping with keys here, to set '{}' in it", keys[i]));
    }
    const std::optional<YamlNode> below = Find(node, keys[i]);
    if (!below.has_value()) return Insert(text, node, Entry(keys.subspan(i), value));
    node = *below;
  }
  if (!node.IsScalar()) return node.Error(fmt::format("want a single value for '{}' here", keys.back()));
  TRY_ASSIGN(const Range range, RangeOf(text, node));
  return fmt::format("{}{}{}", text.substr(0, range.begin), value, text.substr(range.end));
}

absl::StatusOr<std::string> SetYamlBlock(std::string_view text, std::string_view path,
                                         std::span<const std::string> keys, std::string_view block) {
  TRY_ASSIGN(YamlNode node, YamlNode::Parse(text, path));
  size_t indent = 0;
  for (const std::string& key : keys) {
    if (!node.IsMap() || InBraces(text, node)) return node.Error("want a mapping on lines of its own here");
    std::optional<YamlNode> below;
    for (const YamlNode::Member& member : node.Members()) {
      if (member.name != key) continue;
      below = member.value;
      indent = ColumnOf(text, member.key.offset()) + 2;
    }
    if (!below.has_value()) return node.Error(fmt::format("key '{}' is missing", key));
    node = *below;
  }
  if (!node.IsScalar()) return node.Error(fmt::format("want a single value for '{}' here", keys.back()));
  TRY_ASSIGN(const Range range, RangeOf(text, node));
  std::string lines;
  for (size_t begin = 0; begin < block.size();) {
    const size_t end = std::min(block.find('\n', begin), block.size());
    lines += fmt::format("\n{}{}", std::string(indent, ' '), block.substr(begin, end - begin));
    begin = end + 1;
  }
  // What stands behind the scalar on its line is a comment about it.
  const size_t after = std::min(text.find('\n', range.end), text.size());
  std::string_view before = text.substr(0, range.begin);
  while (before.ends_with(' ')) before.remove_suffix(1);
  return fmt::format("{}{}{}", before, lines, text.substr(after));
}

}  // namespace roost
