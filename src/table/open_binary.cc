#include <algorithm>
#include <utility>

#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include "table/arrow_status.h"
#include "table/nested_type.h"
#include "table/opened.h"

namespace roost::table {
namespace {

constexpr int64_t kBufferBytes = int64_t{1} << 20;
constexpr int64_t kBatchValues = int64_t{8} << 20;  // of all columns: thousands of them come in shorter batches
constexpr int64_t kLeastBatchRows = 1024;

/// The batches of an IPC file, which Arrow offers by their number only.
class ArrowFileBatches final : public arrow::RecordBatchReader {
 public:
  explicit ArrowFileBatches(std::shared_ptr<arrow::ipc::RecordBatchFileReader> file) : file_(std::move(file)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return file_->schema(); }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (next_ == file_->num_record_batches()) return arrow::Status::OK();
    ARROW_ASSIGN_OR_RAISE(*batch, file_->ReadRecordBatch(next_++));
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> file_;
  int next_ = 0;
};

std::function<absl::Status(const arrow::Status&)> ExplainAs(const std::string& path) {
  return [path](const arrow::Status& status) { return FileFault(path, status); };
}

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

/// `type` with the texts and binaries themselves in place of views of them, at any depth: views are a way to lie in
/// memory, which few of Arrow's functions take.
std::shared_ptr<arrow::DataType> WithoutViews(const std::shared_ptr<arrow::DataType>& type) {
  return ReplaceFlatTypes(type, [](const std::shared_ptr<arrow::DataType>& flat) -> std::shared_ptr<arrow::DataType> {
    if (flat->id() == arrow::Type::STRING_VIEW) return arrow::utf8();
    if (flat->id() == arrow::Type::BINARY_VIEW) return arrow::binary();
    if (flat->id() != arrow::Type::DICTIONARY) return flat;
    const auto& codes = static_cast<const arrow::DictionaryType&>(*flat);
    return arrow::dictionary(codes.index_type(), WithoutViews(codes.value_type()), codes.ordered());
  });
}

/// The types that columns are handed on with. Of Parquet, `read` may have dictionaries of strings where `file` says
/// large strings.
std::shared_ptr<arrow::Schema> TypesOf(const arrow::Schema& file, const arrow::Schema& read) {
  arrow::FieldVector fields;
  for (int i = 0; i < read.num_fields(); ++i) {
    const bool is_large_text = file.field(i)->type()->id() == arrow::Type::LARGE_STRING &&
                               read.field(i)->type()->id() == arrow::Type::DICTIONARY;
    const auto large_text = arrow::dictionary(arrow::int32(), arrow::large_utf8());
    const auto& type = read.field(i)->type();
    fields.push_back(read.field(i)->WithType(is_large_text ? large_text : WithoutViews(type)));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace

absl::Status FileFault(const std::string& path, const arrow::Status& status) {
  const absl::Status ours = FromArrow(status);
  if (status.detail() == nullptr && (ours.code() == absl::StatusCode::kDataLoss || status.IsInvalid())) {
    return absl::InvalidArgumentError(fmt::format("'{}' is damaged or cut off: {}", path, std::string(ours.message())));
  }
  return Annotate(ours, fmt::format("cannot read '{}'", path));
}

absl::StatusOr<Opened> OpenParquet(const std::string& path, const ReadOptions& options, bool use_threads) {
  const auto explain = ExplainAs(path);
  auto file = arrow::io::ReadableFile::Open(path);
  if (!file.ok()) return explain(file.status());
  parquet::ReaderProperties file_properties = parquet::default_reader_properties();
  file_properties.set_page_checksum_verification(true);
  // A column chunk is read piece by piece, not whole: it may be as large as the file.
  file_properties.enable_buffered_stream();
  file_properties.set_buffer_size(kBufferBytes);
  parquet::arrow::FileReaderBuilder builder;
  if (const arrow::Status status = builder.Open(*file, file_properties); !status.ok()) return explain(status);
  parquet::ArrowReaderProperties properties(use_threads);
  const int num_columns = std::max(builder.raw_reader()->metadata()->num_columns(), 1);
  properties.set_batch_size(std::min(options.batch_rows, std::max(kBatchValues / num_columns, kLeastBatchRows)));
  // Reading ahead would hold the bytes of every row group at once.
  properties.set_pre_buffer(false);
  const parquet::SchemaDescriptor& schema = *builder.raw_reader()->metadata()->schema();
  std::shared_ptr<arrow::Schema> said;
  if (const arrow::Status status = parquet::arrow::FromParquetSchema(
          &schema, properties, builder.raw_reader()->metadata()->key_value_metadata(), &said);
      !status.ok()) {
    return explain(status);
  }
  if (options.dictionary_strings) {
    const parquet::FileMetaData& metadata = *builder.raw_reader()->metadata();
    for (int i = 0; i < schema.num_columns(); ++i) {
      if (IsString(*schema.Column(i)) && IsDictionaryThroughout(metadata, i)) properties.set_read_dictionary(i, true);
    }
  }
  std::unique_ptr<parquet::arrow::FileReader> made;
  if (const arrow::Status status = builder.properties(properties)->Build(&made); !status.ok()) return explain(status);
  const std::shared_ptr<parquet::arrow::FileReader> owner = std::move(made);
  auto reader = owner->GetRecordBatchReader();
  if (!reader.ok()) return explain(reader.status());
  auto types = TypesOf(*said, *(*reader)->schema());
  return Opened{.owner = owner, .reader = *std::move(reader), .schema = std::move(types), .explain = explain};
}

std::optional<int64_t> CountRows(const std::string& path) {
  const auto format = FormatOf(path);
  if (!format.ok() || *format != Format::kParquet) return std::nullopt;
  auto file = arrow::io::ReadableFile::Open(path);
  parquet::arrow::FileReaderBuilder builder;
  if (!file.ok() || !builder.Open(*file).ok()) return std::nullopt;
  return builder.raw_reader()->metadata()->num_rows();
}

absl::StatusOr<Opened> OpenArrow(const std::string& path, const ReadOptions& /*options*/, bool use_threads) {
  const auto explain = ExplainAs(path);
  auto file = arrow::io::ReadableFile::Open(path);
  if (!file.ok()) return explain(file.status());
  arrow::ipc::IpcReadOptions ipc_options = arrow::ipc::IpcReadOptions::Defaults();
  ipc_options.use_threads = use_threads;
  auto magic = (*file)->ReadAt(0, 6);
  if (!magic.ok()) return explain(magic.status());
  if (std::string_view(**magic) == "ARROW1") {
    auto reader = arrow::ipc::RecordBatchFileReader::Open(*file, ipc_options);
    if (!reader.ok()) return explain(reader.status());
    auto types = TypesOf(*(*reader)->schema(), *(*reader)->schema());
    return Opened{.reader = std::make_shared<ArrowFileBatches>(*std::move(reader)),
                  .schema = std::move(types),
                  .validate = true,
                  .explain = explain};
  }
  if (const arrow::Status status = (*file)->Seek(0); !status.ok()) return explain(status);
  auto reader = arrow::ipc::RecordBatchStreamReader::Open(*file, ipc_options);
  if (!reader.ok()) return explain(reader.status());
  auto types = TypesOf(*(*reader)->schema(), *(*reader)->schema());
  return Opened{.reader = *std::move(reader), .schema = std::move(types), .validate = true, .explain = explain};
}

}  // namespace roost::table
