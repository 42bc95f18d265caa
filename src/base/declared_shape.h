#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace roost {

struct NumberBounds {
  double min = -1e308;
  double max = 1e308;
};
struct IntegerBounds {
  int64_t min = 0;
  int64_t max = 1'000'000'000'000;
};

class DeclaredKeys;

/// What the value of a key may look like, told to machines: the JSON schema (base/declared_schema.h) and the values
/// with their defaults (base/declared_values.h) come from it.
struct ValueShape {
  enum class Kind {
    kUnknown,  ///< nobody has said it yet: see Declaration::Shaped
    kText,
    kNumber,
    kInteger,
    kFlag,
    kChoice,   ///< one of `choices`
    kAny,      ///< a mapping of whatever
    kList,     ///< of one `parts.front()` or more
    kSection,  ///< a mapping of `keys`
    kNamed,    ///< a mapping from names of the user's to `parts.front()`
    kEither,   ///< any of `parts`; the first that fits counts
  };

  Kind kind = Kind::kUnknown;
  NumberBounds numbers = {};
  IntegerBounds integers = {};
  std::vector<std::string> choices = {};
  std::string pattern = {};  ///< kText, names of kNamed: a regular expression for the JSON schema; empty: any
  std::shared_ptr<const DeclaredKeys> keys = nullptr;
  std::string shorthand = {};  ///< kSection: a scalar stands for the mapping with this key alone; empty: none may
  std::vector<ValueShape> parts = {};

  static ValueShape Text(std::string pattern = "") { return {.kind = Kind::kText, .pattern = std::move(pattern)}; }
  static ValueShape Number(NumberBounds bounds) { return {.kind = Kind::kNumber, .numbers = bounds}; }
  static ValueShape Integer(IntegerBounds bounds) { return {.kind = Kind::kInteger, .integers = bounds}; }
  static ValueShape Flag() { return {.kind = Kind::kFlag}; }
  static ValueShape Choice(std::vector<std::string> names) {
    return {.kind = Kind::kChoice, .choices = std::move(names)};
  }
  static ValueShape Any() { return {.kind = Kind::kAny}; }
  static ValueShape List(ValueShape element) { return {.kind = Kind::kList, .parts = {std::move(element)}}; }
  static ValueShape Section(std::shared_ptr<const DeclaredKeys> keys, std::string shorthand = "") {
    return {.kind = Kind::kSection, .keys = std::move(keys), .shorthand = std::move(shorthand)};
  }
  /// `pattern` is of the names.
  static ValueShape Named(ValueShape value, std::string pattern = "") {
    return {.kind = Kind::kNamed, .pattern = std::move(pattern), .parts = {std::move(value)}};
  }
  static ValueShape Either(std::vector<ValueShape> parts) { return {.kind = Kind::kEither, .parts = std::move(parts)}; }
};

}  // namespace roost
