#include "api/data.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>
#include <optional>

#include <arrow/api.h>
#include <fmt/format.h>

#include "api/data_gate.h"
#include "api/data_rows_from.h"
#include "api/schema.h"
#include "base/status.h"
#include "ingest/ingest.h"
#include "ingest/profiles.h"
#include "ingest/source.h"

namespace roost::api {
namespace {

// The first `limit` rows of another reader.
class LimitedReader : public arrow::RecordBatchReader {
 public:
  LimitedReader(std::shared_ptr<arrow::RecordBatchReader> rows, int64_t limit) : rows_(std::move(rows)), left_(limit) {}

  std::shared_ptr<arrow::Schema> schema() const override { return rows_->schema(); }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    *batch = nullptr;
    if (left_ == 0) return arrow::Status::OK();
    ARROW_RETURN_NOT_OK(rows_->ReadNext(batch));
    if (*batch == nullptr) return arrow::Status::OK();
    if ((*batch)->num_rows() > left_) *batch = (*batch)->Slice(0, left_);
    left_ -= (*batch)->num_rows();
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<arrow::RecordBatchReader> rows_;
  int64_t left_;
};

absl::StatusOr<store::CommitInfo> ResolveText(Project& project, const std::string& reference) {
  TRY_ASSIGN(const store::DatasetRef dataset, store::ParseDatasetRef(reference));
  return project.store().Resolve(dataset);
}

struct Ends {
  std::optional<std::string> from;
  std::optional<std::string> to;
};

absl::StatusOr<Ends> SplitRange(std::string_view text, std::string_view option) {
  const size_t dots = text.find("..");
  if (dots == std::string_view::npos) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is no range: {} expects LO..HI, where either end may be left out", text, option));
  }
  Ends ends;
  if (dots > 0) ends.from = text.substr(0, dots);
  if (dots + 2 < text.size()) ends.to = text.substr(dots + 2);
  return ends;
}

absl::StatusOr<int64_t> RowOf(const std::string& text) {
  int64_t row = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), row);
  if (error != std::errc() || end != text.data() + text.size() || row < 1) {
    return absl::InvalidArgumentError(fmt::format("'{}' is no row: rows are counted from 1", text));
  }
  return row;
}

absl::StatusOr<store::RowSelection> SelectionOf(const ReadDataRequest& request) {
  store::RowSelection selection;
  if (!request.key_range.empty()) {
    TRY_ASSIGN(const Ends ends, SplitRange(request.key_range, "--key-range"));
    selection.keys = store::KeyRange{.from = ends.from, .to = ends.to};
  }
  if (request.row_range.empty()) return selection;
  TRY_ASSIGN(const Ends ends, SplitRange(request.row_range, "--row-range"));
  store::RowRange rows{.rows = std::numeric_limits<int64_t>::max() / 2};
  if (ends.from.has_value()) {
    TRY_ASSIGN(rows.first, RowOf(*ends.from));
    --rows.first;
  }
  if (ends.to.has_value()) {
    TRY_ASSIGN(const int64_t last, RowOf(*ends.to));
    rows.rows = std::max<int64_t>(last - rows.first, 0);
  }
  selection.rows = rows;
  return selection;
}

store::CommitRequest::Mode ModeOf(AddMode mode) {
  switch (mode) {
    case AddMode::kAppend: return store::CommitRequest::Mode::kAppend;
    case AddMode::kUpsert: return store::CommitRequest::Mode::kUpsert;
    case AddMode::kSnapshot: break;
  }
  return store::CommitRequest::Mode::kSnapshot;
}

}  // namespace

absl::StatusOr<AddDataResponse> AddData(Project& project, const AddDataRequest& request, const Context& context) {
  return AddRowsFrom(project, request, std::nullopt, context);
}

