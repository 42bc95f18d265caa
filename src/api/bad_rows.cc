#include "api/bad_rows.h"

#include <map>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <arrow/compute/cast.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "base/json.h"
#include "base/status.h"
#include "store/spill_file.h"
#include "table/arrow_status.h"
#include "table/bridge.h"
#include "table/filter.h"

namespace roost::api {
namespace {

constexpr int64_t kSpoolBytes = 64 << 20;
constexpr size_t kBytesShown = 40;  // of a value

// `delay: type "late"`; of rules of all rows `key id "17"`.
std::string ReasonOf(const schema::RowFinding& finding) {
  std::string reason = finding.column.empty() ? "" : finding.column + ": ";
  reason += schema::RuleName(finding.rule);
  if (!finding.detail.empty()) reason += " " + finding.detail;
  if (finding.value.empty() || finding.rule == schema::Rule::kMissing) return reason;
  return fmt::format("{} {}", reason, ToLine(finding.value.substr(0, kBytesShown)));
}

bool IsText(const arrow::DataType& type) {
  if (type.id() != arrow::Type::DICTIONARY) return arrow::is_base_binary_like(type.id());
  return IsText(*static_cast<const arrow::DictionaryType&>(type).value_type());
}

// The reasons of each bad row, in the order of rows.
std::map<int64_t, std::string> ReasonsOf(const schema::RowVerdicts& verdicts) {
  std::map<int64_t, std::string> reasons;
  for (const schema::RowFinding& finding : verdicts.reasons) {
    std::string& text = reasons[finding.row];
    text += (text.empty() ? "" : "; ") + ReasonOf(finding);
  }
  return reasons;
}

// `batch` with plain texts in place of dictionaries, and the columns that tell of the row.
absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> WithReasons(const arrow::RecordBatch& batch,
                                                                const std::map<int64_t, std::string>& reasons) {
  arrow::ArrayVector columns;
  arrow::FieldVector fields;
  for (int i = 0; i < batch.num_columns(); ++i) {
    std::shared_ptr<arrow::Array> column = batch.column(i);
    if (column->type_id() == arrow::Type::DICTIONARY) {
      const auto& coded = static_cast<const arrow::DictionaryType&>(*column->type());
      TRY_ARROW_ASSIGN(column, arrow::compute::Cast(*column, coded.value_type()));
    }
    fields.push_back(arrow::field(batch.column_name(i), column->type()));
    columns.push_back(std::move(column));
  }
  arrow::Int64Builder rows;
  arrow::StringBuilder texts;
  for (const auto& [row, text] : reasons) {
    TRY_ARROW(rows.Append(row));
    TRY_ARROW(texts.Append(text));
  }
  fields.push_back(arrow::field(BadRows::kRowColumn, arrow::int64()));
  fields.push_back(arrow::field(BadRows::kReasonsColumn, arrow::utf8()));
  columns.emplace_back();
  TRY_ARROW(rows.Finish(&columns.back()));
  columns.emplace_back();
  TRY_ARROW(texts.Finish(&columns.back()));
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch.num_rows(), std::move(columns));
}

// A column of texts as numbers; those that read as none, which are no good rows, as nulls.
template <typename Builder, typename Number, typename Read>
absl::StatusOr<std::shared_ptr<arrow::Array>> ReadNumbers(const column::ColumnView& texts, const Read& read) {
  Builder builder;
  for (int64_t row = 0; row < texts.length(); ++row) {
    Number number = 0;
    const bool is_number =
        !texts.IsNull(row) && read(absl::string_view(texts.TextAt(row).data(), texts.TextAt(row).size()), &number);
    TRY_ARROW(is_number ? builder.Append(number) : builder.AppendNull());
  }
  std::shared_ptr<arrow::Array> array;
  TRY_ARROW(builder.Finish(&array));
  return array;
}

// The columns of `batch` with the types of `schema`: those that differ are texts there and numbers here.
absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> AsNumbers(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                              const std::shared_ptr<arrow::Schema>& schema) {
  if (schema->Equals(*batch->schema())) return batch;
  TRY_ASSIGN(const column::OwnedBatch columns, table::ToColumns(*batch));
  arrow::ArrayVector arrays = batch->columns();
  for (int i = 0; i < schema->num_fields(); ++i) {
    if (schema->field(i)->Equals(*batch->schema()->field(i))) continue;
    const column::ColumnView& texts = columns.view().columns()[static_cast<size_t>(i)];
    std::shared_ptr<arrow::Array>& array = arrays[static_cast<size_t>(i)];
    if (schema->field(i)->type()->id() == arrow::Type::INT64) {
      TRY_ASSIGN(array, (ReadNumbers<arrow::Int64Builder, int64_t>(
                            texts, [](absl::string_view text, int64_t* out) { return absl::SimpleAtoi(text, out); })));
    } else {
      TRY_ASSIGN(array, (ReadNumbers<arrow::DoubleBuilder, double>(
                            texts, [](absl::string_view text, double* out) { return absl::SimpleAtod(text, out); })));
    }
  }
  return arrow::RecordBatch::Make(schema, batch->num_rows(), std::move(arrays));
}

// The batches of a spool.
class SpoolReader : public arrow::RecordBatchReader {
 public:
  SpoolReader(std::shared_ptr<arrow::Schema> schema, const store::BatchSpool& spool)
      : schema_(std::move(schema)), spool_(spool) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    *batch = nullptr;
    if (next_ == spool_.size()) return arrow::Status::OK();
    absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> got = spool_.Get(next_++);
    if (!got.ok()) return table::ToArrow(got.status());
    *batch = *std::move(got);
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  const store::BatchSpool& spool_;
  size_t next_ = 0;
};

class BadRowsSource : public ingest::Source {
 public:
  BadRowsSource(std::shared_ptr<arrow::Schema> schema, const store::BatchSpool& spool, int64_t rows, std::string from)
      : schema_(std::move(schema)), spool_(spool), rows_(rows), from_(std::move(from)) {}

  absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> Open(const std::shared_ptr<arrow::Schema>& /*types*/,
                                                                 const Context& /*context*/) const override {
    return std::make_shared<SpoolReader>(schema_, spool_);
  }
  int64_t NumRows() const override { return rows_; }
  Json Provenance() const override { return Json{{"kind", "quarantine"}, {"from", from_}}; }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  const store::BatchSpool& spool_;
  int64_t rows_;
  std::string from_;
};

}  // namespace

struct BadRows::Kept {
  explicit Kept(std::shared_ptr<arrow::Schema> of) : schema(of), spool(std::move(of), kSpoolBytes, "") {}

  std::shared_ptr<arrow::Schema> schema;
  store::BatchSpool spool;
};

BadRows::BadRows(const schema::Schema& schema, const ForeignKeys& foreign_keys)
    : schema_(schema), scan_(schema, {.foreign_keys = foreign_keys.keys()}) {}
BadRows::~BadRows() = default;

std::shared_ptr<arrow::Schema> BadRows::GoodSchema(const std::shared_ptr<arrow::Schema>& read) const {
  arrow::FieldVector fields = read->fields();
  for (auto& field : fields) {
    const schema::ColumnRules* rules = schema_.Find(field->name());
    if (rules == nullptr || rules->presence == schema::Presence::kDeprecated || !IsText(*field->type())) continue;
    if (rules->type == schema::Type::kInteger) field = field->WithType(arrow::int64());
    if (rules->type == schema::Type::kNumber) field = field->WithType(arrow::float64());
  }
  return arrow::schema(std::move(fields));
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> BadRows::Take(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                                  std::vector<uint8_t>& bad, const Context& context) {
  for (const char* name : {kReasonsColumn, kRowColumn}) {
    if (batch->schema()->GetFieldIndex(name) >= 0) {
      return absl::InvalidArgumentError(
          fmt::format("the rows have a column '{}', which is to tell why a row is in quarantine", name));
    }
  }
  TRY_ASSIGN(const column::OwnedBatch columns, table::ToColumns(*batch));
  TRY_ASSIGN(schema::RowVerdicts verdicts, scan_.Add(columns.view(), context));
  const auto reasons = ReasonsOf(verdicts);
  bad = std::move(verdicts.bad);
  const std::shared_ptr<arrow::Schema> good_schema = GoodSchema(batch->schema());
  if (reasons.empty()) return AsNumbers(batch, good_schema);
  std::vector<uint8_t> good(bad);
  for (uint8_t& row : good) row ^= 1;
  TRY_ASSIGN(const auto taken, table::Select(batch, bad));
  TRY_ASSIGN(const auto with_reasons, WithReasons(*taken, reasons));
  if (kept_ == nullptr) kept_ = std::make_unique<Kept>(with_reasons->schema());
  TRY(kept_->spool.Add(with_reasons));
  count_ += with_reasons->num_rows();
  TRY_ASSIGN(const auto kept, table::Select(batch, good));
  return AsNumbers(kept, good_schema);
}

std::unique_ptr<ingest::Source> BadRows::AsSource(std::string from) {
  return std::make_unique<BadRowsSource>(kept_->schema, kept_->spool, count_, std::move(from));
}

}  // namespace roost::api
