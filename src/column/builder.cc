#include "column/builder.h"

#include <bit>
#include <utility>

#include "base/check.h"

namespace roost::column {

// Everything that a column's C structs point to.
struct BatchBuilder::Column {
  std::string name;
  std::string format;
  int64_t length = 0;
  std::vector<uint8_t> validity;
  std::vector<int64_t> words;  // integers, the bits of doubles, or 64-bit offsets of text
  std::string text;
  bool is_text = false;
  bool is_struct = false;
  std::optional<OwnedBatch> nested;  // the values of lists, the fields of structs
  int64_t num_children = 0;
  const void* buffers[3] = {};
  ArrowSchema schema{};
  ArrowArray array{};

  Column(std::string column_name, std::string column_format, size_t rows)
      : name(std::move(column_name)), format(std::move(column_format)), length(static_cast<int64_t>(rows)) {
    validity.resize((rows + 7) / 8 + 1);
    words.reserve(rows + 1);
  }

  void SetValid(size_t row) { validity[row / 8] |= static_cast<uint8_t>(1 << (row % 8)); }

  void Finish() {
    buffers[0] = validity.data();
    buffers[1] = words.data();
    buffers[2] = text.data();
    schema.format = format.c_str();
    schema.name = name.c_str();
    schema.flags = ARROW_FLAG_NULLABLE;
    array.length = length;
    array.null_count = -1;
    array.n_buffers = is_struct ? 1 : is_text ? 3 : 2;
    array.buffers = buffers;
    if (!nested.has_value()) return;
    schema.n_children = num_children;
    schema.children = nested->schema().children;
    array.n_children = num_children;
    array.children = nested->array().children;
  }
};

namespace {

// Owned by the root structs' private_data: the schema and the array each hold one.
struct Root {
  std::vector<std::shared_ptr<void>> owned;
  std::vector<ArrowSchema*> schemas;
  std::vector<ArrowArray*> arrays;
  const void* buffers[1] = {nullptr};
};

void ReleaseSchema(ArrowSchema* schema) {
  delete static_cast<std::shared_ptr<Root>*>(schema->private_data);
  schema->release = nullptr;
}

void ReleaseArray(ArrowArray* array) {
  delete static_cast<std::shared_ptr<Root>*>(array->private_data);
  array->release = nullptr;
}

}  // namespace

BatchBuilder& BatchBuilder::Numbers(std::string name, std::vector<std::optional<double>> values) {
  auto column = std::make_shared<Column>(std::move(name), "g", values.size());
  for (size_t row = 0; row < values.size(); ++row) {
    if (values[row].has_value()) column->SetValid(row);
    column->words.push_back(std::bit_cast<int64_t>(values[row].value_or(0.0)));
  }
  columns_.push_back(std::move(column));
  return *this;
}

BatchBuilder& BatchBuilder::Integers(std::string name, std::vector<std::optional<int64_t>> values) {
  auto column = std::make_shared<Column>(std::move(name), "l", values.size());
  for (size_t row = 0; row < values.size(); ++row) {
    if (values[row].has_value()) column->SetValid(row);
    column->words.push_back(values[row].value_or(0));
  }
  columns_.push_back(std::move(column));
  return *this;
}

BatchBuilder& BatchBuilder::Times(std::string name, std::vector<std::optional<int64_t>> micros) {
  Integers(std::move(name), std::move(micros));
  columns_.back()->format = "tsu:UTC";
  return *this;
}

BatchBuilder& BatchBuilder::Texts(std::string name, std::vector<std::optional<std::string>> values) {
  auto column = std::make_shared<Column>(std::move(name), "U", values.size());
  column->is_text = true;
  column->words.push_back(0);
  for (size_t row = 0; row < values.size(); ++row) {
    if (values[row].has_value()) {
      column->SetValid(row);
      column->text += *values[row];
    }
    column->words.push_back(static_cast<int64_t>(column->text.size()));
  }
  columns_.push_back(std::move(column));
  return *this;
}

BatchBuilder& BatchBuilder::Lists(std::string name, std::vector<std::optional<int64_t>> lengths, OwnedBatch values) {
  auto column = std::make_shared<Column>(std::move(name), "+L", lengths.size());
  column->words.push_back(0);
  for (size_t row = 0; row < lengths.size(); ++row) {
    if (lengths[row].has_value()) column->SetValid(row);
    column->words.push_back(column->words.back() + lengths[row].value_or(0));
  }
  ROOST_CHECK(column->words.back() <= values.view().num_rows(), "lists of more values than there are");
  column->nested = std::move(values);
  column->num_children = 1;
  columns_.push_back(std::move(column));
  return *this;
}

BatchBuilder& BatchBuilder::Structs(std::string name, std::vector<bool> valid, OwnedBatch fields) {
  auto column = std::make_shared<Column>(std::move(name), "+s", valid.size());
  for (size_t row = 0; row < valid.size(); ++row) {
    if (valid[row]) column->SetValid(row);
  }
  column->is_struct = true;
  column->num_children = static_cast<int64_t>(fields.view().columns().size());
  column->nested = std::move(fields);
  columns_.push_back(std::move(column));
  return *this;
}

OwnedBatch BatchBuilder::Build() {
  auto root = std::make_shared<Root>();
  for (const auto& column : columns_) {
    ROOST_CHECK(column->length == columns_.front()->length, "column '" << column->name << "' has another length");
    column->Finish();
    root->schemas.push_back(&column->schema);
    root->arrays.push_back(&column->array);
    root->owned.push_back(column);
  }
  ArrowSchema schema{};
  schema.format = "+s";
  schema.name = "";
  schema.n_children = static_cast<int64_t>(columns_.size());
  schema.children = root->schemas.data();
  schema.release = ReleaseSchema;
  schema.private_data = new std::shared_ptr<Root>(root);
  ArrowArray array{};
  array.length = columns_.empty() ? 0 : columns_.front()->length;
  array.n_buffers = 1;
  array.buffers = root->buffers;
  array.n_children = schema.n_children;
  array.children = root->arrays.data();
  array.release = ReleaseArray;
  array.private_data = new std::shared_ptr<Root>(root);
  columns_.clear();
  auto batch = OwnedBatch::Take(&schema, &array);
  ROOST_CHECK(batch.ok(), batch.status());
  return *std::move(batch);
}

}  // namespace roost::column
