#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "base/declared_keys.h"
#include "base/json.h"
#include "base/yaml.h"

namespace roost {

/// A key as it stands in a file.
struct WrittenKey {
  std::string path;         ///< "model.features[0].column"
  int line = 1;             ///< of its name
  bool is_default = false;  ///< the same holds without it

  friend bool operator==(const WrittenKey&, const WrittenKey&) = default;
};

/// What a document says, with the defaults of what it does not say.
struct DeclaredValues {
  /// An object in the order of the declaration: without keys that have neither a value nor a default, and without those
  /// that belong to another value of their selector. Numbers are doubles, whole numbers integers; a shorthand is
  /// written out. So equal objects mean the same, however they are written.
  Json values;
  std::vector<absl::Status> errors;  ///< InvalidArgument, "path:line: …": all that the declaration itself can tell
  std::vector<WrittenKey> written;   ///< in the order of the file
};

/// `node` is a mapping of `keys`. Never fails: what is wrong is in `errors`, and its key has no value then.
DeclaredValues ResolveValues(const DeclaredKeys& keys, const YamlNode& node);

/// The default of a key that has one as a value; null otherwise.
Json StandardOf(const DeclaredKeys::Key& key);

/// Any YAML value as JSON: plain scalars as numbers, booleans or null where they are such, else as texts.
Json PlainJson(const YamlNode& node);

/// The scalars of `values` by the way to them: "model.features[0].column" -> "date". Texts are themselves, anything
/// else is written as JSON; so are empty lists and objects.
std::map<std::string, std::string> FlatValues(const Json& values);

}  // namespace roost
