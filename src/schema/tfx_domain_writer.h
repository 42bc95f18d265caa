#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/schema.h"
#include "schema/tfx_message.h"

namespace roost::schema {

/// "column 'x': what".
std::string TfxColumnNote(const ColumnRules& column, std::string_view what);

/// Writes the one domain that a feature of TFX can have. Private to this folder.
class TfxDomainWriter {
 public:
  /// `notes`, which outlives this, gets what is said there in another way.
  explicit TfxDomainWriter(std::vector<std::string>& notes) : notes_(notes) {}

  /// Adds the domain of `values` to `feature`, and returns the names of the rules that found no place. `list` is the
  /// outermost list around the values; or the same column.
  std::vector<std::string> Write(const ColumnRules& list, const ColumnRules& values, TfxField& feature);

 private:
  // These say whether there is such a domain for a column of that type.
  bool WriteBools(const ColumnRules& column, TfxField& feature);
  bool WriteValues(const ColumnRules& column, TfxField& feature);
  bool WriteTimes(const ColumnRules& column, TfxField& feature);
  bool WriteWords(const ColumnRules& column, TfxField& feature);
  bool WriteImages(const ColumnRules& column, TfxField& feature);
  bool WriteNumbers(const ColumnRules& column, TfxField& feature);
  bool WriteMark(const ColumnRules& column, TfxField& feature);
  bool WriteEmbedding(const EmbeddingRule& rule, const ColumnRules& column, TfxField& feature, bool is_taken);
  void WriteToken(const ColumnRules& column, const TokenRule& token, TfxField& constraints);
  void WriteBound(const ColumnRules& column, std::string_view name, double bound, bool integers, TfxField& domain);
  void AddFloat(const ColumnRules& column, TfxField& message, std::string_view name,
                const std::optional<double>& value);
  void Note(const ColumnRules& column, std::string_view what) { notes_.push_back(TfxColumnNote(column, what)); }

  std::vector<std::string>& notes_;
};

}  // namespace roost::schema
