#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "store/sort_keys.h"

namespace roost::store {

inline constexpr std::string_view kOrderTag = "order";

/// Orders are kept for at most this many rows; larger tables are stored as they are handed in.
inline constexpr int64_t kMaxOrderedRows = 100'000'000;

/// Rows that are sorted; ties stand in stored order.
struct SortSpec {
  std::vector<SortColumn> columns;  ///< at least one; the first decides, the next where it ties
  friend bool operator==(const SortSpec&, const SortSpec&) = default;
};

/// Rows that stand together as they are stored.
struct OrderPiece {
  int64_t first = 0;  ///< stored row
  int64_t rows = 0;
  friend bool operator==(const OrderPiece&, const OrderPiece&) = default;
};

/// How the handed-in order of a table's rows comes from the order in which they are stored (docs/formats/store.md §7b).
struct RowOrder {
  /// The first rows, of which the order tells; those after them stand as they are stored. kAllRows in sort
  /// specifications only: the same specification is then the same record for any number of rows.
  int64_t rows = kAllRows;
  std::variant<SortSpec, std::vector<OrderPiece>, std::vector<uint32_t>> form;

  static constexpr int64_t kAllRows = 0;
  friend bool operator==(const RowOrder&, const RowOrder&) = default;
};

/// The order in which handed-in row i is the stored row positions[i]: in pieces, or as numbers, whichever is smaller.
/// None where every row is at its own place. `positions` is a permutation of 0, 1, …
std::optional<RowOrder> OrderOfPositions(std::vector<uint32_t> positions);

/// Canonical bytes, and back; DataLoss for any that are not well-formed. Memory: 4 bytes a row.
std::string WriteOrder(const RowOrder& order);
absl::StatusOr<RowOrder> ReadOrder(std::string_view bytes);

/// For each handed-in row of an order of pieces or numbers the stored row. DataLoss where they are not those of
/// `table_rows` rows, or one is there twice.
absl::StatusOr<std::vector<uint32_t>> PositionsOf(RowOrder order, int64_t table_rows);

/// The inverse: for each stored row its place among the handed-in ones.
std::vector<uint32_t> InverseOf(std::span<const uint32_t> positions);

}  // namespace roost::store
