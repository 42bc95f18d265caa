#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "column/column_view.h"
#include "profile/distribution.h"
#include "profile/number_state.h"
#include "profile/order_state.h"
#include "profile/summary.h"
#include "profile/text_state.h"
#include "profile/weight_state.h"

namespace roost::profile {

struct ColumnOptions {
  bool is_weighted = false;  ///< its rows have weights
  TextOptions text;
};

/// The statistics of one named column, whatever its type, with those of what is nested in it. Columns of nulls and of
/// types that cannot be read here have their rows and nulls counted and nothing else. A law-abiding state but for
/// `order`: see README.md and order_state.h.
///
/// Threads: a state belongs to one thread at a time.
class ColumnState {
 public:
  /// The state of no rows of a column like `column`.
  ColumnState(const column::ColumnView& column, const ColumnOptions& options)
      : ColumnState(column, std::string(column.name()), options) {}

  const std::string& name() const { return name_; }
  /// Of what is nested.
  std::span<const ColumnState> children() const { return children_; }

  /// InvalidArgument, naming the column and both types, where `type_text` is not this column's.
  absl::Status CheckType(std::string_view type_text) const;

  /// InvalidArgument where `later` has statistics of another kind of column, or of others within it; OutOfRange where
  /// both have more values together than are counted.
  absl::Status CheckMerge(const ColumnState& later) const;

  /// Legal where CheckType(column.TypeText()) is OK. `weights` has the units (WeightState) of each row, or is empty
  /// where rows have none.
  void Add(const column::ColumnView& column, std::span<const int64_t> weights);
  /// Adds the rows of `later`, which come after these. Legal where CheckMerge(later) is OK.
  void Merge(const ColumnState& later);
  /// Lets go what follows the order of the rows.
  void ForgetOrder();

  ColumnSummary Summarize() const;
  /// Empty for columns whose values cannot be read here.
  std::optional<Distribution> GetDistribution() const;

  void Serialize(std::string& bytes) const;
  /// DataLoss where `reader` is not at a whole state in format `version`, or one of other than `rows` rows, or of more
  /// than `weight_units`.
  static absl::StatusOr<ColumnState> Parse(ByteReader& reader, uint16_t version, int64_t rows, int64_t weight_units);

 private:
  ColumnState() = default;
  ColumnState(const column::ColumnView& column, std::string name, const ColumnOptions& options);

  void AddLists(const column::ColumnView& column);
  void AddStructs(const column::ColumnView& column);
  absl::Status ParseNested(ByteReader& reader, uint16_t version, int depth);
  static absl::StatusOr<ColumnState> ParseAt(ByteReader& reader, uint16_t version, int64_t rows, int64_t weight_units,
                                             int depth);
  ListSummary SummarizeLists() const;

  std::string name_;
  std::string type_text_;
  column::Type type_ = column::Type::kNull;
  column::Nesting nesting_ = column::Nesting::kNone;
  int64_t rows_ = 0;
  int64_t missing_ = 0;
  std::variant<std::monostate, NumberState, TextState> values_;
  std::optional<OrderState> order_;     // of numbers and times, until it is forgotten
  std::optional<WeightState> weights_;  // of columns that are not nested
  std::optional<NumberState> lengths_;  // of lists
  std::vector<ColumnState> children_;
};

}  // namespace roost::profile
