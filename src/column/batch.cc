#include "column/batch.h"

#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/format.h"
#include "base/status.h"

namespace roost::column {

absl::StatusOr<BatchView> BatchView::Make(const ArrowSchema& schema, const ArrowArray& array) {
  if (std::string_view(schema.format) != "+s" || schema.n_children != array.n_children) {
    return absl::InvalidArgumentError("not a record batch: the Arrow array is not a struct of the schema's columns");
  }
  std::vector<ColumnView> columns;
  columns.reserve(schema.n_children);
  for (int64_t i = 0; i < schema.n_children; ++i) {
    // A struct's own offset applies to its children too.
    ArrowArray child = *array.children[i];
    child.offset += array.offset;
    child.length = array.length;
    if (array.offset + array.length > array.children[i]->length) {
      return absl::InvalidArgumentError("not a record batch: a column is shorter than the batch");
    }
    TRY_ASSIGN(ColumnView column, ColumnView::Make(*schema.children[i], child));
    columns.push_back(std::move(column));
  }
  return BatchView(array.length, std::move(columns));
}

const ColumnView* BatchView::Find(std::string_view name) const {
  for (const ColumnView& column : columns_) {
    if (column.name() == name) return &column;
  }
  return nullptr;
}

absl::StatusOr<const ColumnView*> BatchView::Require(std::string_view name) const {
  if (const ColumnView* column = Find(name)) return column;
  std::vector<std::string> names;
  for (const ColumnView& column : columns_) names.emplace_back(column.name());
  const std::string_view closest = ClosestName(name, names);
  return WithHint(
      absl::NotFoundError(fmt::format("no column '{}' in the data; its columns are {}", name, fmt::join(names, ", "))),
      closest.empty() ? std::string() : fmt::format("did you mean '{}'?", closest));
}

absl::StatusOr<OwnedBatch> OwnedBatch::Take(ArrowSchema* schema, ArrowArray* array) {
  OwnedBatch batch(*schema, *array);
  schema->release = nullptr;
  array->release = nullptr;
  TRY_ASSIGN(batch.view_, BatchView::Make(batch.schema_, batch.array_));
  return batch;
}

OwnedBatch::OwnedBatch(OwnedBatch&& other) noexcept
    : schema_(other.schema_), array_(other.array_), view_(std::move(other.view_)) {
  other.schema_.release = nullptr;
  other.array_.release = nullptr;
}

OwnedBatch& OwnedBatch::operator=(OwnedBatch&& other) noexcept {
  if (this == &other) return *this;
  Release();
  schema_ = std::exchange(other.schema_, ArrowSchema{});
  array_ = std::exchange(other.array_, ArrowArray{});
  view_ = std::move(other.view_);
  return *this;
}

OwnedBatch::~OwnedBatch() { Release(); }

void OwnedBatch::Release() {
  if (array_.release != nullptr) array_.release(&array_);
  if (schema_.release != nullptr) schema_.release(&schema_);
}

}  // namespace roost::column
