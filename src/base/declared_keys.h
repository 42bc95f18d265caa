#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/declared_shape.h"
#include "base/yaml.h"

namespace roost {

enum class Presence { kOptional, kRequired };

/// Says what is wrong with a text, or OK; the file and line are added by the caller.
using TextCheck = std::function<absl::Status(const std::string&)>;

/// The part of a declaration that does not depend on the struct. Users need Declaration<T> below.
class DeclaredKeys {
 public:
  struct Key {
    std::string name;
    std::string type;      ///< for people: "number from 0 to 1", "one of linear, trees", "list of"
    std::string standard;  ///< the default as text, or ""
    std::string meaning;
    Presence presence;
    std::function<absl::Status(const YamlNode&, void*)> read;  ///< fills the struct's field
    std::shared_ptr<const DeclaredKeys> nested;                ///< for sections and lists of sections
    std::string selector = {};                                 ///< the key beside it that decides, or ""
    std::vector<std::string> selected = {};                    ///< the values of `selector` that it belongs to
    ValueShape shape = {};
    bool is_filled = false;  ///< of a section: where it is left out, its keys have their defaults
  };

  void Add(Key key, ValueShape shape = {});
  /// Says the shape of the key that was added last.
  void Shape(ValueShape shape) { keys_.back().shape = std::move(shape); }
  /// Of the section that was added last.
  void Fill() { keys_.back().is_filled = true; }

  const std::vector<Key>& keys() const { return keys_; }

  /// Keys that are added from here on belong to these values of the key `selector`, which was added before: where it
  /// has another value they are refused. "" ends it.
  void When(std::string selector, std::vector<std::string> values) {
    selector_ = std::move(selector);
    selected_ = std::move(values);
  }

  /// Fills `target` from the members of `node`. Every unknown, missing, misplaced or bad value is InvalidArgument.
  absl::Status Read(const YamlNode& node, void* target) const;

  /// Markdown: one table of the keys, then one section for each nested declaration. `title` heads it, `path` is
  /// the way to these keys ("model.trainer").
  std::string Reference(std::string_view title, std::string_view path = "", int level = 1) const;

  /// InvalidArgument where `member`, which is `key`, stands in a mapping of `members` whose selector says that it does
  /// not belong there.
  absl::Status CheckSelected(const Key& key, const YamlNode::Member& member,
                             const std::vector<YamlNode::Member>& members) const;
  /// InvalidArgument, with a hint, for a member that is no key here.
  absl::Status UnknownKey(const YamlNode::Member& member) const;
  /// InvalidArgument for a mapping `node` that lacks `key`.
  static absl::Status MissingKey(const Key& key, const YamlNode& node);

 private:
  std::vector<Key> keys_;
  std::string selector_;
  std::vector<std::string> selected_;
};

/// "want a mapping of keys, got 'x'".
absl::Status WantMapping(const YamlNode& node);
absl::StatusOr<std::string> ReadText(const YamlNode& node);
/// true or false.
absl::StatusOr<bool> ReadFlag(const YamlNode& node);
absl::StatusOr<std::vector<std::string>> ReadTexts(const YamlNode& node);
absl::StatusOr<std::vector<double>> ReadNumbers(const YamlNode& node, NumberBounds bounds);
absl::StatusOr<double> ReadNumber(const YamlNode& node, NumberBounds bounds);
absl::StatusOr<int64_t> ReadInteger(const YamlNode& node, IntegerBounds bounds);
/// The index of the scalar in `names`.
absl::StatusOr<size_t> ReadChoice(const YamlNode& node, const std::vector<std::string>& names);
std::string NumberText(NumberBounds bounds);
std::string IntegerText(IntegerBounds bounds);
std::string ChoiceText(const std::vector<std::string>& names);
std::string StandardText(double value);

}  // namespace roost
