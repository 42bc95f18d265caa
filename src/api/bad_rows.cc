#include "api/bad_rows.h"

#include <map>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <arrow/compute/cast.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/format.h"
#include "base/number_text.h"
#include "base/status.h"
#include "profile/row_hash.h"
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

// As the scan takes columns for texts: bytes are none.
bool IsText(const arrow::DataType& type) {
  if (type.id() != arrow::Type::DICTIONARY) return arrow::is_string(type.id());
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

// A column of texts, all of which the scan took for numbers, as numbers.
template <typename Builder, typename Read>
absl::StatusOr<std::shared_ptr<arrow::Array>> ReadNumbers(const column::ColumnView& texts, const Read& read) {
  Builder builder;
  for (int64_t row = 0; row < texts.length(); ++row) {
    if (texts.IsNull(row)) {
      TRY_ARROW(builder.AppendNull());
      continue;
    }
    const auto number = read(WithoutSpaces(texts.TextAt(row)));
    if (!number.has_value()) {
      return absl::InternalError(fmt::format("'{}' in column '{}' passed for a number and is none",
                                             Printable(texts.TextAt(row)), Printable(texts.name())));
    }
    TRY_ARROW(builder.Append(*number));
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
      TRY_ASSIGN(array, ReadNumbers<arrow::Int64Builder>(texts, WholeNumberIn));
    } else {
      TRY_ASSIGN(array, ReadNumbers<arrow::DoubleBuilder>(texts, NumberIn));
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
  BadRowsSource(std::shared_ptr<arrow::Schema> schema, const store::BatchSpool& spool, int64_t rows, Json provenance)
      : schema_(std::move(schema)), spool_(spool), rows_(rows), provenance_(std::move(provenance)) {}

  absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> Open(const std::shared_ptr<arrow::Schema>& /*types*/,
                                                                 const Context& /*context*/) const override {
    return std::make_shared<SpoolReader>(schema_, spool_);
  }
  int64_t NumRows() const override { return rows_; }
  Json Provenance() const override { return provenance_; }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  const store::BatchSpool& spool_;
  int64_t rows_;
  Json provenance_;
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
    const bool is_judged = rules != nullptr && schema::IsChecked(*rules) && read->GetFieldIndex(field->name()) >= 0;
    if (!is_judged || !IsText(*field->type())) continue;
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
  TRY(Keep(with_reasons));
  TRY_ASSIGN(const auto kept, table::Select(batch, good));
  return AsNumbers(kept, good_schema);
}

absl::Status BadRows::Keep(const std::shared_ptr<arrow::RecordBatch>& rows) {
  TRY_ASSIGN(const column::OwnedBatch columns, table::ToColumns(*rows));
  std::vector<uint64_t> hashes(static_cast<size_t>(rows->num_rows()));
  profile::AddRowHashes(columns.view(), hashes);
  std::string bytes;
  for (const uint64_t hash : hashes) AppendFixed(bytes, hash);
  hash_.Add(bytes);
  if (kept_ == nullptr) kept_ = std::make_unique<Kept>(rows->schema());
  count_ += rows->num_rows();
  return kept_->spool.Add(rows);
}

std::unique_ptr<ingest::Source> BadRows::AsSource(Json about) {
  about["rows"] = hash_.Finish().ToHex();
  return std::make_unique<BadRowsSource>(kept_->schema, kept_->spool, count_, std::move(about));
}

}  // namespace roost::api
