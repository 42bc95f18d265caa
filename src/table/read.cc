#include "table/read.h"

#include <mutex>
#include <set>
#include <utility>

#include <arrow/array/array_base.h>
#include <arrow/array/array_dict.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/cast.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/thread_pool.h>
#include <arrow/util/utf8.h>
#include <fmt/format.h>

#include "base/check.h"
#include "base/thread_pool.h"
#include "table/arrow_status.h"
#include "table/file_stamp.h"
#include "table/opened.h"

namespace roost::table {
namespace {

/// Arrow has one pool of threads for the process; the first Context decides its size.
void SizeArrowPool(const Context& ctx) {
  static std::once_flag once;
  std::call_once(once, [&ctx] {
    const arrow::Status status = arrow::SetCpuThreadPoolCapacity(static_cast<int>(ctx.pool->num_threads()));
    ROOST_CHECK(status.ok(), status.ToString());
    arrow::util::InitializeUTF8();
  });
}

absl::Status CheckColumns(const std::string& path, const arrow::Schema& schema) {
  if (schema.num_fields() == 0) return absl::InvalidArgumentError(fmt::format("'{}' has no columns", path));
  std::set<std::string> seen;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const std::string& name = schema.field(i)->name();
    if (name.empty()) {
      return WithHint(absl::InvalidArgumentError(fmt::format("'{}': column {} has no name", path, i + 1)),
                      "Name every column; pandas writes a nameless one unless told index=False.");
    }
    if (!arrow::util::ValidateUTF8(name) || name.find('\0') != std::string::npos) {
      return absl::InvalidArgumentError(fmt::format("'{}': the name of column {} is not UTF-8", path, i + 1));
    }
    if (!seen.insert(name).second) {
      return absl::InvalidArgumentError(fmt::format("'{}' has two columns named '{}'", path, name));
    }
  }
  return absl::OkStatus();
}

std::shared_ptr<arrow::Schema> Plain(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) fields.push_back(arrow::field(field->name(), field->type()));
  return arrow::schema(std::move(fields));
}

class FileBatches final : public arrow::RecordBatchReader {
 public:
  FileBatches(std::string path, FileStamp stamp, Opened opened, const Cancellation* cancellation)
      : path_(std::move(path)),
        stamp_(stamp),
        opened_(std::move(opened)),
        schema_(Plain(opened_.schema != nullptr ? *opened_.schema : *opened_.reader->schema())),
        cancellation_(cancellation) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (!failed_.ok()) return failed_;
    failed_ = Read(batch);
    if (!failed_.ok()) batch->reset();
    return failed_;
  }

 private:
  arrow::Status Read(std::shared_ptr<arrow::RecordBatch>* batch) {
    do {
      if (cancellation_ != nullptr && cancellation_->cancelled()) return ToArrow(absl::CancelledError("interrupted"));
      const arrow::Status status = Guarded(path_, [&] {
        const arrow::Status read = opened_.reader->ReadNext(batch);
        return read.ok() && *batch != nullptr && opened_.validate ? (*batch)->ValidateFull() : read;
      });
      if (!status.ok() || *batch == nullptr) {
        if (const absl::Status same = stamp_.CheckUnchanged(path_); !same.ok()) return ToArrow(same);
        return status.ok() ? status : ToArrow(opened_.explain(status));
      }
    } while ((*batch)->num_rows() == 0);
    arrow::ArrayVector columns = (*batch)->columns();
    for (size_t i = 0; i < columns.size(); ++i) {
      const auto& type = schema_->field(static_cast<int>(i))->type();
      auto conformed = Conform(columns[i], type);
      if (!conformed.ok()) return ToArrow(CastFault(schema_->field(static_cast<int>(i))->name(), conformed.status()));
      columns[i] = *std::move(conformed);
    }
    *batch = arrow::RecordBatch::Make(schema_, (*batch)->num_rows(), std::move(columns));
    return arrow::Status::OK();
  }

  absl::Status CastFault(const std::string& column, const arrow::Status& status) const {
    return Annotate(FromArrow(status), fmt::format("'{}', column '{}'", path_, column));
  }

  std::string path_;
  FileStamp stamp_;
  Opened opened_;
  std::shared_ptr<arrow::Schema> schema_;
  const Cancellation* cancellation_;
  arrow::Status failed_;
};

absl::StatusOr<Opened> OpenAs(Format format, const std::string& path, const ReadOptions& options, bool use_threads) {
  switch (format) {
    case Format::kCsv: return OpenCsv(path, options, use_threads);
    case Format::kJsonLines: return OpenJsonLines(path, options, use_threads);
    case Format::kParquet: return OpenParquet(path, options, use_threads);
    case Format::kArrow: return OpenArrow(path, options, use_threads);
  }
  return absl::InternalError("no such format");
}

}  // namespace

