#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "column/batch.h"
#include "transform/entries.h"
#include "transform/fitted.h"

namespace roost::transform {

/// Values in memory as a column: what expressions give, and what statistics are to be made of.
class ValuesColumn {
 public:
  ValuesColumn(std::string name, expr::Values values);
  explicit ValuesColumn(std::vector<double> numbers);

  const column::ColumnView& view() const { return *view_; }

 private:
  void MakeView(const char* format, const void* data, const void* text);
  void PackTexts();

  std::string name_;
  expr::Values values_;
  std::vector<uint8_t> validity_;  // a bit a row
  std::vector<uint8_t> bits_;      // of booleans
  std::vector<int64_t> offsets_;   // of texts in bytes_
  std::string bytes_;
  std::unique_ptr<column::ColumnView> view_;
};

/// The columns of a batch that a transform reads: those of the data, then the derived ones, computed.
class SourceColumns {
 public:
  /// NotFound where a column is missing in `batch`, InvalidArgument where it is of another kind, Cancelled.
  static absl::StatusOr<SourceColumns> Make(const Transform::Fitted& fitted, const column::BatchView& batch,
                                            const Context& context);

  const column::ColumnView& operator[](size_t source) const { return columns_[source]; }

 private:
  std::vector<column::ColumnView> columns_;
  std::vector<std::unique_ptr<ValuesColumn>> computed_;
};

/// One column of some rows as its kind, decoded once for all features that use it.
struct Decoded {
  column::Kind kind = column::Kind::kNumber;
  std::vector<double> numbers;               ///< kNumber: NaN for missing
  std::vector<uint8_t> missing;              ///< of the others
  std::vector<int64_t> micros;               ///< kTime
  std::vector<std::string_view> texts;       ///< kText
  std::vector<size_t> starts;                ///< of lists: of each row, and the end of the last
  std::vector<std::string_view> list_texts;  ///< kTextList: without nulls
  std::vector<double> list_numbers;          ///< kNumberList: without nulls and NaN

  std::span<const std::string_view> TextsAt(size_t row) const {
    return std::span(list_texts).subspan(starts[row], starts[row + 1] - starts[row]);
  }
  std::span<const double> NumbersAt(size_t row) const {
    return std::span(list_numbers).subspan(starts[row], starts[row + 1] - starts[row]);
  }
};

/// Decodes the rows [begin, begin + rows) of `column`, which is of `kind` or of type null.
void Decode(const column::ColumnView& column, column::Kind kind, int64_t begin, size_t rows, Decoded& decoded);

/// The word at a row, for operations of words; a number's text lies in `buffer`.
struct WordAtRow {
  bool is_missing = true;
  std::string_view word;
};
inline WordAtRow WordAt(const Decoded& column, size_t row, NumberBuffer& buffer) {
  if (column.kind == column::Kind::kText) return {column.missing[row] != 0, column.texts[row]};
  const double number = column.numbers[row];
  if (IsMissing(number)) return {};
  return {false, NumberWord(number, buffer)};
}

/// The words of a cross at a row, with separators, in `key`; false where one of them is missing.
bool CrossKeyAt(const FittedFeature& feature, std::span<const Decoded> sources, size_t row, std::string& key);

/// Calls visit(number_at): number_at(row) is the number that an operation of numbers begins with.
template <typename Visit>
void VisitNumbers(const FittedFeature& feature, std::span<const Decoded> sources, const Visit& visit) {
  const Decoded& column = sources[feature.sources.front()];
  switch (feature.use) {
    case Operation::kAge:
      if (feature.sources.size() == 2) {
        const Decoded& until = sources[feature.sources[1]];
        return visit([&](size_t row) {
          if (column.missing[row] != 0 || until.missing[row] != 0) return kMissingNumber;
          return DaysBetween(column.micros[row], until.micros[row]);
        });
      }
      return visit([&](size_t row) {
        return column.missing[row] != 0 ? kMissingNumber : DaysBetween(feature.since_micros, column.micros[row]);
      });
    case Operation::kListCount:
      return visit([&](size_t row) {
        return column.missing[row] != 0 ? kMissingNumber
                                        : static_cast<double>(column.starts[row + 1] - column.starts[row]);
      });
    case Operation::kListMean: return visit([&](size_t row) { return ListMean(column.NumbersAt(row)); });
    default: return visit([&](size_t row) { return column.numbers[row]; });
  }
}

}  // namespace roost::transform
