#include "store/key_check.h"

#include <algorithm>
#include <string>
#include <utility>

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "store/arrow_leaf.h"
#include "store/key_change.h"
#include "store/ordered_number.h"

namespace roost::store {
namespace {

constexpr size_t kMaxNumbers = size_t{1} << 22;  // in memory: 32 MiB

/// Where the key's only column stands, if it is one of numbers.
int PlaceOfNumber(const TableObject& table, LeafType& type) {
  if (table.key.size() != 1) return -1;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].id != table.key.front()) continue;
    const absl::StatusOr<LeafType> found = LeafTypeOfName(table.columns[i].type);
    if (!found.ok() || !found->is_integer) return -1;
    type = *found;
    return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

KeyCheck::KeyCheck(const TableObject& table) : table_(table), place_(PlaceOfNumber(table, type_)) {
  is_in_order_ = place_ >= 0;
}

absl::Status KeyCheck::AddParent(const TableObject& parent, TileLoader& loader, const Context& context) {
  if (table_.key.empty()) return absl::OkStatus();
  is_in_order_ = false;
  before_ = parent.rows;
  return ForEachTileKeys(parent, loader, context,
                         [&](const TilePlace&, std::span<const RowKey> keys) { return unique_.Add(keys); });
}

absl::Status KeyCheck::Add(const arrow::RecordBatch& batch) {
  if (table_.key.empty()) return absl::OkStatus();
  if (is_in_order_ && GoesOn(*batch.column(place_))) {
    rows_ += batch.num_rows();
    return absl::OkStatus();
  }
  TRY(GiveUpOrder());
  TRY_ASSIGN(const std::vector<RowKey> keys, KeysOfBatch(batch, table_, rows_));
  rows_ += batch.num_rows();
  return unique_.Add(keys);
}

/// Whether `numbers` are in order, behind those before; they are kept then.
bool KeyCheck::GoesOn(const arrow::Array& numbers) {
  const auto rows = static_cast<size_t>(numbers.length());
  const bool is_plain = numbers.type_id() != arrow::Type::DICTIONARY && numbers.type_id() != arrow::Type::EXTENSION;
  if (!is_plain || numbers.null_count() > 0 || numbers_.size() + rows > kMaxNumbers) return false;
  const arrow::ArrayData& data = *numbers.data();
  const auto width = static_cast<int64_t>(type_.width);
  const size_t kept = numbers_.size();
  for (size_t row = 0; row < rows; ++row) {
    const int64_t at = (data.offset + static_cast<int64_t>(row)) * width;
    const uint64_t number = OrderedNumber(reinterpret_cast<const char*>(data.buffers[1]->data()) + at, type_);
    if (!numbers_.empty() && number <= numbers_.back()) {
      numbers_.resize(kept);
      return false;
    }
    numbers_.push_back(number);
  }
  return true;
}

absl::Status KeyCheck::GiveUpOrder() {
  if (!std::exchange(is_in_order_, false)) return absl::OkStatus();
  std::vector<int64_t> wide(numbers_.size());
  std::transform(numbers_.begin(), numbers_.end(), wide.begin(),
                 [&](uint64_t number) { return static_cast<int64_t>(WideNumber(number, type_)); });
  numbers_ = {};
  const auto rows = static_cast<int64_t>(wide.size());
  const std::shared_ptr<arrow::Array> array =
      std::make_shared<arrow::Int64Array>(rows, arrow::Buffer::FromVector(std::move(wide)));
  return unique_.Add(RowKeysOf({&array, 1}, table_.key));
}

absl::Status KeyCheck::Finish() {
  if (table_.key.empty() || is_in_order_) return absl::OkStatus();
  TRY_ASSIGN(const auto twice, unique_.FindTwice());
  if (twice.first < 0) return absl::OkStatus();
  const std::string key = KeyText(table_);
  if (twice.first < before_) {
    return WithHint(absl::InvalidArgumentError(
                        fmt::format("row {} of the given rows has the same key ({}) as row {} of the dataset",
                                    FormatCount(twice.second - before_ + 1), key, FormatCount(twice.first + 1))),
                    "To replace rows by others with the same key use '--upsert'.");
  }
  return WithHint(absl::InvalidArgumentError(fmt::format("rows {} and {} of the given rows have the same key ({})",
                                                         FormatCount(twice.first - before_ + 1),
                                                         FormatCount(twice.second - before_ + 1), key)),
                  "A key tells every row apart; declare another one with '--key', or remove one of the rows.");
}

}  // namespace roost::store
