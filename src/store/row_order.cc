#include "store/row_order.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/bytes.h"
#include "base/status.h"
#include "store/bit_pack.h"

namespace roost::store {
namespace {

constexpr uint8_t kFormat = 1;
constexpr uint8_t kSortForm = 1;
constexpr uint8_t kPiecesForm = 2;
constexpr uint8_t kNumbersForm = 3;
constexpr size_t kPartRows = 65'536;
constexpr size_t kMaxSortColumns = 64;
constexpr uint64_t kMaxColumnId = uint64_t{1} << 62;

absl::Status Malformed() { return absl::DataLossError("an order of rows is not well-formed"); }

std::vector<OrderPiece> PiecesOf(const std::vector<uint32_t>& positions) {
  std::vector<OrderPiece> pieces;
  for (const uint32_t position : positions) {
    if (!pieces.empty() && pieces.back().first + pieces.back().rows == position) {
      ++pieces.back().rows;
    } else {
      pieces.push_back({.first = position, .rows = 1});
    }
  }
  return pieces;
}

std::string PiecesBody(const std::vector<OrderPiece>& pieces) {
  std::string bytes;
  AppendVarint(bytes, pieces.size());
  int64_t next = 0;
  for (const OrderPiece& piece : pieces) {
    AppendVarint(bytes, ZigZag(piece.first - next));
    AppendVarint(bytes, static_cast<uint64_t>(piece.rows));
    next = piece.first + piece.rows;
  }
  return bytes;
}

/// Each part is packed with its own minimum and width.
std::string NumbersBody(const std::vector<uint32_t>& numbers) {
  std::string head;
  std::string packed;
  for (size_t first = 0; first < numbers.size(); first += kPartRows) {
    const auto part = std::span(numbers).subspan(first, std::min(kPartRows, numbers.size() - first));
    const auto [least, greatest] = std::minmax_element(part.begin(), part.end());
    const uint32_t minimum = *least;
    const int width = BitWidth(*greatest - minimum);
    AppendVarint(head, minimum);
    AppendFixed(head, static_cast<uint8_t>(width));
    std::vector<uint64_t> gaps;
    for (const uint32_t number : part) gaps.push_back(number - minimum);
    AppendPacked(packed, gaps, width);
  }
  return head + packed;
}

absl::StatusOr<SortSpec> ReadSort(ByteReader& reader) {
  SortSpec spec;
  TRY_ASSIGN(const uint64_t columns, reader.Varint());
  if (columns == 0 || columns > kMaxSortColumns) return Malformed();
  for (uint64_t i = 0; i < columns; ++i) {
    TRY_ASSIGN(const uint64_t id, reader.Varint());
    TRY_ASSIGN(const auto way, reader.Fixed<uint8_t>());
    if (id > kMaxColumnId || way > 7) return Malformed();
    spec.columns.push_back(ColumnOfWay(static_cast<int64_t>(id), way));
  }
  return spec;
}

absl::StatusOr<std::vector<OrderPiece>> ReadPieces(ByteReader& reader, int64_t rows) {
  TRY_ASSIGN(const uint64_t count, reader.Varint());
  if (count > reader.remaining() / 2) return Malformed();
  std::vector<OrderPiece> pieces;
  int64_t next = 0;
  int64_t left = rows;
  for (uint64_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const uint64_t jump, reader.Varint());
    TRY_ASSIGN(const uint64_t length, reader.Varint());
    // Both jumps and lengths are below 2^33, so nothing overflows.
    if (jump >> 33 != 0 || length == 0 || length > static_cast<uint64_t>(left)) return Malformed();
    const OrderPiece piece{.first = next + UnZigZag(jump), .rows = static_cast<int64_t>(length)};
    if (piece.first < 0 || piece.first + piece.rows > rows) return Malformed();
    next = piece.first + piece.rows;
    left -= piece.rows;
    pieces.push_back(piece);
  }
  if (left != 0) return Malformed();
  return pieces;
}

absl::StatusOr<std::vector<uint32_t>> ReadNumbers(ByteReader& reader, int64_t rows) {
  const auto total = static_cast<size_t>(rows);
  std::vector<std::pair<uint64_t, int>> parts;
  for (size_t first = 0; first < total; first += kPartRows) {
    TRY_ASSIGN(const uint64_t minimum, reader.Varint());
    TRY_ASSIGN(const auto width, reader.Fixed<uint8_t>());
    // Different numbers need a width, so the bytes that are there bound the memory.
    const size_t length = std::min(kPartRows, total - first);
    if (minimum >= total || width > 32 || width < BitWidth(length - 1)) return Malformed();
    parts.emplace_back(minimum, width);
  }
  std::vector<uint32_t> numbers;
  std::vector<uint64_t> gaps;
  for (const auto& [minimum, width] : parts) {
    gaps.resize(std::min(kPartRows, total - numbers.size()));
    TRY_ASSIGN(const std::string_view packed, reader.Raw(PackedSize(gaps.size(), width)));
    TRY(Unpack(packed, width, gaps));
    for (const uint64_t gap : gaps) {
      if (minimum + gap >= total) return Malformed();
      numbers.push_back(static_cast<uint32_t>(minimum + gap));
    }
  }
  return numbers;
}

}  // namespace

