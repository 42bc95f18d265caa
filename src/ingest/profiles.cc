#include "ingest/profiles.h"

#include <string>

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/status.h"
#include "column/batch.h"
#include "table/arrow_status.h"
#include "table/bridge.h"

namespace roost::ingest {
namespace {

// The name under which programs before format 2's patches attached it.
constexpr char kAttachment[] = "profile";

std::string KeyOf(const store::CommitInfo& version) { return fmt::format("profiles/{}", version.table.ToHex()); }

absl::StatusOr<profile::Profile> Compute(store::Store& store, const store::CommitInfo& version,
                                         const Context& context) {
  TRY_ASSIGN(const auto rows, store.Read(version, {.dictionary_strings = true, .stored_order = true}, context));
  profile::Profile profile;
  for (int64_t done = 0;;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    TRY_ARROW(rows->ReadNext(&batch));
    if (batch == nullptr) return profile;
    TRY_ASSIGN(const column::OwnedBatch columns, table::ToColumns(*batch));
    TRY(profile.Add(columns.view()));
    done += batch->num_rows();
    context.Report({.stage = "profiling", .unit = "rows", .done = done, .total = version.rows});
  }
}

}  // namespace

absl::StatusOr<profile::Profile> ProfileOf(store::Store& store, const store::CommitInfo& version,
                                           const Context& context) {
  if (version.attachments.contains(kAttachment)) {
    TRY_ASSIGN(const std::string bytes, store.Attachment(version, kAttachment));
    auto profile = profile::Profile::Parse(bytes);
    if (!profile.ok()) return Annotate(profile.status(), fmt::format("the profile of {}", version.Name()));
    return profile;
  }
  const absl::StatusOr<std::string> kept = store.objects().Get(KeyOf(version));
  if (kept.ok()) {
    auto profile = profile::Profile::Parse(*kept);
    if (profile.ok()) return profile;
    // Damaged, or of another version of the program: it is only a copy of what the rows say.
    TRY(store.objects().Delete(KeyOf(version)));
  }
  TRY_ASSIGN(const profile::Profile profile, Compute(store, version, context));
  store.objects().Put(KeyOf(version), profile.Serialize()).IgnoreError();
  return profile;
}

absl::Status KeepProfile(store::Store& store, const store::CommitInfo& version, const store::CommitInfo& before,
                         const profile::Profile& profile) {
  TRY(store.objects().Put(KeyOf(version), profile.Serialize()));
  if (before.digest == Digest() || before.table == version.table) return absl::OkStatus();
  return store.objects().Delete(KeyOf(before));
}

}  // namespace roost::ingest