absl::StatusOr<AddDataResponse> AddRowsFrom(Project& project, const AddDataRequest& request,
                                            const std::optional<ingest::RowsFrom>& from, const Context& context) {
  TRY_ASSIGN(const auto files, ingest::FileSource::Make(request.files));
  const ingest::LaterRows later(*files, from.value_or(ingest::RowsFrom()));
  const ingest::Source& source = from.has_value() ? static_cast<const ingest::Source&>(later) : *files;
  const ingest::IngestOptions options{.dataset = request.dataset,
                                      .branch = request.branch,
                                      .mode = ModeOf(request.mode),
                                      .key = request.key,
                                      .message = request.message,
                                      .author = project.author()};
  const config::DataGate gate = request.gate.value_or(project.config().data.gate);
  std::optional<schema::Schema> schema;
  if (gate != config::DataGate::kOff || !request.quarantine.empty()) {
    TRY_ASSIGN(schema, FindSchema(project, request.dataset));
  }
  if (!schema.has_value()) {
    if (!request.quarantine.empty()) {
      return WithHint(absl::InvalidArgumentError(
                          fmt::format("{} has no schema, so nothing tells which rows are bad", request.dataset)),
                      fmt::format("'roost schema infer {}' proposes one", request.dataset));
    }
    AddDataResponse response;
    TRY_ASSIGN(response.version, ingest::Ingest(project.store(), source, options, context));
    return response;
  }
  return IngestThroughGate(project, source, options,
                           {.schema = *std::move(schema), .mode = gate, .quarantine = request.quarantine}, context);
}

absl::StatusOr<store::CommitInfo> DeleteRows(Project& project, const DeleteRowsRequest& request,
                                             const Context& context) {
  TRY(project.store().Resolve({.name = request.dataset}).status());
  TRY_ASSIGN(const auto source, ingest::FileSource::Make(request.key_files));
  return ingest::Ingest(project.store(), *source,
                        {.dataset = request.dataset,
                         .branch = request.branch,
                         .mode = store::CommitRequest::Mode::kDeleteKeys,
                         .message = request.message,
                         .author = project.author()},
                        context);
}

absl::StatusOr<std::vector<store::CommitInfo>> LogData(Project& project, const std::string& dataset) {
  return project.store().Log(dataset);
}

absl::StatusOr<store::CommitInfo> ShowData(Project& project, const std::string& reference) {
  return ResolveText(project, reference);
}

absl::StatusOr<std::vector<std::string>> ListData(Project& project) { return project.store().Datasets(); }

absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> ReadData(Project& project, const ReadDataRequest& request,
                                                                   const Context& context) {
  TRY_ASSIGN(const store::CommitInfo version, ResolveText(project, request.reference));
  store::ReadOptions options;
  options.columns = request.columns;
  TRY_ASSIGN(options.selection, SelectionOf(request));
  TRY_ASSIGN(auto rows, project.store().Read(version, options, context));
  return LimitRows(std::move(rows), request.limit);
}

absl::StatusOr<profile::ProfileSummary> ProfileData(Project& project, const std::string& reference,
                                                    const Context& context) {
  TRY_ASSIGN(const store::CommitInfo version, ResolveText(project, reference));
  TRY_ASSIGN(const profile::Profile profile, ingest::ProfileOf(project.store(), version, context));
  return profile.Summarize();
}

absl::StatusOr<RowSource> OpenRows(Project& project, const std::string& source, const Context& context,
                                   const std::shared_ptr<arrow::Schema>& types) {
  const auto reference = store::ParseDatasetRef(source);
  if (reference.ok()) {
    TRY_ASSIGN(const std::vector<std::string> names, ListData(project));
    const bool is_dataset = std::find(names.begin(), names.end(), reference->name) != names.end();
    std::error_code error;
    if (is_dataset || !std::filesystem::exists(source, error)) {
      TRY_ASSIGN(const store::CommitInfo version, project.store().Resolve(*reference));
      TRY_ASSIGN(auto rows, project.store().Read(version, {.dictionary_strings = true}, context));
      return RowSource{.name = version.Name(), .version = version, .rows = std::move(rows)};
    }
  }
  TRY_ASSIGN(const auto files, ingest::FileSource::Make({source}));
  TRY_ASSIGN(auto rows, files->Open(types, context));
  return RowSource{.name = source, .version = std::nullopt, .rows = std::move(rows)};
}

std::shared_ptr<arrow::RecordBatchReader> LimitRows(std::shared_ptr<arrow::RecordBatchReader> rows, int64_t limit) {
  if (limit < 0) return rows;
  return std::make_shared<LimitedReader>(std::move(rows), limit);
}

}  // namespace roost::api
