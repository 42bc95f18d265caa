#include "api/data_gate.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "api/bad_rows.h"
#include "base/status.h"
#include "profile/profile.h"
#include "schema/find_rows.h"
#include "table/bridge.h"
#include "table/read.h"

namespace roost::api {
namespace {

constexpr size_t kRowsShown = 5;         // rows named for each rule of each column
constexpr size_t kMaxFindings = 10'000;  // enough to name five rows for each of many rules; bounds the memory

bool IsAboutRows(schema::Rule rule) {
  switch (rule) {
    case schema::Rule::kType:
    case schema::Rule::kMissing:
    case schema::Rule::kNan:
    case schema::Rule::kInfinity:
    case schema::Rule::kMin:
    case schema::Rule::kMax:
    case schema::Rule::kValues: return true;
    default: return false;
  }
}

bool NeedsRows(const schema::Report& report) {
  return std::any_of(report.anomalies.begin(), report.anomalies.end(), [](const schema::Anomaly& anomaly) {
    return IsAboutRows(anomaly.rule) && anomaly.rows.size() < kRowsShown;
  });
}

class GatedIngest {
 public:
  GatedIngest(Project& project, const Gate& gate, const Context& context)
      : project_(project), gate_(gate), context_(context) {}

  absl::StatusOr<AddDataResponse> Run(const ingest::Source& source, ingest::IngestOptions options) {
    source_ = &source;
    dataset_ = options.dataset;
    options.check = [this](const std::shared_ptr<arrow::Schema>& read) { return StartTry(read); };
    absl::StatusOr<store::CommitInfo> version = ingest::Ingest(project_.store(), source, options, context_);
    if (is_refused_) return std::move(response_);
    TRY(version.status());
    response_.version = *std::move(version);
    return std::move(response_);
  }

 private:
  ingest::RowCheck StartTry(const std::shared_ptr<arrow::Schema>& read) {
    read_ = read;
    bad_rows_ = std::make_unique<BadRows>(gate_.schema);
    ingest::RowCheck check{.approve = [this](const profile::Profile& profile) { return Approve(profile); }};
    if (gate_.quarantine.empty()) return check;
    check.schema = bad_rows_->GoodSchema(read);
    check.pass = [this](const auto& batch, int64_t first_row) { return bad_rows_->Take(batch, first_row); };
    check.finish = [this] { return StoreBadRows(); };
    return check;
  }

  absl::Status Approve(const profile::Profile& profile) {
    schema::Report report = schema::Validate(gate_.schema, profile.Summarize());
    // Where bad rows went to quarantine, which has their numbers, the others are not at fault by themselves.
    if (gate_.quarantine.empty() && NeedsRows(report)) {
      TRY_ASSIGN(const auto rows, source_->Open(read_, context_));
      TRY(NameRowsAtFault(gate_.schema, *rows, profile.rows(), report, context_));
    }
    is_refused_ = gate_.mode == config::DataGate::kRefuse && schema::HasErrors(report);
    response_.report = std::move(report);
    return is_refused_ ? absl::InvalidArgumentError("the gate refused the rows") : absl::OkStatus();
  }

  absl::Status StoreBadRows() {
    // A second try to make the version has the same bad rows.
    if (bad_rows_->count() == 0 || response_.quarantine.has_value()) return absl::OkStatus();
    const auto source = bad_rows_->AsSource(dataset_);
    auto stored = ingest::Ingest(project_.store(), *source,
                                 {.dataset = gate_.quarantine,
                                  .mode = store::CommitRequest::Mode::kAppend,
                                  .message = fmt::format("rows kept from {}", dataset_),
                                  .author = project_.author()},
                                 context_);
    if (!stored.ok()) return Annotate(stored.status(), fmt::format("the quarantine {}", gate_.quarantine));
    response_.quarantine = *std::move(stored);
    response_.rows_quarantined = bad_rows_->count();
    return absl::OkStatus();
  }

  Project& project_;
  const Gate& gate_;
  const Context& context_;
  const ingest::Source* source_ = nullptr;
  std::string dataset_;
  std::shared_ptr<arrow::Schema> read_;  // of the rows as they were handed in
  std::unique_ptr<BadRows> bad_rows_;
  bool is_refused_ = false;
  AddDataResponse response_;
};

}  // namespace

absl::Status NameRowsAtFault(const schema::Schema& schema, arrow::RecordBatchReader& rows, int64_t total_rows,
                             schema::Report& report, const Context& context) {
  std::vector<schema::RowFinding> findings;
  schema::Report named = report;
  for (int64_t done = 0; NeedsRows(named) && findings.size() < kMaxFindings;) {
    TRY(context.CheckCancelled());
    TRY_ASSIGN(const auto batch, table::Next(rows));
    if (batch == nullptr) break;
    TRY_ASSIGN(const column::OwnedBatch columns, table::ToColumns(*batch));
    const auto found = schema::FindRows(schema, columns.view(), done + 1, static_cast<int64_t>(kRowsShown));
    findings.insert(findings.end(), found.begin(), found.end());
    named = report;
    schema::AddRows(named, findings);
    done += batch->num_rows();
    context.Report({.stage = "looking for rows at fault", .unit = "rows", .done = done, .total = total_rows});
  }
  report = std::move(named);
  return absl::OkStatus();
}

absl::StatusOr<AddDataResponse> IngestThroughGate(Project& project, const ingest::Source& source,
                                                  ingest::IngestOptions options, const Gate& gate,
                                                  const Context& context) {
  return GatedIngest(project, gate, context).Run(source, std::move(options));
}

}  // namespace roost::api
