#pragma once

#include <string_view>

#include "base/declared_keys.h"
#include "base/json.h"

namespace roost {

/// A JSON schema (draft 2020-12) of documents of `keys`, for editors: types, choices, bounds, required keys, keys that
/// belong to one value of another, defaults and meanings; other keys are refused. What only code knows (whether a text
/// parses as an expression, keys that need each other) is not in it. A document that `keys`
/// reads is one of the schema, where it is read as YAML 1.2.
Json JsonSchemaOf(const DeclaredKeys& keys, std::string_view title);

}  // namespace roost
