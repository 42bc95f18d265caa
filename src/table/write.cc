#include "table/write.h"

#include <functional>
#include <memory>
#include <new>
#include <utility>

#include <arrow/array/array_base.h>
#include <arrow/compute/cast.h>
#include <arrow/io/interfaces.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include "table/arrow_status.h"
#include "table/cell_text.h"
#include "table/json_value.h"
#include "table/nested_type.h"
#include "table/opened.h"
#include "table/read.h"

namespace roost::table {
namespace {

using column::ColumnView;

constexpr size_t kTextFlushBytes = 256 << 10;

/// What a format does with the batches of a table.
struct Sink {
  std::function<absl::Status(const std::shared_ptr<arrow::RecordBatch>&)> write;
  std::function<absl::Status()> finish;
};

/// Arrow's streams are shared; this lends one to a writer without giving it away.
std::shared_ptr<arrow::io::OutputStream> Lent(arrow::io::OutputStream& out) {
  return {&out, [](arrow::io::OutputStream*) {}};
}

absl::StatusOr<Sink> ParquetSink(const arrow::Schema& schema, arrow::io::OutputStream& out) {
  const auto properties = parquet::WriterProperties::Builder()
                              .compression(parquet::Compression::ZSTD)
                              ->enable_content_defined_chunking()
                              ->enable_page_checksum()
                              ->build();
  const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  TRY_ARROW_ASSIGN(
      std::shared_ptr<parquet::arrow::FileWriter> writer,
      parquet::arrow::FileWriter::Open(schema, arrow::default_memory_pool(), Lent(out), properties, arrow_properties));
  return Sink{.write = [writer](const auto& batch) { return FromArrow(writer->WriteRecordBatch(*batch)); },
              .finish = [writer] { return FromArrow(writer->Close()); }};
}

absl::StatusOr<Sink> ArrowStreamSink(const std::shared_ptr<arrow::Schema>& schema, arrow::io::OutputStream& out) {
  TRY_ARROW_ASSIGN(const auto writer, arrow::ipc::MakeStreamWriter(&out, schema));
  return Sink{.write = [writer](const auto& batch) { return FromArrow(writer->WriteRecordBatch(*batch)); },
              .finish = [writer] { return FromArrow(writer->Close()); }};
}

absl::StatusOr<Sink> ArrowFileSink(const arrow::Schema& schema, arrow::io::OutputStream& out) {
  // An IPC file has one dictionary per column, but batches come with their own.
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) fields.push_back(field->WithType(ValueType(field->type())));
  const auto decoded = arrow::schema(std::move(fields));
  TRY_ARROW_ASSIGN(const auto writer, arrow::ipc::MakeFileWriter(&out, decoded));
  const auto write = [writer, decoded](const std::shared_ptr<arrow::RecordBatch>& batch) -> absl::Status {
    arrow::ArrayVector columns = batch->columns();
    for (auto& column : columns) {
      if (column->type_id() != arrow::Type::DICTIONARY) continue;
      TRY_ARROW_ASSIGN(column, arrow::compute::Cast(*column, ValueType(column->type())));
    }
    return FromArrow(
        writer->WriteRecordBatch(*arrow::RecordBatch::Make(decoded, batch->num_rows(), std::move(columns))));
  };
  return Sink{.write = write, .finish = [writer] { return FromArrow(writer->Close()); }};
}

void AppendCsvText(std::string& out, std::string_view text) {
  const bool plain = !text.empty() && text.find_first_of("\",\r\n") == std::string_view::npos && text.front() != ' ' &&
                     text.back() != ' ';
  if (plain) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void AppendCsvRow(std::string& out, const column::BatchView& rows, int64_t row) {
  bool first = true;
  for (const ColumnView& column : rows.columns()) {
    if (!std::exchange(first, false)) out += ',';
    if (column.IsNull(row)) continue;
    if (column::IsText(column.type())) {
      AppendCsvText(out, column.TextAt(row));
    } else {
      AppendCell(out, column, row);
    }
  }
  out += '\n';
}

struct JsonKey {
  std::string text;      // with its colon
  bool is_json = false;  // whether the column's texts are JSON
};

void AppendJsonRow(std::string& out, const std::vector<JsonKey>& keys, const column::BatchView& rows, int64_t row) {
  for (size_t i = 0; i < keys.size(); ++i) {
    const ColumnView& column = rows.columns()[i];
    out += i == 0 ? '{' : ',';
    out += keys[i].text;
    if (keys[i].is_json && !column.IsNull(row)) {
      out += column.TextAt(row);
    } else {
      AppendJsonCell(out, column, row);
    }
  }
  out += "}\n";
}

absl::Status CheckNotBinary(const column::BatchView& rows) {
  for (const ColumnView& column : rows.columns()) {
    if (!column::IsBytes(column.type())) continue;
    return WithHint(
        absl::InvalidArgumentError(fmt::format("column '{}' is binary, which has no text form", column.name())),
        "Write Parquet or Arrow.");
  }
  return absl::OkStatus();
}

using AppendRow = std::function<void(std::string&, const column::BatchView&, int64_t)>;

Sink TextSink(std::string header, AppendRow append, arrow::io::OutputStream& out) {
  const auto text = std::make_shared<std::string>(std::move(header));
  const auto flush = [text, &out]() -> absl::Status {
    TRY_ARROW(out.Write(*text));
    text->clear();
    return absl::OkStatus();
  };
  const auto write = [text, flush, append = std::move(append)](const std::shared_ptr<arrow::RecordBatch>& batch) {
    auto columns = ToTextColumns(*batch);
    TRY(columns.status());
    const column::BatchView& rows = columns->view();
    TRY(CheckNotBinary(rows));
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      append(*text, rows, row);
      if (text->size() >= kTextFlushBytes) TRY(flush());
    }
    return absl::OkStatus();
  };
  return Sink{.write = write, .finish = flush};
}

Sink CsvSink(const arrow::Schema& schema, arrow::io::OutputStream& out) {
  std::string header;
  for (const std::string& name : schema.field_names()) {
    if (!header.empty()) header += ',';
    AppendCsvText(header, name);
  }
  return TextSink(header + '\n', AppendCsvRow, out);
}

Sink JsonLinesSink(const arrow::Schema& schema, arrow::io::OutputStream& out) {
  std::vector<JsonKey> keys;
  for (const auto& field : schema.fields()) {
    JsonKey& key = keys.emplace_back(JsonKey{.is_json = IsNested(*field->type())});
    AppendJsonString(key.text, field->name());
    key.text += ':';
  }
  return TextSink(
      "",
      [keys = std::move(keys)](std::string& text, const column::BatchView& rows, int64_t row) {
        AppendJsonRow(text, keys, rows, row);
      },
      out);
}

absl::StatusOr<Sink> SinkFor(Format format, bool seekable, const std::shared_ptr<arrow::Schema>& schema,
                             arrow::io::OutputStream& out) {
  switch (format) {
    case Format::kCsv: return CsvSink(*schema, out);
    case Format::kJsonLines: return JsonLinesSink(*schema, out);
    case Format::kParquet: return ParquetSink(*schema, out);
    case Format::kArrow: return seekable ? ArrowFileSink(*schema, out) : ArrowStreamSink(schema, out);
  }
  return absl::InternalError("no such format");
}

absl::StatusOr<int64_t> Write(arrow::RecordBatchReader& reader, Format format, bool named_file,
                              arrow::io::OutputStream& out, const Context& ctx) {
  TRY_ASSIGN(const Sink sink, SinkFor(format, named_file, reader.schema(), out));
  int64_t num_rows = 0;
  while (true) {
    TRY(ctx.CheckCancelled());
    TRY_ASSIGN(const auto batch, Next(reader));
    if (batch == nullptr) break;
    TRY(sink.write(batch));
    num_rows += batch->num_rows();
    ctx.Report({.stage = "writing", .unit = "rows", .done = num_rows, .total = 0});
  }
  TRY(sink.finish());
  return num_rows;
}

/// Parquet's writer closes its file in its destructor, and throws in places.
absl::StatusOr<int64_t> GuardedWrite(arrow::RecordBatchReader& reader, Format format, bool named_file,
                                     arrow::io::OutputStream& out, const Context& ctx) {
  try {
    return Write(reader, format, named_file, out, ctx);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("out of memory while writing a table");
  } catch (const std::exception& exception) {
    return absl::InternalError(fmt::format("writing a table as {}: {}", FormatName(format), exception.what()));
  }
}

}  // namespace

absl::StatusOr<int64_t> WriteTable(arrow::RecordBatchReader& reader, Format format, arrow::io::OutputStream& out,
                                   const Context& ctx) {
  return GuardedWrite(reader, format, /*named_file=*/false, out, ctx);
}

absl::StatusOr<int64_t> WriteTable(arrow::RecordBatchReader& reader, Format format, const std::string& path,
                                   Overwrite overwrite, const Context& ctx) {
  TRY_ASSIGN(OutputFile file, OutputFile::Open(path, overwrite));
  TRY_ASSIGN(const int64_t num_rows, GuardedWrite(reader, format, path != "-", file.stream(), ctx));
  TRY(file.Commit());
  return num_rows;
}

}  // namespace roost::table
