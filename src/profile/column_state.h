#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "column/column_view.h"
#include "profile/distribution.h"
#include "profile/number_state.h"
#include "profile/summary.h"
#include "profile/text_state.h"

namespace roost::profile {

/// The statistics of one named column, whatever its type. Columns of nulls and of types that cannot be read here have
/// their rows and nulls counted and nothing else. A law-abiding state: see README.md.
///
/// Threads: a state belongs to one thread at a time.
class ColumnState {
 public:
  /// The state of no rows of a column like `column`.
  explicit ColumnState(const column::ColumnView& column);

  const std::string& name() const { return name_; }
  const std::string& type_text() const { return type_text_; }

  /// InvalidArgument, naming the column and both types, where `type_text` is not this column's.
  absl::Status CheckType(std::string_view type_text) const;

  /// Legal where CheckType(column.TypeText()) is OK.
  void Add(const column::ColumnView& column);
  /// Legal where CheckType(other.type_text()) is OK.
  void Merge(const ColumnState& other);

  ColumnSummary Summarize() const;
  /// Empty for columns whose values cannot be read here.
  std::optional<Distribution> GetDistribution() const;

  void Serialize(std::string& bytes) const;
  /// DataLoss where `reader` is not at a whole state, or one of other than `rows` rows.
  static absl::StatusOr<ColumnState> Parse(ByteReader& reader, int64_t rows);

 private:
  ColumnState() = default;

  std::string name_;
  std::string type_text_;
  column::Type type_ = column::Type::kNull;
  int64_t rows_ = 0;
  int64_t missing_ = 0;
  std::variant<std::monostate, NumberState, TextState> values_;
};

}  // namespace roost::profile
