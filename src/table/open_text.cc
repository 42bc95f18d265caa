#include <algorithm>
#include <cctype>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/csv/options.h>
#include <arrow/csv/reader.h>
#include <arrow/io/buffered.h>
#include <arrow/io/compressed.h>
#include <arrow/io/file.h>
#include <arrow/json/options.h>
#include <arrow/json/reader.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/compression.h>
#include <fmt/format.h>

#include "table/arrow_status.h"
#include "table/opened.h"
#include "table/text_fault.h"

namespace roost::table {
namespace {

/// A CSV file as one attempt reads it.
struct CsvAttempt {
  std::string path;
  arrow::csv::ReadOptions read = arrow::csv::ReadOptions::Defaults();
  arrow::csv::ParseOptions parse = arrow::csv::ParseOptions::Defaults();
  arrow::csv::ConvertOptions convert = arrow::csv::ConvertOptions::Defaults();

  arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> Open() const {
    auto text = OpenText(path);
    if (!text.ok()) return ToArrow(text.status());
    return arrow::csv::StreamingReader::Make(arrow::io::default_io_context(), *text, read, parse, convert);
  }
};

CsvAttempt CsvAttemptFor(const std::string& path, const ReadOptions& options, bool use_threads) {
  CsvAttempt attempt{.path = path};
  attempt.read.use_threads = use_threads;
  attempt.read.block_size = kTextBlockBytes;
  std::string_view name = path;
  name.remove_suffix(CompressionExtension(path).size());
  const bool tabs = name.ends_with(".tsv") || name.ends_with(".tab") || name.ends_with(".TSV");
  attempt.parse.delimiter = options.delimiter != '\0' ? options.delimiter : (tabs ? '\t' : ',');
  attempt.parse.newlines_in_values = true;
  attempt.convert.null_values = options.nulls;
  attempt.convert.strings_can_be_null = true;
  attempt.convert.quoted_strings_can_be_null = false;
  attempt.convert.check_utf8 = !options.keep_invalid_utf8;
  if (options.types != nullptr) {
    for (const auto& field : options.types->fields()) attempt.convert.column_types[field->name()] = field->type();
  }
  return attempt;
}

/// Where the row and the column are: with several threads Arrow does not count rows, so the file is read again up to
/// the error, by one.
arrow::Status CountedFault(CsvAttempt attempt, const arrow::Status& first) {
  attempt.read.use_threads = false;
  auto reader = attempt.Open();
  if (!reader.ok()) return reader.status();
  std::shared_ptr<arrow::RecordBatch> batch;
  do {
    if (const arrow::Status status = (*reader)->ReadNext(&batch); !status.ok()) return status;
  } while (batch != nullptr);
  return first;
}

/// The names of the columns, whatever is wrong with the values; none where the header cannot be read either.
std::vector<std::string> HeaderOf(CsvAttempt attempt) {
  attempt.read.use_threads = false;
  attempt.convert.column_types.clear();
  attempt.convert.default_column_type = arrow::binary();
  const auto reader = attempt.Open();
  return reader.ok() ? (*reader)->schema()->field_names() : std::vector<std::string>();
}

absl::Status ExplainCsv(const CsvAttempt& attempt, const std::vector<std::string>& names, const arrow::Status& status) {
  if (!status.IsInvalid()) return FileFault(attempt.path, status);
  return CsvFault(attempt.path, names, CountedFault(attempt, status));
}

/// Passes on what it reads but for lines that begin with null: Arrow's reader ends the program where such a line begins
/// one of its blocks.
class WithoutNullLines final : public arrow::io::InputStream {
 public:
  explicit WithoutNullLines(std::shared_ptr<arrow::io::InputStream> text) : text_(std::move(text)) {}

  arrow::Status Close() override { return text_->Close(); }
  bool closed() const override { return text_->closed(); }
  arrow::Result<int64_t> Tell() const override { return text_->Tell(); }

  arrow::Result<int64_t> Read(int64_t num_bytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t size, text_->Read(num_bytes, out));
    ARROW_RETURN_NOT_OK(Check({static_cast<const char*>(out), static_cast<size_t>(size)}));
    return size;
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t num_bytes) override {
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> read, text_->Read(num_bytes));
    ARROW_RETURN_NOT_OK(Check({reinterpret_cast<const char*>(read->data()), static_cast<size_t>(read->size())}));
    return read;
  }

 private:
  arrow::Status Check(std::string_view bytes) {
    while (!bytes.empty()) {
      const size_t next = is_within_line_ ? bytes.find_first_of("\r\n") : bytes.find_first_not_of(" \t\r\n");
      if (next == std::string_view::npos) return arrow::Status::OK();
      bytes.remove_prefix(next);
      if (!is_within_line_ && bytes.front() == 'n') {
        return arrow::Status::Invalid("a line is null where an object was expected");
      }
      is_within_line_ = !is_within_line_;
    }
    return arrow::Status::OK();
  }

  std::shared_ptr<arrow::io::InputStream> text_;
  bool is_within_line_ = false;  // after its first character that is no space
};

