#include <utility>

#include <arrow/array/array_base.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "base/format.h"
#include "table/arrow_status.h"
#include "table/opened.h"
#include "table/read.h"

namespace roost::table {
namespace {

/// File after file, each opened when its turn comes, its columns in the order of the schema.
class ChainedFiles final : public arrow::RecordBatchReader {
 public:
  ChainedFiles(std::vector<std::string> paths, ReadOptions options, const Context& ctx,
               std::shared_ptr<arrow::RecordBatchReader> first)
      : paths_(std::move(paths)),
        options_(std::move(options)),
        ctx_(ctx),
        schema_(first->schema()),
        current_(std::move(first)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    while (true) {
      ARROW_RETURN_NOT_OK(current_->ReadNext(batch));
      if (*batch != nullptr) return InOrder(batch);
      if (position_ + 1 == paths_.size()) return arrow::Status::OK();
      auto next = OpenFile(paths_[++position_], options_, ctx_);
      if (!next.ok()) return ToArrow(next.status());
      current_ = *std::move(next);
    }
  }

 private:
  arrow::Status InOrder(std::shared_ptr<arrow::RecordBatch>* batch) const {
    // A file may have changed since OpenFiles looked at it.
    const std::string difference = SchemaDifference(*(*batch)->schema(), *schema_);
    if (!difference.empty()) {
      return ToArrow(absl::InvalidArgumentError(fmt::format("'{}': {}", paths_[position_], difference)));
    }
    arrow::ArrayVector columns;
    for (const auto& field : schema_->fields()) {
      ARROW_ASSIGN_OR_RAISE(auto column, Conform((*batch)->GetColumnByName(field->name()), field->type()));
      columns.push_back(std::move(column));
    }
    *batch = arrow::RecordBatch::Make(schema_, (*batch)->num_rows(), std::move(columns));
    return arrow::Status::OK();
  }

  std::vector<std::string> paths_;
  ReadOptions options_;
  Context ctx_;
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::RecordBatchReader> current_;
  size_t position_ = 0;
};

}  // namespace

std::string SchemaDifference(const arrow::Schema& found, const arrow::Schema& wanted) {
  std::string text;
  const auto add = [&text](const std::string& line) { text += (text.empty() ? "" : "\n") + line; };
  for (const auto& field : wanted.fields()) {
    const auto same = found.GetFieldByName(field->name());
    if (same == nullptr) {
      const std::vector<std::string> names = found.field_names();
      const std::string_view closest = ClosestName(field->name(), names);
      const bool renamed = !closest.empty() && wanted.GetFieldIndex(std::string(closest)) < 0;
      add(fmt::format("column '{}' is missing{}", field->name(),
                      renamed ? fmt::format(" ('{}' is it, renamed?)", closest) : ""));
    } else if (!ValueType(same->type())->Equals(*ValueType(field->type()))) {
      add(fmt::format("column '{}' is {}, {} wanted", field->name(), ValueType(same->type())->ToString(),
                      ValueType(field->type())->ToString()));
    }
  }
  for (const auto& field : found.fields()) {
    if (wanted.GetFieldIndex(field->name()) < 0) {
      add(fmt::format("column '{}' ({}) is not wanted", field->name(), ValueType(field->type())->ToString()));
    }
  }
  return text;
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> OpenFiles(std::span<const std::string> paths,
                                                                    const ReadOptions& options, const Context& ctx) {
  if (paths.empty()) return absl::InvalidArgumentError("no files are named");
  TRY_ASSIGN(const auto first, OpenFile(paths.front(), options, ctx));
  ReadOptions others = options;
  others.types = first->schema();
  std::string differences;
  for (const std::string& path : paths.subspan(1)) {
    TRY_ASSIGN(const auto reader, OpenFile(path, others, ctx));
    std::string_view rest;
    const std::string difference = SchemaDifference(*reader->schema(), *first->schema());
    for (rest = difference; !rest.empty();) {
      const size_t end = rest.find('\n');
      differences += fmt::format("{}'{}': {}", differences.empty() ? "" : "; ", path, rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }
  if (!differences.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("files of one table need the columns of the first, '{}': {}", paths.front(), differences));
  }
  return std::make_shared<ChainedFiles>(std::vector<std::string>(paths.begin(), paths.end()), std::move(others), ctx,
                                        first);
}

}  // namespace roost::table
