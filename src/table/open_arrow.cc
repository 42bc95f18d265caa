#include <utility>

#include <arrow/buffer.h>
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "table/arrow_status.h"
#include "table/nested_type.h"
#include "table/opened.h"

namespace roost::table {
namespace {

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

}  // namespace

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

std::function<absl::Status(const arrow::Status&)> ExplainAs(const std::string& path) {
  return [path](const arrow::Status& status) { return FileFault(path, status); };
}

absl::Status FileFault(const std::string& path, const arrow::Status& status) {
  const absl::Status ours = FromArrow(status);
  if (status.detail() == nullptr && (ours.code() == absl::StatusCode::kDataLoss || status.IsInvalid())) {
    return absl::InvalidArgumentError(fmt::format("'{}' is damaged or cut off: {}", path, std::string(ours.message())));
  }
  return Annotate(ours, fmt::format("cannot read '{}'", path));
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
