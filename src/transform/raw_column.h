#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "column/column_view.h"

// For tests: the same values in every encoding of Arrow.

namespace roost::transform {

/// One column with buffers of its own, in any encoding.
class RawColumn {
 public:
  template <typename T>
  static RawColumn Fixed(std::string name, std::string format, const std::vector<std::optional<T>>& values) {
    RawColumn column(std::move(name), std::move(format), values.size());
    column.values_.resize(values.size() * sizeof(T) + 1);
    for (size_t row = 0; row < values.size(); ++row) {
      if (!values[row].has_value()) continue;
      column.SetValid(row);
      const T value = *values[row];
      std::memcpy(column.values_.data() + row * sizeof(T), &value, sizeof(T));
    }
    return column;
  }

  static RawColumn Bools(std::string name, const std::vector<std::optional<bool>>& values) {
    RawColumn column(std::move(name), "b", values.size());
    column.values_.resize(values.size() / 8 + 1);
    for (size_t row = 0; row < values.size(); ++row) {
      if (values[row].has_value()) column.SetValid(row);
      if (values[row].value_or(false)) column.values_[row / 8] |= static_cast<char>(1 << (row % 8));
    }
    return column;
  }

  static RawColumn Nulls(std::string name, size_t rows) { return RawColumn(std::move(name), "n", rows); }

  /// `Offset` int32_t: "u", int64_t: "U".
  template <typename Offset>
  static RawColumn Text(std::string name, const std::vector<std::optional<std::string>>& values) {
    RawColumn column(std::move(name), sizeof(Offset) == 4 ? "u" : "U", values.size());
    column.values_.resize((values.size() + 1) * sizeof(Offset));
    for (size_t row = 0; row < values.size(); ++row) {
      if (values[row].has_value()) column.SetValid(row);
      column.text_ += values[row].value_or("");
      const auto end = static_cast<Offset>(column.text_.size());
      std::memcpy(column.values_.data() + (row + 1) * sizeof(Offset), &end, sizeof end);
    }
    return column;
  }

  /// Codes of type `Code` (its `format`) into `dictionary`, one for each row.
  template <typename Code>
  static RawColumn Dictionary(std::string name, std::string format, const std::vector<std::optional<Code>>& codes,
                              RawColumn dictionary) {
    RawColumn column = Fixed<Code>(std::move(name), std::move(format), codes);
    column.dictionary_ = std::make_unique<RawColumn>(std::move(dictionary));
    return column;
  }

  /// A view of this column, which must stay where it is.
  column::ColumnView View() {
    Fill();
    return *column::ColumnView::Make(schema_, array_);
  }

 private:
  RawColumn(std::string name, std::string format, size_t rows)
      : name_(std::move(name)), format_(std::move(format)), rows_(rows), validity_(rows / 8 + 1) {}

  void SetValid(size_t row) { validity_[row / 8] |= static_cast<uint8_t>(1 << (row % 8)); }

  void Fill() {
    buffers_[0] = validity_.data();
    buffers_[1] = values_.data();
    buffers_[2] = text_.data();
    schema_ = {};
    schema_.format = format_.c_str();
    schema_.name = name_.c_str();
    array_ = {};
    array_.length = static_cast<int64_t>(rows_);
    array_.null_count = -1;
    array_.n_buffers = format_ == "n" ? 0 : format_ == "u" || format_ == "U" ? 3 : 2;
    array_.buffers = buffers_;
    if (dictionary_ == nullptr) return;
    dictionary_->Fill();
    schema_.dictionary = &dictionary_->schema_;
    array_.dictionary = &dictionary_->array_;
  }

  std::string name_;
  std::string format_;
  size_t rows_;
  std::vector<uint8_t> validity_;
  std::vector<char> values_;
  std::string text_;
  std::unique_ptr<RawColumn> dictionary_;
  const void* buffers_[3] = {};
  ArrowSchema schema_{};
  ArrowArray array_{};
};

}  // namespace roost::transform
