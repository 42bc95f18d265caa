#include "api/data_gate.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "api/bad_rows.h"
#include "api/decisions.h"
#include "api/rows_check.h"
#include "base/status.h"
#include "profile/profile.h"
#include "schema/decisions.h"
#include "schema/validate.h"
#include "store/dataset_ref.h"

namespace roost::api {
namespace {

class GatedIngest {
 public:
  GatedIngest(Project& project, const Gate& gate, const Context& context)
      : project_(project), gate_(gate), context_(context) {}

  absl::StatusOr<AddDataResponse> Run(const ingest::Source& source, ingest::IngestOptions options) {
    TRY(ReadControls(options));
    source_ = &source;
    options.check = [this](const std::shared_ptr<arrow::Schema>& read) { return StartTry(read); };
    absl::StatusOr<store::CommitInfo> version = ingest::Ingest(project_.store(), source, options, context_);
    if (is_refused_) return std::move(response_);
    TRY(version.status());
    response_.version = *std::move(version);
    return std::move(response_);
  }

 private:
  // What the rows are held against besides the schema.
  absl::Status ReadControls(const ingest::IngestOptions& options) {
    dataset_ = options.dataset;
    TRY_ASSIGN(decisions_, ReadDecisions(project_, dataset_));
    TRY_ASSIGN(foreign_keys_, ForeignKeys::Read(project_, gate_.schema, context_));
    const bool is_compared = options.mode == store::CommitRequest::Mode::kSnapshot &&
                             gate_.schema.dataset.rows_to_previous_version.has_value();
    if (!is_compared && decisions_.empty()) return absl::OkStatus();
    store::DatasetRef head{.name = dataset_};
    if (!options.branch.empty()) head.label = options.branch;
    const absl::StatusOr<store::CommitInfo> latest = project_.store().Resolve(head);
    if (absl::IsNotFound(latest.status())) return absl::OkStatus();
    TRY(latest.status());
    if (is_compared) {
      TRY_ASSIGN(before_, ProfileOfRows(latest->rows));
    }
    if (decisions_.empty()) return absl::OkStatus();
    TRY_ASSIGN(const std::vector<store::CommitInfo> versions, project_.store().Log(dataset_));
    next_version_ = versions.front().version + 1;
    return absl::OkStatus();
  }

  ingest::RowCheck StartTry(const std::shared_ptr<arrow::Schema>& read) {
    read_ = read;
    check_ = std::make_unique<RowsCheck>(gate_.schema, foreign_keys_);
    bad_rows_ = std::make_unique<BadRows>(gate_.schema, foreign_keys_);
    ingest::RowCheck check{.approve = [this](const profile::Profile& profile) { return Approve(profile); }};
    if (!gate_.quarantine.empty()) {
      check.schema = bad_rows_->GoodSchema(read);
      check.pass = [this](const auto& batch, int64_t /*first_row*/) { return Divide(batch); };
      check.finish = [this] { return StoreBadRows(); };
    } else if (IsAboutRows(gate_.schema)) {
      check.pass = [this](const auto& batch, int64_t /*first_row*/) { return See(batch); };
    }
    return check;
  }

  absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> See(const std::shared_ptr<arrow::RecordBatch>& batch) {
    TRY(check_->See(*batch, context_));
    return batch;
  }

  // Takes the bad rows out.
  absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Divide(const std::shared_ptr<arrow::RecordBatch>& batch) {
    std::vector<uint8_t> bad;
    TRY_ASSIGN(auto good, bad_rows_->Take(batch, bad, context_));
    int64_t good_before = 0;
    for (const uint8_t is_bad : bad) {
      if (is_bad != 0) {
        check_->LeaveOutAfter(good_before);
      } else {
        ++good_before;
      }
    }
    TRY(check_->See(*good, context_));
    return good;
  }

  absl::Status Approve(const profile::Profile& profile) {
    TRY_ASSIGN(response_.report, Judge(profile));
    schema::ApplyDecisions(*response_.report, decisions_,
                           {.dataset = dataset_, .day = Today(), .version = next_version_});
    is_refused_ = gate_.mode == config::DataGate::kRefuse && schema::HasErrors(*response_.report);
    return is_refused_ ? absl::InvalidArgumentError("the gate refused the rows") : absl::OkStatus();
  }

  absl::StatusOr<schema::Report> Judge(const profile::Profile& profile) {
    schema::Controls controls;
    if (before_.has_value()) controls.previous_version = &*before_;
    if (gate_.quarantine.empty() && !IsAboutRows(gate_.schema)) {
      schema::Report report = schema::Validate(gate_.schema, profile.Summarize(), controls);
      if (report.anomalies.empty()) return report;
      TRY_ASSIGN(const auto rows, source_->Open(read_, context_));
      TRY(SeeAll(*rows, profile.rows(), *check_, context_));
    }
    return check_->Verdict(profile, controls);
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
  std::shared_ptr<arrow::Schema> read_;  // of the rows as they were handed in
  std::string dataset_;
  std::vector<schema::Decision> decisions_;
  int64_t next_version_ = 1;
  ForeignKeys foreign_keys_;
  std::optional<profile::Profile> before_;
  std::unique_ptr<RowsCheck> check_;
  std::unique_ptr<BadRows> bad_rows_;
  bool is_refused_ = false;
  AddDataResponse response_;
};

}  // namespace

absl::StatusOr<AddDataResponse> IngestThroughGate(Project& project, const ingest::Source& source,
                                                  ingest::IngestOptions options, const Gate& gate,
                                                  const Context& context) {
  return GatedIngest(project, gate, context).Run(source, std::move(options));
}

}  // namespace roost::api