std::optional<RowOrder> OrderOfPositions(std::vector<uint32_t> positions) {
  while (!positions.empty() && positions.back() == positions.size() - 1) positions.pop_back();
  if (positions.empty()) return std::nullopt;
  RowOrder order{.rows = static_cast<int64_t>(positions.size())};
  // A piece takes two bytes or more, so most shuffles need not be written in pieces to know their size.
  std::vector<OrderPiece> pieces = PiecesOf(positions);
  const uint64_t bytes = PackedSize(positions.size(), BitWidth(positions.size()));
  if (2 * pieces.size() < bytes && PiecesBody(pieces).size() < NumbersBody(positions).size()) {
    order.form = std::move(pieces);
  } else {
    order.form = std::move(positions);
  }
  return order;
}

std::string WriteOrder(const RowOrder& order) {
  std::string bytes;
  AppendFixed(bytes, kFormat);
  AppendFixed(bytes, static_cast<uint8_t>(order.form.index() + 1));
  AppendVarint(bytes, static_cast<uint64_t>(order.rows));
  if (const auto* spec = std::get_if<SortSpec>(&order.form)) {
    AppendVarint(bytes, spec->columns.size());
    for (const SortColumn& column : spec->columns) {
      AppendVarint(bytes, static_cast<uint64_t>(column.column));
      AppendFixed(bytes, static_cast<uint8_t>(WayOf(column)));
    }
  } else if (const auto* pieces = std::get_if<std::vector<OrderPiece>>(&order.form)) {
    bytes += PiecesBody(*pieces);
  } else {
    bytes += NumbersBody(std::get<std::vector<uint32_t>>(order.form));
  }
  return bytes;
}

absl::StatusOr<RowOrder> ReadOrder(std::string_view bytes) {
  ByteReader reader(bytes);
  TRY_ASSIGN(const auto format, reader.Fixed<uint8_t>());
  TRY_ASSIGN(const auto form, reader.Fixed<uint8_t>());
  TRY_ASSIGN(const uint64_t rows, reader.Varint());
  if (format != kFormat || rows > static_cast<uint64_t>(kMaxOrderedRows)) return Malformed();
  RowOrder order{.rows = static_cast<int64_t>(rows)};
  if (form == kSortForm) {
    TRY_ASSIGN(order.form, ReadSort(reader));
  } else if (form == kPiecesForm) {
    TRY_ASSIGN(order.form, ReadPieces(reader, order.rows));
  } else if (form == kNumbersForm) {
    TRY_ASSIGN(order.form, ReadNumbers(reader, order.rows));
  } else {
    return Malformed();
  }
  if (!reader.done() || (form != kSortForm && rows == 0)) return Malformed();
  return order;
}

absl::StatusOr<std::vector<uint32_t>> PositionsOf(RowOrder order, int64_t table_rows) {
  if (order.rows > table_rows) {
    return absl::DataLossError(fmt::format("an order of {} rows is none of a table of {}", order.rows, table_rows));
  }
  std::vector<uint32_t> positions;
  if (auto* numbers = std::get_if<std::vector<uint32_t>>(&order.form)) {
    positions = std::move(*numbers);
  } else if (const auto* pieces = std::get_if<std::vector<OrderPiece>>(&order.form)) {
    positions.reserve(static_cast<size_t>(order.rows));
    for (const OrderPiece& piece : *pieces) {
      for (int64_t row = 0; row < piece.rows; ++row) positions.push_back(static_cast<uint32_t>(piece.first + row));
    }
  }
  std::vector<bool> seen(positions.size());
  for (const uint32_t position : positions) {
    if (position >= seen.size() || seen[position]) return Malformed();
    seen[position] = true;
  }
  return positions;
}

std::vector<uint32_t> InverseOf(std::span<const uint32_t> positions) {
  std::vector<uint32_t> places(positions.size());
  for (size_t i = 0; i < positions.size(); ++i) places[positions[i]] = static_cast<uint32_t>(i);
  return places;
}

}  // namespace roost::store
