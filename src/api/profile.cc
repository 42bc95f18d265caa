#include "api/profile.h"

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "api/profile_sources.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "table/bridge.h"
#include "table/read.h"

namespace roost::api {
namespace {

bool NeedsAllRows(const ProfileRequest& request) {
  return !request.options.weight_column.empty() || !request.options.token_columns.empty() || !request.slices.empty();
}

// The next batches, a few: enough to keep all threads at work. None after the last.
absl::StatusOr<std::vector<column::OwnedBatch>> NextBatches(arrow::RecordBatchReader& rows, const Context& context) {
  std::vector<column::OwnedBatch> batches;
  while (batches.size() < 2 * context.pool->num_threads()) {
    TRY(context.CheckCancelled());
    TRY_ASSIGN(const auto batch, table::Next(rows));
    if (batch == nullptr) break;
    TRY_ASSIGN(column::OwnedBatch columns, table::ToColumns(*batch));
    batches.push_back(std::move(columns));
  }
  return batches;
}

// A state of `empty`'s kind to which add(state, batches) added all batches of a part; it starts anew where the part is
// read again.
template <typename State, typename Add>
absl::StatusOr<State> CountPart(const ProfileSources& sources, const SourcePart& part, const State& empty,
                                const char* stage, const Add& add, const Context& context) {
  State state = empty;
  const auto count = [&](arrow::RecordBatchReader& rows, int64_t total_rows) -> absl::Status {
    state = empty;
    for (int64_t done = 0;;) {
      TRY_ASSIGN(const std::vector<column::OwnedBatch> owned, NextBatches(rows, context));
      if (owned.empty()) return absl::OkStatus();
      std::vector<column::BatchView> batches;
      for (const column::OwnedBatch& batch : owned) {
        batches.push_back(batch.view());
        done += batch.view().num_rows();
      }
      TRY(add(state, batches));
      context.Report({.stage = stage, .unit = "rows", .done = done, .total = total_rows});
    }
  };
  TRY(sources.Read(part, count, context));
  return state;
}

// Merges the states of all parts; `of_part` makes one.
template <typename State, typename OfPart>
absl::StatusOr<State> MergeParts(const ProfileSources& sources, State empty, const OfPart& of_part) {
  State all = std::move(empty);
  const std::vector<SourcePart>& parts = sources.parts();
  for (size_t i = 0; i < parts.size(); ++i) {
    TRY_ASSIGN(const State state, of_part(parts[i]));
    const absl::Status merged = all.Merge(state);
    if (!merged.ok() && i > 0) return Annotate(merged, fmt::format("{} beside {}", parts[i].name, parts[i - 1].name));
    TRY(merged);
  }
  return all;
}

absl::StatusOr<profile::AssociationSummary> Associate(const ProfileSources& sources, const ProfileRequest& request,
                                                      const profile::ProfileSummary& summary, const Context& context) {
  TRY_ASSIGN(profile::AssociationPlan plan,
             profile::AssociationPlan::Make(summary, {.label = request.label, .correlated = request.correlated}));
  const auto shared = std::make_shared<const profile::AssociationPlan>(std::move(plan));
  const profile::AssociationState empty(shared);
  const auto add = [&](profile::AssociationState& state, std::span<const column::BatchView> batches) -> absl::Status {
    TRY_ASSIGN(const profile::AssociationState added, profile::AssociateBatches(batches, shared, context));
    return state.Merge(added);
  };
  TRY_ASSIGN(const profile::AssociationState state, MergeParts(sources, empty, [&](const SourcePart& part) {
               return CountPart(sources, part, empty, "holding columns against each other", add, context);
             }));
  return state.Summarize();
}

void CompareColumns(const std::vector<profile::ColumnSummary>& columns, const profile::Profile& now,
                    const profile::Profile& baseline, std::vector<ColumnDistances>& distances) {
  for (const profile::ColumnSummary& column : columns) {
    const auto values = now.DistributionOf(column.name);
    const auto before = baseline.DistributionOf(column.name);
    if (values.has_value() && before.has_value() && profile::AreComparable(*values, *before)) {
      distances.push_back({column.name, profile::Compare(*values, *before)});
    }
    CompareColumns(column.children, now, baseline, distances);
  }
}

}  // namespace

absl::StatusOr<ProfileResponse> ProfileData(const ProfileRequest& request, const Context& context) {
  TRY_ASSIGN(const ProfileSources sources,
             ProfileSources::Make(request.sources, request.project, request.format, context));
  ProfileResponse response{.name = sources.Name()};
  if (NeedsAllRows(request)) {
    const profile::SlicedProfile empty(request.slices, request.options);
    const auto add = [](profile::SlicedProfile& state, std::span<const column::BatchView> batches) -> absl::Status {
      for (const column::BatchView& batch : batches) TRY(state.Add(batch));
      return absl::OkStatus();
    };
    TRY_ASSIGN(const profile::SlicedProfile sliced, MergeParts(sources, empty, [&](const SourcePart& part) {
                 return CountPart(sources, part, empty, "profiling", add, context);
               }));
    response.profile = sliced.all();
    response.summary = sliced.Summarize();
  } else {
    TRY_ASSIGN(response.profile, MergeParts(sources, profile::Profile(),
                                            [&](const SourcePart& part) { return sources.Profile(part, context); }));
    response.summary = response.profile.Summarize();
  }
  if (!request.label.empty() || !request.correlated.empty()) {
    TRY_ASSIGN(response.associations, Associate(sources, request, response.summary, context));
  }
  return response;
}

std::vector<ColumnDistances> CompareProfiles(const ProfileResponse& now, const ProfileResponse& baseline) {
  std::vector<ColumnDistances> distances;
  CompareColumns(now.summary.columns, now.profile, baseline.profile, distances);
  return distances;
}

}  // namespace roost::api
