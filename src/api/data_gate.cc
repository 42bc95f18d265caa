#include "api/data_gate.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/bad_rows.h"
#include "api/decisions.h"
#include "api/rows_check.h"
#include "api/version_history.h"
#include "base/json.h"
#include "base/status.h"
#include "ingest/profiles.h"
#include "profile/profile.h"
#include "schema/decisions.h"
#include "schema/validate.h"
#include "store/dataset_ref.h"

namespace roost::api {
namespace {

// Whether rows are compared with the span before.
bool ComparesSpans(const schema::Schema& schema) {
  return schema.dataset.rows_to_previous_span.has_value() ||
         std::any_of(schema.columns.begin(), schema.columns.end(), [](const schema::ColumnRules& column) {
           return column.drift.has_value() && schema::IsChecked(column);
         });
}

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
    if (!decisions_.empty()) {
      TRY_ASSIGN(next_version_, project_.store().NextVersion(dataset_));
    }
    is_append_ = options.mode == store::CommitRequest::Mode::kAppend;
    store::DatasetRef head{.name = dataset_};
    if (!options.branch.empty()) head.label = options.branch;
    const absl::StatusOr<store::CommitInfo> latest = project_.store().Resolve(head);
    if (absl::IsNotFound(latest.status())) return absl::OkStatus();
    TRY(latest.status());
    upon_ = latest->version;
    return ReadVersionBefore(*latest, options.mode);
  }

  absl::Status ReadVersionBefore(const store::CommitInfo& latest, store::CommitRequest::Mode mode) {
    const bool is_snapshot = mode == store::CommitRequest::Mode::kSnapshot;
    if (is_snapshot && gate_.schema.dataset.rows_to_previous_version.has_value()) {
      TRY_ASSIGN(before_, ProfileOfRows(latest.rows));
    }
    // Rows that take the place of single others are no span.
    if (!(is_snapshot || is_append_) || !ComparesSpans(gate_.schema) || !store::CheckIsTable(latest).ok()) {
      return absl::OkStatus();
    }
    if (is_append_) {
      TRY_ASSIGN(previous_span_, ProfileOfNewRows(project_.store(), latest, context_));
    } else {
      TRY_ASSIGN(previous_span_, ingest::ProfileOf(project_.store(), latest, context_));
    }
    return absl::OkStatus();
  }

  ingest::RowCheck StartTry(const std::shared_ptr<arrow::Schema>& read) {
    read_ = read;
    check_ = std::make_unique<RowsCheck>(gate_.schema, foreign_keys_);
    ingest::RowCheck check{.approve = [this](const profile::Profile& profile) { return Approve(profile); }};
    if (!gate_.quarantine.empty()) {
      bad_rows_ = std::make_unique<BadRows>(gate_.schema, foreign_keys_);
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
    TRY_ASSIGN(response_.report, JudgeRows(profile));
    schema::ApplyDecisions(*response_.report, decisions_,
                           {.dataset = dataset_, .day = Today(), .version = next_version_});
    is_refused_ = gate_.mode == config::DataGate::kRefuse && schema::HasErrors(*response_.report);
    return is_refused_ ? absl::InvalidArgumentError("the gate refused the rows") : absl::OkStatus();
  }

  absl::StatusOr<schema::Report> JudgeRows(const profile::Profile& profile) {
    schema::Controls controls;
    if (before_.has_value()) controls.previous_version = &*before_;
    if (previous_span_.has_value()) controls.previous_span = &*previous_span_;
    const bool is_seen = !gate_.quarantine.empty() || IsAboutRows(gate_.schema);
    const auto see = [&]() -> absl::StatusOr<const RowsCheck*> {
      TRY_ASSIGN(const auto rows, source_->Open(read_, context_));
      TRY(SeeAll(*rows, profile.rows(), *check_, context_));
      return check_.get();
    };
    return Judge(gate_.schema, profile, controls, is_seen ? check_.get() : nullptr, see);
  }

  // The version of the quarantine to which the same bad rows were added before: by a run that did not come to its end,
  // or with the same snapshot.
  absl::StatusOr<std::optional<store::CommitInfo>> FindStored(const ingest::Source& bad_rows) {
    const absl::StatusOr<std::vector<store::CommitInfo>> versions = project_.store().Log(gate_.quarantine);
    if (absl::IsNotFound(versions.status())) return std::nullopt;
    TRY(versions.status());
    const std::string provenance = ToLine(bad_rows.Provenance());
    for (const store::CommitInfo& version : *versions) {
      const auto source = version.provenance.find("source");
      if (source != version.provenance.end() && source->second == provenance) return version;
    }
    return std::nullopt;
  }

  absl::Status StoreBadRows() {
    // A second try to make the version has the same bad rows.
    if (bad_rows_->count() == 0 || response_.quarantine.has_value()) return absl::OkStatus();
    response_.rows_quarantined = bad_rows_->count();
    Json about{{"kind", "quarantine"}, {"from", dataset_}};
    // The same rows appended again are more rows, unless they never were appended.
    if (is_append_) about["upon"] = upon_;
    const auto source = bad_rows_->AsSource(std::move(about));
    TRY_ASSIGN(response_.quarantine, FindStored(*source));
    if (response_.quarantine.has_value()) {
      response_.quarantine->unchanged = true;
      return absl::OkStatus();
    }
    auto stored = ingest::Ingest(project_.store(), *source,
                                 {.dataset = gate_.quarantine,
                                  .mode = store::CommitRequest::Mode::kAppend,
                                  .message = fmt::format("rows kept from {}", dataset_),
                                  .author = project_.author()},
                                 context_);
    if (!stored.ok()) return Annotate(stored.status(), fmt::format("the quarantine {}", gate_.quarantine));
    response_.quarantine = *std::move(stored);
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
  bool is_append_ = false;
  int64_t upon_ = 0;  // the version that is the latest; 0: none
  std::optional<profile::Profile> before_;
  std::optional<profile::Profile> previous_span_;
  std::unique_ptr<RowsCheck> check_;
  std::unique_ptr<BadRows> bad_rows_;  // null without a quarantine
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
