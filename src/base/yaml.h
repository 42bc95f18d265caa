#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace roost {

/// One place in a YAML document, which knows its file and line for messages. Cheap to copy; immutable.
class YamlNode {
 public:
  static constexpr size_t kMaxBytes = 1 << 20;

  /// InvalidArgument with "path:line:" where `text` is no YAML, has a key twice in one mapping, is longer than
  /// `max_bytes` or nests deeper than 50 levels, has a second document, more than 4,000,000 values (600 MB in
  /// memory), or an alias (aliases make small files huge).
  static absl::StatusOr<YamlNode> Parse(std::string_view text, std::string_view path, size_t max_bytes = kMaxBytes);

  struct Member;

  bool IsMap() const;
  bool IsList() const;
  bool IsScalar() const;  ///< a text, number or bool
  bool IsEmpty() const;   ///< "key:" without a value, null, or an empty document

  /// The scalar as written, without quotes. `quoted` scalars are texts and never numbers.
  const std::string& scalar() const;
  bool quoted() const;

  std::vector<Member> Members() const;     ///< of a map, in the order of the file
  std::vector<YamlNode> Elements() const;  ///< of a list

  /// Where it begins, in bytes from the begin of the text: a quote, a brace, the first key of a mapping on lines.
  size_t offset() const;
  int line() const;  ///< the same as a line, from 1 on

  /// "path:line: message", InvalidArgument.
  absl::Status Error(std::string_view message) const;

 private:
  struct Node;
  explicit YamlNode(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  std::shared_ptr<const Node> node_;
};

struct YamlNode::Member {
  std::string name;
  YamlNode key;  ///< for messages about the name
  YamlNode value;
};

}  // namespace roost
