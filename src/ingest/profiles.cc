#include "ingest/profiles.h"

#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <arrow/type.h>
#include <fmt/format.h>

#include "absl/container/flat_hash_set.h"
#include "base/status.h"
#include "ingest/row_profiler.h"
#include "store/history.h"
#include "store/table_reader.h"
#include "store/tile_loader.h"

namespace roost::ingest {
namespace {

// The name under which programs before format 2's patches attached it.
constexpr char kAttachment[] = "profile";
constexpr int64_t kRunShare = 100;  // a run's profile is kept where it takes less than this part of its rows' memory

// Of a table or of a run of tiles: the garbage collector keeps what a version is still made of.
std::string KeyOf(const Digest& id) { return fmt::format("profiles/{}", id.ToHex()); }

// The profile that is kept for `id`, or nothing. One that is damaged, or of another version of the program, is thrown
// away: it is only a copy of what the rows say.
absl::StatusOr<std::optional<profile::Profile>> Kept(store::Store& store, const Digest& id) {
  const absl::StatusOr<std::string> bytes = store.objects().Get(KeyOf(id));
  if (!bytes.ok()) return std::nullopt;
  auto profile = profile::Profile::Parse(*bytes);
  if (profile.ok()) return *std::move(profile);
  TRY(store.objects().Delete(KeyOf(id)));
  return std::nullopt;
}

// What the runs of a version are made of, one after the other.
class RunProfiler {
 public:
  RunProfiler(store::Store& store, const store::CommitInfo& version, const store::TableObject& table,
              const Context& context)
      : store_(store), version_(version), table_(table), context_(context) {}

  absl::StatusOr<profile::Profile> Run() {
    TRY(AddColumns());
    for (const store::TileRun& run : table_.runs) {
      TRY(AddRun(run));
      done_ += run.rows;
    }
    return std::move(profile_);
  }

 private:
  // The columns as this version has them: a run may be kept from a time when they had other names.
  absl::Status AddColumns() {
    TRY_ASSIGN(const auto schema, store::SchemaOfColumns(table_.columns, /*dictionary_strings=*/false));
    RowProfiler profiler(context_);
    TRY(profiler.AddColumns(schema));
    TRY_ASSIGN(profile_, profiler.Finish());
    return absl::OkStatus();
  }

  absl::Status AddRun(const store::TileRun& run) {
    TRY_ASSIGN(const std::optional<profile::Profile> kept, Kept(store_, run.id));
    if (kept.has_value() && kept->rows() == run.rows && profile_.Merge(*kept).ok()) return absl::OkStatus();
    TRY_ASSIGN(const profile::Profile profile, Compute(run));
    TRY(profile_.Merge(profile));
    TRY_ASSIGN(const int64_t bytes, BytesOf(run));
    const std::string state = profile.Serialize();
    if (static_cast<int64_t>(state.size()) * kRunShare > bytes) return absl::OkStatus();
    if (kept.has_value()) TRY(store_.objects().Delete(KeyOf(run.id)));
    store_.objects().Put(KeyOf(run.id), state).IgnoreError();
    return absl::OkStatus();
  }

  absl::StatusOr<profile::Profile> Compute(const store::TileRun& run) {
    store::TableObject part = table_;
    part.runs = {run};
    part.rows = run.rows;
    std::vector<size_t> columns(table_.columns.size());
    std::iota(columns.begin(), columns.end(), size_t{0});
    TRY_ASSIGN(const auto rows, store::ReadRows(std::move(part), std::move(columns), /*dictionary_strings=*/true,
                                                version_.Name(), store_.tiles(), context_));
    Context of_all = context_;
    of_all.progress = [this](ProgressUpdate update) {
      update.done += done_;
      update.total = table_.rows;
      context_.Report(update);
    };
    return ProfileRows(*rows, run.rows, of_all);
  }

  // What the rows of a run take in memory.
  absl::StatusOr<int64_t> BytesOf(const store::TileRun& run) {
    TRY_ASSIGN(const auto list, store_.tiles().List(run.id, table_));
    int64_t bytes = 0;
    for (const store::TileNode& tile : list->tiles) {
      for (const store::LeafRef& leaf : tile.leaves) bytes += leaf.bytes;
    }
    return bytes;
  }

  store::Store& store_;
  const store::CommitInfo& version_;
  const store::TableObject& table_;
  const Context& context_;
  int64_t done_ = 0;
  profile::Profile profile_;
};

// Lets the profiles of the parents' runs go that `table`, a child's, does not have.
absl::Status DropOldRuns(store::Store& store, const store::CommitInfo& version, const store::TableObject& table) {
  absl::flat_hash_set<Digest> used;
  for (const store::TileRun& run : table.runs) used.insert(run.id);
  for (const Digest& digest : version.parents) {
    TRY_ASSIGN(const store::CommitInfo parent, store::LoadCommitAt(store.objects(), digest));
    TRY_ASSIGN(const store::TableObject before, store.LoadTable(parent));
    for (const store::TileRun& run : before.runs) {
      if (!used.contains(run.id)) TRY(store.objects().Delete(KeyOf(run.id)));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<profile::Profile> Compute(store::Store& store, const store::CommitInfo& version,
                                         const Context& context) {
  TRY_ASSIGN(const store::TableObject table, store.LoadTable(version));
  if (table.order.has_value() || table.runs.size() < 2) {
    // In the order in which they were handed in, which some statistics follow.
    TRY_ASSIGN(const auto rows, store.Read(version, {.dictionary_strings = true}, context));
    return ProfileRows(*rows, version.rows, context);
  }
  TRY_ASSIGN(profile::Profile profile, RunProfiler(store, version, table, context).Run());
  DropOldRuns(store, version, table).IgnoreError();
  return profile;
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
  TRY_ASSIGN(std::optional<profile::Profile> kept, Kept(store, version.table));
  if (kept.has_value()) return *std::move(kept);
  TRY_ASSIGN(profile::Profile profile, Compute(store, version, context));
  store.objects().Put(KeyOf(version.table), profile.Serialize()).IgnoreError();
  return profile;
}

absl::Status KeepProfile(store::Store& store, const store::CommitInfo& version, const store::CommitInfo& before,
                         const profile::Profile& profile) {
  TRY(store.objects().Put(KeyOf(version.table), profile.Serialize()));
  if (before.digest == Digest() || before.table == version.table) return absl::OkStatus();
  return store.objects().Delete(KeyOf(before.table));
}

}  // namespace roost::ingest
