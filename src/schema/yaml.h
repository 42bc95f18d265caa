#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "schema/schema.h"

namespace roost::schema {

/// The schema as text for review: the columns in their order, one rule a line, only what is not the default. The same
/// schema always gives the same bytes, and FromYaml reads back an equal one. Format: docs/schema.md.
std::string ToYaml(const Schema& schema);

/// That text, for a file: InvalidArgument where FromYaml would refuse it, as it is too long or contradicts itself. A
/// file that a schema replaces is so never lost for one that nobody can read.
absl::StatusOr<std::string> ToReadableYaml(const Schema& schema);

/// Of schema.yaml, and of the decisions beside it: some 10,000 columns with all that is inferred of them.
inline constexpr size_t kMaxSchemaBytes = 16 << 20;

/// The lines of one column in that text, without the list's indentation: "name: delay", "type: integer", ...
std::vector<std::string> ColumnLines(const ColumnRules& column);
/// The lines of the section `dataset`, without its indentation; none where it says nothing.
std::vector<std::string> DatasetLines(const DatasetRules& rules);

/// Reads `text`. InvalidArgument that begins with "path:line:" for what is no YAML, an unknown key (with a spelling
/// hint), a missing or bad value, text over kMaxSchemaBytes, and every problem of problems.h.
absl::StatusOr<Schema> FromYaml(std::string_view text, std::string_view path);

/// The reference of all keys, as the Markdown that stands in docs/schema.md.
std::string SchemaReference();

/// `text` as a scalar that reads back to the same bytes: as it is where that is plain, else in double quotes.
std::string YamlText(std::string_view text);

}  // namespace roost::schema
