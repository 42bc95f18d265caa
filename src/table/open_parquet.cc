#include <algorithm>
#include <utility>

#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "table/column_slabs.h"
#include "table/opened.h"

namespace roost::table {
namespace {

// Each column has a buffer of its own for what lies compressed in the file.
constexpr int64_t kMaxBufferBytes = int64_t{1} << 20;
constexpr int64_t kMinBufferBytes = int64_t{16} << 10;
constexpr int64_t kAllBuffersBytes = int64_t{64} << 20;
constexpr int64_t kBatchValues = int64_t{8} << 20;  // of all columns: thousands of them come in shorter batches
constexpr int64_t kLeastBatchRows = 1024;
constexpr int64_t kBytesOfValue = 8;
constexpr int64_t kMostSaid = int64_t{1} << 40;

/// A column of texts, not one within lists or structs.
bool IsString(const parquet::ColumnDescriptor& column) {
  return column.physical_type() == parquet::Type::BYTE_ARRAY && column.path()->ToDotVector().size() == 1 &&
         column.logical_type() != nullptr && column.logical_type()->is_string();
}

/// Whether all data pages of a column are dictionary codes. A writer that found too many distinct values goes over to
/// plain values; to read those as a dictionary, each would be looked up.
bool IsDictionaryThroughout(const parquet::FileMetaData& metadata, int column) {
  for (int group = 0; group < metadata.num_row_groups(); ++group) {
    const auto chunk = metadata.RowGroup(group)->ColumnChunk(column);
    for (const parquet::PageEncodingStats& pages : chunk->encoding_stats()) {
      const bool is_data =
          pages.page_type == parquet::PageType::DATA_PAGE || pages.page_type == parquet::PageType::DATA_PAGE_V2;
      const bool is_codes =
          pages.encoding == parquet::Encoding::RLE_DICTIONARY || pages.encoding == parquet::Encoding::PLAIN_DICTIONARY;
      if (is_data && !is_codes) return false;
    }
  }
  return true;
}

struct ParquetFile {
  std::shared_ptr<parquet::arrow::FileReader> reader;
  std::shared_ptr<arrow::Schema> said;  // the columns as the file has them
};

absl::StatusOr<ParquetFile> OpenParquetFile(const std::string& path, const ReadOptions& options, bool use_threads) {
  const auto explain = ExplainAs(path);
  auto file = arrow::io::ReadableFile::Open(path);
  if (!file.ok()) return explain(file.status());
  std::shared_ptr<parquet::FileMetaData> metadata;
  const arrow::Status read = Guarded(path, [&]() -> arrow::Status {
    PARQUET_CATCH_NOT_OK(metadata = parquet::ReadMetaData(*file));
    return arrow::Status::OK();
  });
  if (!read.ok()) return explain(read);
  const int num_columns = std::max(metadata->num_columns(), 1);
  parquet::ReaderProperties file_properties = parquet::default_reader_properties();
  file_properties.set_page_checksum_verification(true);
  // A column chunk is read piece by piece, not whole: it may be as large as the file.
  file_properties.enable_buffered_stream();
  file_properties.set_buffer_size(std::clamp(kAllBuffersBytes / num_columns, kMinBufferBytes, kMaxBufferBytes));
  parquet::arrow::FileReaderBuilder builder;
  if (const arrow::Status status = builder.Open(*file, file_properties, metadata); !status.ok()) return explain(status);
  parquet::ArrowReaderProperties properties(use_threads);
  properties.set_batch_size(std::min(options.batch_rows, std::max(kBatchValues / num_columns, kLeastBatchRows)));
  // Reading ahead would hold the bytes of every row group at once.
  properties.set_pre_buffer(false);
  const parquet::SchemaDescriptor& schema = *metadata->schema();
  ParquetFile opened;
  if (const arrow::Status status =
          parquet::arrow::FromParquetSchema(&schema, properties, metadata->key_value_metadata(), &opened.said);
      !status.ok()) {
    return explain(status);
  }
  if (options.dictionary_strings) {
    for (int i = 0; i < schema.num_columns(); ++i) {
      if (IsString(*schema.Column(i)) && IsDictionaryThroughout(*metadata, i)) properties.set_read_dictionary(i, true);
    }
  }
  std::unique_ptr<parquet::arrow::FileReader> made;
  if (const arrow::Status status = builder.properties(properties)->Build(&made); !status.ok()) return explain(status);
  opened.reader = std::move(made);
  return opened;
}

void AddLeaves(const parquet::arrow::SchemaField& field, std::vector<int>& leaves) {
  if (field.is_leaf()) leaves.push_back(field.column_index);
  for (const parquet::arrow::SchemaField& child : field.children) AddLeaves(child, leaves);
}

// The leaves of the file's schema that make up these columns.
std::vector<int> LeavesOf(const parquet::arrow::FileReader& reader, std::pair<int, int> columns) {
  std::vector<int> leaves;
  for (int i = columns.first; i < columns.second; ++i) {
    AddLeaves(reader.manifest().schema_fields[static_cast<size_t>(i)], leaves);
  }
  return leaves;
}

// About the bytes of each column, decoded, in the row group where it has most. Codes and runs may take next to none in
// the file.
std::vector<int64_t> BytesOfColumns(const parquet::arrow::FileReader& reader, int num_columns) {
  std::vector<int64_t> most(static_cast<size_t>(num_columns));
  const auto metadata = reader.parquet_reader()->metadata();
  for (int group = 0; group < metadata->num_row_groups(); ++group) {
    const auto row_group = metadata->RowGroup(group);
    for (int column = 0; column < num_columns; ++column) {
      int64_t bytes = 0;
      for (const int leaf : LeavesOf(reader, {column, column + 1})) {
        const auto chunk = row_group->ColumnChunk(leaf);
        // A damaged file may say anything.
        bytes += std::max(std::clamp(chunk->total_uncompressed_size(), int64_t{0}, kMostSaid),
                          kBytesOfValue * std::clamp(chunk->num_values(), int64_t{0}, kMostSaid));
      }
      most[static_cast<size_t>(column)] = std::max(most[static_cast<size_t>(column)], bytes);
    }
  }
  return most;
}

std::vector<std::pair<int, int>> SlabsOf(const parquet::arrow::FileReader& reader, int num_columns,
                                         int64_t slab_bytes) {
  std::vector<std::pair<int, int>> slabs;
  int64_t bytes = 0;
  for (const int64_t added : BytesOfColumns(reader, num_columns)) {
    const int column = slabs.empty() ? 0 : slabs.back().second;
    if (slabs.empty() || bytes + added > slab_bytes) {
      slabs.emplace_back(column, column);
      bytes = 0;
    }
    slabs.back().second = column + 1;
    bytes += added;
  }
  return slabs;
}

}  // namespace

absl::StatusOr<Opened> OpenParquet(const std::string& path, const ReadOptions& options, bool use_threads) {
  TRY_ASSIGN(ParquetFile file, OpenParquetFile(path, options, use_threads));
  auto reader = file.reader->GetRecordBatchReader();
  if (!reader.ok()) return ExplainAs(path)(reader.status());
  auto types = TypesOf(*file.said, *(*reader)->schema());
  return Opened{.owner = std::move(file.reader),
                .reader = *std::move(reader),
                .schema = std::move(types),
                .explain = ExplainAs(path)};
}

std::optional<int64_t> CountRows(const std::string& path) {
  const auto format = FormatOf(path);
  if (!format.ok() || *format != Format::kParquet) return std::nullopt;
  auto file = arrow::io::ReadableFile::Open(path);
  parquet::arrow::FileReaderBuilder builder;
  if (!file.ok() || !builder.Open(*file).ok()) return std::nullopt;
  return builder.raw_reader()->metadata()->num_rows();
}

struct ColumnSlabs::File {
  std::string path;
  FileStamp stamp;
  ParquetFile parquet;
  const Cancellation* cancellation = nullptr;
};

ColumnSlabs::~ColumnSlabs() = default;

std::unique_ptr<ColumnSlabs> ColumnSlabs::Open(const std::string& path, const ReadOptions& options,
                                               const Context& context, int64_t slab_bytes) {
  const absl::StatusOr<Format> format = options.format.has_value() ? *options.format : FormatOf(path);
  if (!format.ok() || *format != Format::kParquet) return nullptr;
  // What is wrong with the file is told where it is opened by rows.
  const absl::StatusOr<FileStamp> stamp = FileStamp::Of(path);
  if (!stamp.ok()) return nullptr;
  absl::StatusOr<ParquetFile> opened = OpenParquetFile(path, options, context.pool->num_threads() > 1);
  if (!opened.ok() || opened->said->num_fields() < kManyColumns) return nullptr;
  ParquetFile file = *std::move(opened);
  std::unique_ptr<ColumnSlabs> slabs(new ColumnSlabs());
  const arrow::Status cut = Guarded(path, [&] {
    slabs->slabs_ = SlabsOf(*file.reader, file.said->num_fields(), slab_bytes);
    return arrow::Status::OK();
  });
  if (!cut.ok() || slabs->num_slabs() < 2) return nullptr;
  file.reader->set_batch_size(options.batch_rows);
  slabs->file_ = std::make_unique<File>(
      File{.path = path, .stamp = *stamp, .parquet = std::move(file), .cancellation = context.cancellation});
  return slabs;
}

int ColumnSlabs::num_groups() const { return file_->parquet.reader->num_row_groups(); }

absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> ColumnSlabs::Read(int group, int slab) const {
  const std::pair<int, int> columns = slabs_[static_cast<size_t>(slab)];
  const auto explain = ExplainAs(file_->path);
  parquet::arrow::FileReader& parquet = *file_->parquet.reader;
  auto reader = Guarded(file_->path, [&] { return parquet.GetRecordBatchReader({group}, LeavesOf(parquet, columns)); });
  if (!reader.ok()) return explain(reader.status());
  const arrow::FieldVector& fields = file_->parquet.said->fields();
  const arrow::Schema said(arrow::FieldVector(fields.begin() + columns.first, fields.begin() + columns.second));
  Opened opened{.owner = file_->parquet.reader, .reader = *std::move(reader), .explain = explain};
  opened.schema = TypesOf(said, *opened.reader->schema());
  return BatchesOf(file_->path, file_->stamp, std::move(opened), file_->cancellation);
}

}  // namespace roost::table
