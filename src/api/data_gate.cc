#include "api/data_gate.h"

#include <memory>
#include <optional>

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "api/bad_rows.h"
#include "base/status.h"
#include "table/bridge.h"

namespace roost::api {
namespace {

constexpr int64_t kRowsShown = 5;        // rows named for each rule of each column
constexpr size_t kMaxFindings = 10'000;  // enough to name five rows for each of many rules; bounds the memory

class GatedIngest {
 public:
  GatedIngest(Project& project, const Gate& gate, const Context& context)
      : project_(project), gate_(gate), context_(context) {}

  absl::StatusOr<AddDataResponse> Run(const ingest::Source& source, ingest::IngestOptions options) {
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
    check_ = std::make_unique<RowsCheck>(gate_.schema);
    bad_rows_ = std::make_unique<BadRows>(gate_.schema);
    return {.schema = gate_.quarantine.empty() ? nullptr : bad_rows_->GoodSchema(read),
            .pass = [this](const auto& batch, int64_t first_row) { return Pass(batch, first_row); },
            .approve = [this](const profile::Profile& profile) { return Approve(profile); },
            .finish = [this] { return StoreBadRows(); }};
  }

  absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Pass(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                           int64_t first_row) {
    if (gate_.quarantine.empty()) {
      TRY(check_->See(*batch, first_row));
      return batch;
    }
    TRY_ASSIGN(auto good, bad_rows_->Take(batch, first_row));
    // The report names rows by their numbers in the source, which those behind a bad row do not have any more.
    if (good->num_rows() == batch->num_rows()) TRY(check_->See(*good, first_row));
    return good;
  }

  absl::Status Approve(const profile::Profile& profile) {
    response_.report = check_->Verdict(profile);
    is_refused_ = gate_.mode == config::DataGate::kRefuse && schema::HasErrors(*response_.report);
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
  std::string dataset_;
  std::unique_ptr<RowsCheck> check_;
  std::unique_ptr<BadRows> bad_rows_;
  bool is_refused_ = false;
  AddDataResponse response_;
};

}  // namespace

absl::Status RowsCheck::See(const arrow::RecordBatch& batch, int64_t first_row) {
  if (findings_.size() >= kMaxFindings) return absl::OkStatus();
  TRY_ASSIGN(const column::OwnedBatch columns, table::ToColumns(batch));
  const auto found = schema::FindRows(schema_, columns.view(), first_row, kRowsShown);
  findings_.insert(findings_.end(), found.begin(), found.end());
  return absl::OkStatus();
}

schema::Report RowsCheck::Verdict(const profile::Profile& profile) const {
  schema::Report report = schema::Validate(schema_, profile.Summarize());
  schema::AddRows(report, findings_);
  return report;
}

absl::StatusOr<AddDataResponse> IngestThroughGate(Project& project, const ingest::Source& source,
                                                  ingest::IngestOptions options, const Gate& gate,
                                                  const Context& context) {
  return GatedIngest(project, gate, context).Run(source, std::move(options));
}

}  // namespace roost::api
