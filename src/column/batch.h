#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "column/column_view.h"

namespace roost::column {

/// Some rows of named columns, seen in place. Cheap to move; valid as long as the producer's arrays are.
class BatchView {
 public:
  /// From a struct array, as the C data interface carries a record batch. InvalidArgument where it is none.
  static absl::StatusOr<BatchView> Make(const ArrowSchema& schema, const ArrowArray& array);

  /// From columns of `num_rows` rows each.
  BatchView(int64_t num_rows, std::vector<ColumnView> columns) : num_rows_(num_rows), columns_(std::move(columns)) {}

  int64_t num_rows() const { return num_rows_; }
  std::span<const ColumnView> columns() const { return columns_; }

  /// The column of that name, or null. Names are unique in what `table` reads; here the first one wins.
  const ColumnView* Find(std::string_view name) const;

  /// `Find`, or NotFound with the names that there are and a spelling hint.
  absl::StatusOr<const ColumnView*> Require(std::string_view name) const;

 private:
  int64_t num_rows_;
  std::vector<ColumnView> columns_;
};

/// A record batch owned through the C structs of its producer, which are released with it.
class OwnedBatch {
 public:
  /// Takes over both structs (their `release` is set to null). InvalidArgument as BatchView::Make; they are released
  /// then too.
  static absl::StatusOr<OwnedBatch> Take(ArrowSchema* schema, ArrowArray* array);

  OwnedBatch(OwnedBatch&& other) noexcept;
  OwnedBatch& operator=(OwnedBatch&& other) noexcept;
  ~OwnedBatch();

  const BatchView& view() const { return view_; }
  /// The producer's structs, still owned by this batch.
  const ArrowSchema& schema() const { return schema_; }
  const ArrowArray& array() const { return array_; }

 private:
  OwnedBatch(ArrowSchema schema, ArrowArray array) : schema_(schema), array_(array), view_(0, {}) {}
  void Release();

  ArrowSchema schema_;
  ArrowArray array_;
  BatchView view_;
};

}  // namespace roost::column
