#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "schema/schema.h"
#include "schema/tfx_message.h"
#include "schema/tfx_read.h"

namespace roost::schema {

/// Reads what a feature's values are: its type and the one of its domains that is there. Private to this folder.
class TfxDomainReader {
 public:
  /// Both outlive this.
  TfxDomainReader(const TfxReader& reader, TfxNotes& notes) : reader_(reader), notes_(notes) {}

  /// The domains that features share: those of texts into `schema`, those of numbers for copies.
  absl::Status ReadShared(TfxField& root, Schema& schema);

  /// Into the rules of the values, or into those of the list around them. What no rule says stays in `feature`.
  absl::Status Read(TfxField& feature, ColumnRules& values, ColumnRules& list) const;

 private:
  absl::Status CheckName(const TfxField& domain, const std::string& name);
  // These say whether the domain is one for such a column.
  absl::StatusOr<bool> ReadDomain(TfxField& domain, TfxField& feature, ColumnRules& column, ColumnRules& list) const;
  absl::StatusOr<bool> ReadTexts(TfxField& domain, TfxField& feature, ColumnRules& column) const;
  absl::StatusOr<bool> ReadNumbers(TfxField& domain, ColumnRules& column, ColumnRules& list) const;
  absl::StatusOr<bool> ReadBools(TfxField& domain, ColumnRules& column) const;
  absl::StatusOr<bool> ReadTimes(TfxField& domain, ColumnRules& column) const;
  absl::StatusOr<bool> ReadImages(TfxField& domain, ColumnRules& column) const;
  absl::StatusOr<bool> ReadWords(TfxField& domain, ColumnRules& column) const;
  absl::StatusOr<bool> ReadToken(TfxField& token, WordsRule& words) const;
  absl::Status ReadEmbedding(TfxField& domain, ColumnRules& list) const;
  std::optional<double> WholeBound(const TfxField& field, const ColumnRules& column, bool is_min) const;
  absl::StatusOr<std::optional<double>> FloatBound(const TfxField& field, bool is_min) const;

  const TfxReader& reader_;
  TfxNotes& notes_;
  absl::flat_hash_set<std::string> names_;              // of all shared domains
  absl::flat_hash_set<std::string> texts_;              // of those of texts that have values
  absl::flat_hash_map<std::string, TfxField> numbers_;  // by name
};

}  // namespace roost::schema
