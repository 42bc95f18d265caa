#include "ingest/ingest.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include <arrow/api.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "column/batch.h"
#include "ingest/profiles.h"
#include "profile/profile.h"
#include "table/arrow_status.h"
#include "table/bridge.h"

namespace roost::ingest {
namespace {

constexpr int kLongestPauseMs = 400;

// Hands on the batches of another reader and counts each of them into a profile.
class ProfilingReader : public arrow::RecordBatchReader {
 public:
  ProfilingReader(std::shared_ptr<arrow::RecordBatchReader> rows, profile::Profile& profile)
      : rows_(std::move(rows)), profile_(profile) {}

  std::shared_ptr<arrow::Schema> schema() const override { return rows_->schema(); }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ARROW_RETURN_NOT_OK(rows_->ReadNext(batch));
    if (*batch == nullptr) return arrow::Status::OK();
    return table::ToArrow(Count(**batch));
  }

 private:
  absl::Status Count(const arrow::RecordBatch& batch) {
    TRY_ASSIGN(const column::OwnedBatch columns, table::ToColumns(batch));
    return profile_.Add(columns.view());
  }

  std::shared_ptr<arrow::RecordBatchReader> rows_;
  profile::Profile& profile_;
};

// What the new version builds on.
struct Before {
  int64_t version = 0;
  store::CommitInfo info;  // with a digest of zero where there is none
  profile::Profile profile;
  std::shared_ptr<arrow::Schema> types;
};

absl::StatusOr<Before> FindBefore(store::Store& store, const IngestOptions& options, const Context& context) {
  store::DatasetRef head{.name = options.dataset};
  if (!options.branch.empty()) head.label = options.branch;
  const auto latest = store.Resolve(head);
  if (absl::IsNotFound(latest.status())) return Before();
  if (!latest.ok()) return latest.status();
  Before before{.version = latest->version, .info = *latest};
  if (options.mode == store::CommitRequest::Mode::kSnapshot) return before;
  TRY_ASSIGN(before.types, store.SchemaOf(*latest));
  if (options.mode == store::CommitRequest::Mode::kAppend) {
    TRY_ASSIGN(before.profile, ProfileOf(store, *latest, context));
  }
  return before;
}

bool RowsAreAdded(store::CommitRequest::Mode mode) {
  return mode == store::CommitRequest::Mode::kSnapshot || mode == store::CommitRequest::Mode::kAppend;
}

// One try, upon the version that is the latest now.
absl::StatusOr<store::CommitInfo> IngestOnce(store::Store& store, const Source& source, const IngestOptions& options,
                                             const Context& context) {
  TRY_ASSIGN(const Before before, FindBefore(store, options, context));
  TRY_ASSIGN(auto rows, source.Open(before.types, context));
  profile::Profile profile = before.profile;
  profile::Profile added;
  // The first upsert makes the dataset: its rows are all rows.
  const bool profiles = RowsAreAdded(options.mode) || before.version == 0;
  std::shared_ptr<arrow::RecordBatchReader> reader = rows;
  if (profiles) reader = std::make_shared<ProfilingReader>(std::move(rows), added);
  store::CommitRequest request;
  request.dataset = options.dataset;
  request.branch = options.branch;
  request.mode = options.mode;
  request.key = options.key;
  // The merged profile is true of the version after `before` only.
  if (options.mode == store::CommitRequest::Mode::kAppend) request.expected_version = before.version;
  request.message = options.message;
  request.author = options.author;
  request.provenance["source"] = ToLine(source.Provenance());
  // The store does not know how many rows will come; the source may.
  Context with_total = context;
  with_total.progress = [&context, total = source.NumRows()](ProgressUpdate update) {
    if (update.total == 0) update.total = total;
    context.Report(update);
  };
  TRY_ASSIGN(const store::CommitInfo version, store.Commit(request, *reader, with_total));
  if (!profiles) return version;
  TRY(profile.Merge(added));
  // The version stands; a profile that cannot be kept now is computed when it is asked for.
  KeepProfile(store, version, before.info, profile).IgnoreError();
  return version;
}

// Waits a little, longer each time and never the same as others, so that they get out of each other's way.
absl::Status Pause(int tries, const Context& context) {
  static thread_local std::minstd_rand random(std::random_device{}());
  const int most = std::min(25 * tries, kLongestPauseMs);
  std::this_thread::sleep_for(std::chrono::milliseconds(most / 2 + static_cast<int>(random() % most) / 2));
  return context.CheckCancelled();
}

}  // namespace

absl::StatusOr<store::CommitInfo> Ingest(store::Store& store, const Source& source, const IngestOptions& options,
                                         const Context& context) {
  for (int tries = 1;; ++tries) {
    absl::StatusOr<store::CommitInfo> added = IngestOnce(store, source, options, context);
    // Rows that are appended, or changed by their key, go upon what others did meanwhile. A snapshot would undo it.
    const bool again = absl::IsAborted(added.status()) && options.mode != store::CommitRequest::Mode::kSnapshot;
    if (!again || tries >= options.append_tries) return added;
    context.Report({.stage = "another writer was faster; trying again", .unit = "rows", .done = 0, .total = 0});
    TRY(Pause(tries, context));
  }
}

}  // namespace roost::ingest
