#include "api/rows_check.h"

#include <algorithm>
#include <utility>

#include <arrow/record_batch.h>

#include "base/status.h"
#include "store/store.h"
#include "table/bridge.h"
#include "table/read.h"

namespace roost::api {
namespace {

constexpr size_t kMaxLeftOut = 100'000;

// The keys of a dataset's newest version, or null where it has none such.
absl::StatusOr<std::unique_ptr<schema::KeySet>> ReadKeys(store::Store& store, const schema::ForeignKey& key,
                                                         const Context& context) {
  const absl::StatusOr<store::CommitInfo> version = store.Resolve({.name = key.dataset});
  if (absl::IsNotFound(version.status())) return nullptr;
  if (!version.ok()) return version.status();
  const auto has = [&](const std::string& name) {
    return std::any_of(version->columns.begin(), version->columns.end(),
                       [&](const store::ColumnInfo& column) { return column.name == name; });
  };
  if (!std::all_of(key.references.begin(), key.references.end(), has)) return nullptr;
  TRY_ASSIGN(const auto rows, store.Read(*version, {.columns = key.references, .stored_order = true}, context));
  auto keys = std::make_unique<schema::KeySet>(key.references);
  for (int64_t done = 0;;) {
    TRY(context.CheckCancelled());
    TRY_ASSIGN(const auto batch, table::Next(*rows));
    if (batch == nullptr) return keys;
    TRY_ASSIGN(const column::OwnedBatch columns, table::ToColumns(*batch));
    TRY(keys->Add(columns.view()).status());
    done += batch->num_rows();
    context.Report(
        {.stage = "reading the keys of another dataset", .unit = "rows", .done = done, .total = version->rows});
  }
}

}  // namespace

absl::StatusOr<ForeignKeys> ForeignKeys::Read(Project& project, const schema::Schema& schema, const Context& context) {
  ForeignKeys read;
  for (const schema::ForeignKey& key : schema.dataset.foreign_keys) {
    TRY_ASSIGN(auto keys, ReadKeys(project.store(), key, context));
    read.keys_.push_back(std::move(keys));
  }
  return read;
}

std::vector<const schema::KeySet*> ForeignKeys::keys() const {
  std::vector<const schema::KeySet*> pointers;
  for (const auto& keys : keys_) pointers.push_back(keys.get());
  return pointers;
}

bool IsAboutRows(const schema::Schema& schema) {
  return schema::NeedsRows(schema) || !schema.sparse_features.empty() || !schema.weighted_features.empty();
}

absl::StatusOr<profile::Profile> ProfileOfRows(int64_t rows) {
  profile::Profile profile;
  TRY(profile.Add(column::BatchView(rows, {})));
  return profile;
}

RowsCheck::RowsCheck(const schema::Schema& schema, const ForeignKeys& foreign_keys)
    : scan_(schema, {.foreign_keys = foreign_keys.keys()}), words_(schema) {}

absl::Status RowsCheck::See(const arrow::RecordBatch& batch, const Context& context) {
  TRY_ASSIGN(const column::OwnedBatch columns, table::ToColumns(batch));
  TRY(scan_.Add(columns.view(), context).status());
  words_.Add(columns.view());
  rows_ += batch.num_rows();
  return absl::OkStatus();
}

void RowsCheck::LeaveOutAfter(int64_t rows) {
  if (left_out_.size() < kMaxLeftOut) {
    left_out_.push_back(rows_ + rows);
  } else {
    all_numbered_ = false;
  }
}

schema::RowCounts RowsCheck::Counts() const {
  schema::RowCounts counts = scan_.Counts();
  if (left_out_.empty()) return counts;
  for (schema::RowCount& count : counts.counts) {
    std::vector<int64_t> numbered;
    for (const int64_t row : count.rows) {
      if (!all_numbered_ && row > left_out_.back()) break;
      // Those that were left out with fewer rows before them than this one has.
      const auto before = std::lower_bound(left_out_.begin(), left_out_.end(), row);
      numbered.push_back(row + (before - left_out_.begin()));
    }
    count.rows = std::move(numbered);
  }
  return counts;
}

absl::StatusOr<schema::Report> Judge(const schema::Schema& schema, const profile::Profile& profile,
                                     schema::Controls controls, const RowsCheck* seen,
                                     const std::function<absl::StatusOr<const RowsCheck*>()>& see) {
  const profile::ProfileSummary summary = profile.Summarize();
  controls.now = &profile;
  controls.rows = nullptr;
  if (seen == nullptr) {
    schema::Report report = schema::Validate(schema, summary, controls);
    if (report.anomalies.empty()) return report;
    TRY_ASSIGN(seen, see());
  }
  const schema::RowCounts counts = seen->Counts();
  controls.rows = &counts;
  const schema::WordCounts words = seen->Words();
  controls.words = &words;
  return schema::Validate(schema, summary, controls);
}

absl::Status SeeAll(arrow::RecordBatchReader& rows, int64_t total_rows, RowsCheck& check, const Context& context) {
  for (int64_t done = 0;;) {
    TRY(context.CheckCancelled());
    TRY_ASSIGN(const auto batch, table::Next(rows));
    if (batch == nullptr) return absl::OkStatus();
    TRY(check.See(*batch, context));
    done += batch->num_rows();
    context.Report({.stage = "looking for rows at fault", .unit = "rows", .done = done, .total = total_rows});
  }
}

}  // namespace roost::api
