#include "column/take.h"

#include <cstring>
#include <utility>

namespace roost::column {
namespace {

// Bytes of a value in memory; 0 for bits, texts and what is not read.
size_t WidthOf(Type type) {
  switch (type) {
    case Type::kInt8:
    case Type::kUInt8: return 1;
    case Type::kInt16:
    case Type::kUInt16: return 2;
    case Type::kInt32:
    case Type::kUInt32:
    case Type::kFloat32:
    case Type::kDate32: return 4;
    case Type::kInt64:
    case Type::kUInt64:
    case Type::kFloat64:
    case Type::kDate64:
    case Type::kTimestamp: return 8;
    default: return 0;
  }
}

void SetBit(std::vector<uint8_t>& bits, size_t position) {
  bits[position / 8] |= static_cast<uint8_t>(1 << (position % 8));
}

}  // namespace

// Copies columns; what they point to is owned by the batch.
class Taker {
 public:
  explicit Taker(TakenBatch& batch) : batch_(batch) {}

  ColumnView Take(const ColumnView& column, std::span<const int64_t> rows) {
    ColumnView taken = column;
    taken.length_ = static_cast<int64_t>(rows.size());
    taken.offset_ = 0;
    if (column.validity_ != nullptr) TakeValidity(column, rows, taken);
    if (column.nesting_ != Nesting::kNone) {
      TakeChildren(column, rows, taken);
      return taken;
    }
    const size_t width =
        column.stored_ == Type::kDecimal ? static_cast<size_t>(column.decimal_bytes_) : WidthOf(column.stored_);
    if (width > 0) {
      const auto* from = static_cast<const uint8_t*>(column.values_);
      uint8_t* to = Buffer(rows.size() * width);
      taken.values_ = to;
      for (const int64_t row : rows) {
        std::memcpy(to, from + static_cast<size_t>(column.offset_ + row) * width, width);
        to += width;
      }
    } else if (column.stored_ == Type::kBool) {
      std::vector<uint8_t>& bits = Bits(rows.size());
      for (size_t i = 0; i < rows.size(); ++i) {
        if (!column.IsNull(rows[i]) && column.IntegerAt(rows[i]) != 0) SetBit(bits, i);
      }
      taken.values_ = bits.data();
    } else if (IsText(column.stored_) || IsBytes(column.stored_)) {
      TakeTexts(column, rows, taken);
    }
    return taken;
  }

 private:
  std::vector<uint8_t>& Bits(size_t count) {
    return *batch_.buffers_.emplace_back(std::make_unique<std::vector<uint8_t>>(count / 8 + 1));
  }
  uint8_t* Buffer(size_t size) {
    return batch_.buffers_.emplace_back(std::make_unique<std::vector<uint8_t>>(size + 1))->data();
  }

  void TakeValidity(const ColumnView& column, std::span<const int64_t> rows, ColumnView& taken) {
    std::vector<uint8_t>& bits = Bits(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      const int64_t position = column.offset_ + rows[i];
      if ((column.validity_[position >> 3] >> (position & 7)) & 1) SetBit(bits, i);
    }
    taken.validity_ = bits.data();
  }

  void TakeTexts(const ColumnView& column, std::span<const int64_t> rows, ColumnView& taken) {
    auto* offsets = reinterpret_cast<int64_t*>(Buffer((rows.size() + 1) * sizeof(int64_t)));
    offsets[0] = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      const int64_t size = column.IsNull(rows[i]) ? 0 : static_cast<int64_t>(column.TextAt(rows[i]).size());
      offsets[i + 1] = offsets[i] + size;
    }
    auto* text = reinterpret_cast<char*>(Buffer(static_cast<size_t>(offsets[rows.size()])));
    for (size_t i = 0; i < rows.size(); ++i) {
      if (offsets[i + 1] > offsets[i])
        std::memcpy(text + offsets[i], column.TextAt(rows[i]).data(), SizeOf(offsets, i));
    }
    taken.type_ = IsText(column.type_) ? Type::kLargeString : Type::kLargeBinary;
    taken.stored_ = taken.type_;
    taken.values_ = offsets;
    taken.text_ = text;
  }

  static size_t SizeOf(const int64_t* offsets, size_t i) { return static_cast<size_t>(offsets[i + 1] - offsets[i]); }

  void TakeChildren(const ColumnView& column, std::span<const int64_t> rows, ColumnView& taken) {
    std::vector<int64_t> child_rows;
    if (column.nesting_ == Nesting::kList) {
      auto* offsets = reinterpret_cast<int64_t*>(Buffer((rows.size() + 1) * sizeof(int64_t)));
      offsets[0] = 0;
      for (size_t i = 0; i < rows.size(); ++i) {
        // Lists of fixed size lie under nulls as well.
        const bool has_values = column.fixed_list_size_ > 0 || !column.IsNull(rows[i]);
        const auto [begin, end] = has_values ? column.ListRange(rows[i]) : std::pair<int64_t, int64_t>(0, 0);
        for (int64_t value = begin; value < end; ++value) child_rows.push_back(value);
        offsets[i + 1] = static_cast<int64_t>(child_rows.size());
      }
      taken.values_ = offsets;
      taken.large_offsets_ = true;
    } else {
      child_rows.assign(rows.begin(), rows.end());
    }
    std::vector<ColumnView> children;
    for (const ColumnView& child : column.children()) children.push_back(Take(child, child_rows));
    taken.children_ = std::make_shared<const std::vector<ColumnView>>(std::move(children));
  }

  TakenBatch& batch_;
};

TakenBatch::TakenBatch(const BatchView& batch, std::span<const int64_t> rows) : view_(0, {}) {
  Taker taker(*this);
  std::vector<ColumnView> columns;
  for (const ColumnView& column : batch.columns()) columns.push_back(taker.Take(column, rows));
  view_ = BatchView(static_cast<int64_t>(rows.size()), std::move(columns));
}

}  // namespace roost::column