const std::shared_ptr<arrow::DataType>& ValueType(const std::shared_ptr<arrow::DataType>& type) {
  return type->id() == arrow::Type::DICTIONARY ? static_cast<const arrow::DictionaryType&>(*type).value_type() : type;
}

arrow::Result<std::shared_ptr<arrow::Array>> Conform(std::shared_ptr<arrow::Array> array,
                                                     const std::shared_ptr<arrow::DataType>& type) {
  if (array->type()->Equals(*type)) return array;
  if (array->type_id() == arrow::Type::DICTIONARY && type->id() == arrow::Type::DICTIONARY) {
    const auto& coded = static_cast<const arrow::DictionaryArray&>(*array);
    const auto& wanted = static_cast<const arrow::DictionaryType&>(*type);
    if (coded.indices()->type()->Equals(*wanted.index_type())) {
      ARROW_ASSIGN_OR_RAISE(const auto values, arrow::compute::Cast(*coded.dictionary(), wanted.value_type()));
      return arrow::DictionaryArray::FromArrays(type, coded.indices(), values);
    }
  }
  ARROW_ASSIGN_OR_RAISE(array, arrow::compute::Cast(*array, ValueType(array->type())));
  ARROW_ASSIGN_OR_RAISE(array, arrow::compute::Cast(*array, ValueType(type)));
  if (type->id() != arrow::Type::DICTIONARY) return array;
  ARROW_ASSIGN_OR_RAISE(const arrow::Datum encoded, arrow::compute::DictionaryEncode(array));
  array = encoded.make_array();
  return array->type()->Equals(*type) ? array : arrow::compute::Cast(*array, type);
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> OpenFile(const std::string& path, const ReadOptions& options,
                                                                   const Context& ctx) {
  SizeArrowPool(ctx);
  Format format;
  if (options.format.has_value()) {
    format = *options.format;
  } else {
    TRY_ASSIGN(format, FormatOf(path));
  }
  absl::StatusOr<FileStamp> stamped = FileStamp::Of(path);  // before anything is read; CheckInput tells more of faults
  TRY(CheckInput(path, format));
  TRY_ASSIGN(const FileStamp stamp, std::move(stamped));
  const bool use_threads = ctx.pool->num_threads() > 1;
  Opened opened;
  const arrow::Status status = Guarded(path, [&] {
    auto made = OpenAs(format, path, options, use_threads);
    if (made.ok()) opened = *std::move(made);
    return ToArrow(made.status());
  });
  if (!status.ok()) TRY(stamp.CheckUnchanged(path));
  TRY_ARROW(status);
  TRY(CheckColumns(path, *opened.reader->schema()));
  return BatchesOf(path, stamp, std::move(opened), ctx.cancellation);
}

std::shared_ptr<arrow::RecordBatchReader> BatchesOf(const std::string& path, const FileStamp& stamp, Opened opened,
                                                    const Cancellation* cancellation) {
  return std::make_shared<FileBatches>(path, stamp, std::move(opened), cancellation);
}

std::shared_ptr<arrow::Schema> WithTypes(const std::shared_ptr<arrow::Schema>& types,
                                         const std::shared_ptr<arrow::Schema>& over) {
  if (types == nullptr || over == nullptr) return types == nullptr ? over : types;
  arrow::FieldVector fields = types->fields();
  for (const auto& field : over->fields()) {
    const int index = types->GetFieldIndex(field->name());
    if (index < 0) {
      fields.push_back(field);
    } else {
      fields[static_cast<size_t>(index)] = field;
    }
  }
  return arrow::schema(std::move(fields));
}

std::shared_ptr<arrow::Schema> WithWiderType(const std::shared_ptr<arrow::Schema>& types, const arrow::Field& read) {
  const arrow::Type::type id = ValueType(read.type())->id();
  if (id == arrow::Type::STRING || id == arrow::Type::LARGE_STRING) return nullptr;
  const auto wider = arrow::is_integer(id) ? arrow::float64() : arrow::utf8();
  return WithTypes(types, arrow::schema({arrow::field(read.name(), wider)}));
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Next(arrow::RecordBatchReader& reader) {
  std::shared_ptr<arrow::RecordBatch> batch;
  TRY_ARROW(reader.ReadNext(&batch));
  return batch;
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Head(arrow::RecordBatchReader& reader, int64_t num_rows) {
  arrow::RecordBatchVector batches;
  while (num_rows > 0) {
    TRY_ASSIGN(std::shared_ptr<arrow::RecordBatch> batch, Next(reader));
    if (batch == nullptr) break;
    batches.push_back(batch->Slice(0, num_rows));
    num_rows -= batches.back()->num_rows();
  }
  TRY_ARROW_ASSIGN(const auto rows, arrow::Table::FromRecordBatches(reader.schema(), batches));
  TRY_ARROW_ASSIGN(std::shared_ptr<arrow::RecordBatch> batch, rows->CombineChunksToBatch());
  return batch;
}

}  // namespace roost::table
