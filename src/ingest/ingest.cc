#include "ingest/ingest.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <thread>

#include <arrow/api.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "ingest/profiles.h"
#include "ingest/row_profiler.h"
#include "profile/profile.h"
#include "table/arrow_status.h"
#include "table/read.h"

namespace roost::ingest {
namespace {

constexpr int kLongestPauseMs = 400;

// Hands on the batches of another reader, what a check takes of them, and counts the rows into a profile.
class WatchedReader : public arrow::RecordBatchReader {
 public:
  WatchedReader(std::shared_ptr<arrow::RecordBatchReader> rows, const RowCheck& check, RowProfiler& profiler)
      : rows_(std::move(rows)), check_(check), profiler_(profiler) {}

  std::shared_ptr<arrow::Schema> schema() const override {
    return check_.schema != nullptr ? check_.schema : rows_->schema();
  }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    has_begun_ = true;
    do {
      ARROW_RETURN_NOT_OK(rows_->ReadNext(batch));
      if (*batch == nullptr) return arrow::Status::OK();
      const int64_t first_row = next_row_;
      next_row_ += (*batch)->num_rows();
      if (!check_.pass) break;
      absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> passed = check_.pass(*batch, first_row);
      if (!passed.ok()) return table::ToArrow(passed.status());
      *batch = *std::move(passed);
    } while ((*batch)->num_rows() == 0);
    return table::ToArrow(profiler_.Add(**batch));
  }

  bool has_begun() const { return has_begun_; }

 private:
  std::shared_ptr<arrow::RecordBatchReader> rows_;
  const RowCheck& check_;
  RowProfiler& profiler_;
  int64_t next_row_ = 1;
  bool has_begun_ = false;
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

// What the check says of rows that the store does not take.
absl::Status CheckAlone(WatchedReader& rows, RowProfiler& profiler, const RowCheck& check) {
  while (true) {
    TRY_ASSIGN(const auto batch, table::Next(rows));
    if (batch == nullptr) break;
  }
  TRY_ASSIGN(const profile::Profile profile, profiler.Finish());
  return check.approve(profile);
}

store::CommitRequest RequestFor(const Source& source, const IngestOptions& options) {
  store::CommitRequest request;
  request.dataset = options.dataset;
  request.branch = options.branch;
  request.mode = options.mode;
  request.key = options.key;
  request.expected_version = options.expected_version;
  request.message = options.message;
  request.author = options.author;
  request.provenance["source"] = ToLine(source.Provenance());
  return request;
}

// The types that columns are read with, where they are neither the dataset's nor those of the file's beginning.
using Types = std::shared_ptr<arrow::Schema>;

// Gives `wider` another type where `status` says that a column, which was read as `read` has it, holds values that are
// not of that type.
void Widen(const absl::Status& status, const Before& before, const arrow::Schema& read, bool is_checked, Types& wider) {
  const auto column = table::ColumnOfOtherType(status);
  if (!column.has_value()) return;
  const bool is_given = before.types != nullptr && before.types->GetFieldIndex(*column) >= 0;
  const auto field = read.GetFieldByName(*column);
  if (field == nullptr || (is_given && !is_checked)) return;
  if (const auto next = table::WithWiderType(wider, *field); next != nullptr) wider = next;
}

// One try, upon the version that is the latest now. Where `wider` has changed afterwards another one may succeed.
absl::StatusOr<store::CommitInfo> IngestOnce(store::Store& store, const Source& source, const IngestOptions& options,
                                             Types& wider, const Context& context) {
  TRY_ASSIGN(const Before before, FindBefore(store, options, context));
  const Types types = table::WithTypes(before.types, wider);
  absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> opened = source.Open(types, context);
  if (types != nullptr) Widen(opened.status(), before, *types, options.check != nullptr, wider);
  TRY_ASSIGN(const std::shared_ptr<arrow::RecordBatchReader> rows, std::move(opened));
  const std::shared_ptr<arrow::Schema> read = rows->schema();
  const RowCheck check = options.check ? options.check(read) : RowCheck();
  RowProfiler profiler(context);
  TRY(profiler.AddColumns(check.schema != nullptr ? check.schema : read));
  // The first upsert makes the dataset: its rows are all rows.
  const bool is_profile = RowsAreAdded(options.mode) || before.version == 0;
  WatchedReader watched(rows, check, profiler);
  arrow::RecordBatchReader& handed_on =
      is_profile || check.approve ? static_cast<arrow::RecordBatchReader&>(watched) : *rows;
  store::CommitRequest request = RequestFor(source, options);
  // The merged profile is true of the version after `before` only.
  if (options.mode == store::CommitRequest::Mode::kAppend) request.expected_version = before.version;
  profile::Profile added;
  // Asked for once all rows are stored: an error here is the last moment to refuse the version.
  request.attachments = [&]() -> absl::StatusOr<std::map<std::string, std::string>> {
    TRY_ASSIGN(added, profiler.Finish());
    if (check.approve) TRY(check.approve(added));
    if (check.finish) TRY(check.finish());
    return std::map<std::string, std::string>();
  };
  // The store does not know how many rows will come; the source may.
  Context with_total = context;
  with_total.progress = [&context, total = source.NumRows()](ProgressUpdate update) {
    if (update.total == 0) update.total = total;
    context.Report(update);
  };
  absl::StatusOr<store::CommitInfo> made = store.Commit(request, handed_on, with_total);
  Widen(made.status(), before, *read, check.approve != nullptr, wider);
  const bool is_refused_unread = absl::IsInvalidArgument(made.status()) && !watched.has_begun();
  if (is_refused_unread && check.approve) TRY(CheckAlone(watched, profiler, check));
  TRY_ASSIGN(const store::CommitInfo version, std::move(made));
  if (!is_profile) return version;
  // The version stands; a profile that cannot be kept now, or not merged as a column became wider, is computed when it
  // is asked for.
  profile::Profile profile = before.profile;
  if (profile.Merge(added).ok()) KeepProfile(store, version, before.info, profile).IgnoreError();
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
  Types wider;
  for (int tries = 1;; ++tries) {
    const Types before = wider;
    absl::StatusOr<store::CommitInfo> added = IngestOnce(store, source, options, wider, context);
    if (wider != before) continue;
    // Rows that are appended, or changed by their key, go upon what others did meanwhile. A snapshot would undo it.
    const bool again = absl::IsAborted(added.status()) && options.mode != store::CommitRequest::Mode::kSnapshot;
    if (!again || tries >= options.append_tries) return added;
    context.Report({.stage = "another writer was faster; trying again", .unit = "rows", .done = 0, .total = 0});
    TRY(Pause(tries, context));
  }
}

}  // namespace roost::ingest