/// JSON Lines, opened with the types of `schema` where it is not null.
arrow::Result<std::shared_ptr<arrow::json::StreamingReader>> OpenJson(const std::string& path, bool use_threads,
                                                                      std::shared_ptr<arrow::Schema> schema) {
  auto text = OpenText(path);
  if (!text.ok()) return ToArrow(text.status());
  auto read = arrow::json::ReadOptions::Defaults();
  read.use_threads = use_threads;
  read.block_size = kTextBlockBytes;
  auto parse = arrow::json::ParseOptions::Defaults();
  parse.explicit_schema = std::move(schema);
  return arrow::json::StreamingReader::Make(std::make_shared<WithoutNullLines>(*std::move(text)), read, parse);
}

/// `found` with the types of `wanted` for columns of the same name, and text for columns of nothing but nulls.
std::shared_ptr<arrow::Schema> WithTypes(const arrow::Schema& found, const arrow::Schema* wanted) {
  arrow::FieldVector fields;
  for (const auto& field : found.fields()) {
    const int index = wanted == nullptr ? -1 : wanted->GetFieldIndex(field->name());
    std::shared_ptr<arrow::DataType> type = field->type();
    if (index >= 0) {
      type = wanted->field(index)->type();
    } else if (type->id() == arrow::Type::NA) {
      type = arrow::utf8();
    }
    fields.push_back(arrow::field(field->name(), std::move(type)));
  }
  return arrow::schema(std::move(fields));
}

/// Arrow's JSON reader takes dates from numbers only; they are read as text and cast. Dictionaries are made afterwards.
std::shared_ptr<arrow::Schema> WithReadableTypes(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    const auto& type = ValueType(field->type());
    fields.push_back(field->WithType(arrow::is_date(type->id()) ? arrow::utf8() : type));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace

absl::StatusOr<std::shared_ptr<arrow::io::InputStream>> OpenText(const std::string& path) {
  TRY_ARROW_ASSIGN(std::shared_ptr<arrow::io::InputStream> stream, arrow::io::ReadableFile::Open(path));
  const std::string_view extension = CompressionExtension(path);
  if (extension.empty()) return stream;
  const std::string_view name = extension == ".gz" ? "gzip" : extension == ".zst" ? "zstd" : extension.substr(1);
  TRY_ARROW_ASSIGN(const auto compression, arrow::util::Codec::GetCompressionType(std::string(name)));
  TRY_ARROW_ASSIGN(std::shared_ptr<arrow::util::Codec> codec, arrow::util::Codec::Create(compression));
  TRY_ARROW_ASSIGN(std::shared_ptr<arrow::io::CompressedInputStream> text,
                   arrow::io::CompressedInputStream::Make(codec.get(), stream));
  // The stream does not keep its codec.
  return std::shared_ptr<arrow::io::InputStream>(text.get(), [text, codec](arrow::io::InputStream*) {});
}

absl::StatusOr<Opened> OpenCsv(const std::string& path, const ReadOptions& options, bool use_threads) {
  CsvAttempt attempt = CsvAttemptFor(path, options, use_threads);
  auto reader = attempt.Open();
  if (!reader.ok()) return ExplainCsv(attempt, HeaderOf(attempt), reader.status());
  const std::shared_ptr<arrow::Schema> schema = (*reader)->schema();
  bool again = false;
  for (const auto& field : schema->fields()) {
    if (field->type()->id() == arrow::Type::BINARY && !attempt.convert.column_types.contains(field->name())) {
      return WithHint(absl::InvalidArgumentError(fmt::format("'{}': column '{}' is not UTF-8", path, field->name())),
                      "Save the file as UTF-8.");
    }
    if (field->type()->id() == arrow::Type::NA) {
      attempt.convert.column_types[field->name()] = arrow::utf8();
      again = true;
    }
  }
  if (schema->num_fields() == 1) {
    // With one column an empty line is a null.
    attempt.parse.ignore_empty_lines = false;
    again = true;
  }
  std::vector<std::string> names = schema->field_names();
  if (again) {
    reader = attempt.Open();
    if (!reader.ok()) return ExplainCsv(attempt, names, reader.status());
  }
  return Opened{.reader = *reader, .explain = [attempt, names = std::move(names)](const arrow::Status& status) {
                  return ExplainCsv(attempt, names, status);
                }};
}

absl::StatusOr<Opened> OpenJsonLines(const std::string& path, const ReadOptions& options, bool use_threads) {
  const auto explain = [path](const arrow::Status& status) {
    return status.IsInvalid() ? JsonFault(path, status) : FileFault(path, status);
  };
  auto reader = OpenJson(path, use_threads, nullptr);
  if (!reader.ok()) return explain(reader.status());
  const std::shared_ptr<arrow::Schema> found = (*reader)->schema();
  const std::shared_ptr<arrow::Schema> schema = WithTypes(*found, options.types.get());
  const std::shared_ptr<arrow::Schema> readable = WithReadableTypes(*schema);
  // Opened anew even where only nulls became text: the types of an open reader are fixed.
  if (!readable->Equals(*found, /*check_metadata=*/false)) reader = OpenJson(path, use_threads, readable);
  if (!reader.ok()) return explain(reader.status());
  // Arrow's reader takes any bytes within quotes.
  return Opened{.reader = *reader, .schema = schema, .validate = !options.keep_invalid_utf8, .explain = explain};
}

}  // namespace roost::table
