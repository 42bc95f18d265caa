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

// What an append builds on: nothing for the first version and for snapshots.
struct Before {
  int64_t version = 0;
  profile::Profile profile;
  std::shared_ptr<arrow::Schema> types;
};

absl::StatusOr<Before> FindBefore(store::Store& store, const IngestOptions& options) {
  if (options.mode != store::CommitRequest::Mode::kAppend) return Before();
  const auto latest = store.Resolve(store::DatasetRef{options.dataset, std::nullopt});
  if (absl::IsNotFound(latest.status())) return Before();
  if (!latest.ok()) return latest.status();
  Before before;
  before.version = latest->version;
  TRY_ASSIGN(before.profile, ProfileOf(store, *latest));
  TRY_ASSIGN(before.types, store.SchemaOf(*latest));
  return before;
}

// One try, upon the version that is the latest now.
absl::StatusOr<store::CommitInfo> IngestOnce(store::Store& store, const Source& source, const IngestOptions& options,
                                             const Context& context) {
  TRY_ASSIGN(const Before before, FindBefore(store, options));
  TRY_ASSIGN(auto rows, source.Open(before.types, context));
  profile::Profile added;
  ProfilingReader reader(std::move(rows), added);
  store::CommitRequest request;
  request.dataset = options.dataset;
  request.mode = options.mode;
  // The merged profile is true of the version after `before` only.
  if (options.mode == store::CommitRequest::Mode::kAppend) request.expected_version = before.version;
  request.message = options.message;
  request.author = options.author;
  request.provenance["source"] = ToLine(source.Provenance());
  request.attachments = [&]() -> absl::StatusOr<std::map<std::string, std::string>> {
    profile::Profile all = before.profile;
    TRY(all.Merge(added));
    return std::map<std::string, std::string>{{kProfileAttachment, all.Serialize()}};
  };
  // The store does not know how many rows will come; the source may.
  Context with_total = context;
  with_total.progress = [&context, total = source.NumRows()](ProgressUpdate update) {
    update.total = total;
    context.Report(update);
  };
  return store.Commit(request, reader, with_total);
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
    // Rows that are appended do not touch what others added meanwhile: they go behind it. A snapshot would undo it.
    const bool again = absl::IsAborted(added.status()) && options.mode == store::CommitRequest::Mode::kAppend;
    if (!again || tries >= options.append_tries) return added;
    context.Report({.stage = "another writer was faster; appending again", .unit = "rows", .done = 0, .total = 0});
    TRY(Pause(tries, context));
  }
}

absl::StatusOr<profile::Profile> ProfileOf(store::Store& store, const store::CommitInfo& version) {
  TRY_ASSIGN(const std::string bytes, store.Attachment(version, kProfileAttachment));
  auto profile = profile::Profile::Parse(bytes);
  if (!profile.ok()) {
    return Annotate(profile.status(), fmt::format("the profile of {}", version.Name()));
  }
  return profile;
}

}  // namespace roost::ingest
