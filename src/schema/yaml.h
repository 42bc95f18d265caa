#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "schema/schema.h"

namespace roost::schema {

/// The schema as text for review: the columns in their order, one rule a line, only what is not the default. The same
/// schema always gives the same bytes, and FromYaml reads back an equal one. Format: docs/schema.md.
std::string ToYaml(const Schema& schema);

/// The lines of one column in that text, without the list's indentation: "name: delay", "type: integer", ...
std::vector<std::string> ColumnLines(const ColumnRules& column);

/// Reads `text`. InvalidArgument that begins with "path:line:" for what is no YAML, an unknown key (with a spelling
/// hint), a missing or bad value, a column named twice, a rule that does not fit its column's type, or text over 1 MiB.
absl::StatusOr<Schema> FromYaml(std::string_view text, std::string_view path);

/// The reference of all keys, as Markdown.
std::string SchemaReference();

}  // namespace roost::schema
