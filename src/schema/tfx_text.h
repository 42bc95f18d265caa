#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "schema/schema.h"

namespace roost::schema {

/// The schema text of TensorFlow Extended ("schema.pbtxt": tensorflow.metadata.v0.Schema in protobuf's text format), in
/// and out. Which field is which rule: docs/formats/tfx-schema.md. Nothing is lost without a word: what the other side
/// cannot say comes back as notes.
///
/// TFX counts values in lists where Roost has columns of single values: a feature of at most one value is a plain
/// column, any other a list "tags" whose values have their rules under "tags[]"; the fields of a struct are "a.b".

/// A schema read from TFX's text.
struct TfxImport {
  Schema schema;
  /// "path:line:column: feature 'tags': ...": each names a field that says something that no rule here says, or how
  /// such a field was taken. In the order of the text.
  std::vector<std::string> notes;
};

/// Reads `text`. InvalidArgument that begins with "path:line:column:" for what is no such text, for a field that TFX
/// 1.21 does not have, texts that are not UTF-8, no feature, one without a name or named twice, a domain that is not
/// there, bounds that cannot be (a share above 1, a min above its max), messages nested deeper than 100 levels, text
/// over 16 MiB, and what schema.yaml would not take either (problems.h). Every rule is an error, as in TFX.
absl::StatusOr<TfxImport> FromTfxText(std::string_view text, std::string_view path);

/// A schema as TFX's text.
struct TfxExport {
  std::string text;  ///< the notes stand in it too, as comments at its head
  /// "column 'delay': ...": each names a rule that TFX has no word for, or what it becomes there. Columns in order.
  std::vector<std::string> notes;
};

/// The same schema always gives the same bytes. FromTfxText reads back a schema that is equal in all that needed no
/// note.
TfxExport ToTfxText(const Schema& schema);

}  // namespace roost::schema
