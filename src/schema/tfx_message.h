#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace roost::schema {

/// A field of TFX's schema text, or the whole text as a message without a name: a tree of plain values, so that
/// protobuf stays behind tfx_message.cc. Private to this folder.
struct TfxField {
  enum class Kind { kMessage, kText, kName, kInteger, kNumber, kBool };

  std::string name;
  Kind kind = Kind::kMessage;
  std::vector<TfxField> fields;  ///< kMessage: by field number, those of one name in the order of the text
  std::string text;              ///< kText: any bytes; kName: the name of an enum's value
  int64_t integer = 0;           ///< kInteger
  double number = 0;             ///< kNumber; 32-bit ones are read as the shortest decimal: 0.1, not 0.10000000149
  bool truth = false;            ///< kBool
  int line = 1;                  ///< where it stands in the text, from 1
  int column = 1;

  /// Takes the field of that name out of this message. What is left in the end is what nobody asked for.
  std::optional<TfxField> Take(std::string_view field_name);
  std::vector<TfxField> TakeAll(std::string_view field_name);

  /// Adds a message. The reference holds until the next field is added.
  TfxField& Add(std::string_view field_name);
  void AddText(std::string_view field_name, std::string value);
  void AddName(std::string_view field_name, std::string_view value);
  void AddInteger(std::string_view field_name, int64_t value);
  void AddNumber(std::string_view field_name, double value);
  void AddTrue(std::string_view field_name);
};

/// "path:line:column: what", of the place of `field`.
std::string TfxPlace(const TfxField& field, std::string_view path, std::string_view what);

/// InvalidArgument that begins with "path:line:column:" for what is no tensorflow.metadata.v0.Schema in protobuf's text
/// format, for texts that are not UTF-8, messages nested deeper than 100 levels, or text over 16 MiB.
absl::StatusOr<TfxField> ParseTfxMessage(std::string_view text, std::string_view path);

/// The text of a whole schema. `message` has only fields that a schema has, with values of their kinds (ROOST_CHECK);
/// numbers of 32-bit fields are rounded.
std::string PrintTfxMessage(const TfxField& message);

}  // namespace roost::schema
