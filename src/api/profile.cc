#include "api/profile.h"

#include <memory>
#include <utility>

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "api/profile_sources.h"
#include "base/status.h"
#include "ingest/profiles.h"
#include "ingest/row_profiler.h"
#include "table/bridge.h"
#include "table/read.h"

namespace roost::api {
namespace {

bool NeedsAllRows(const ProfileRequest& request) {
  return !request.options.weight_column.empty() || !request.options.token_columns.empty() || !request.slices.empty();
}

absl::StatusOr<profile::Profile> ProfilePart(const ProfileSources& sources, const SourcePart& part,
                                             const Context& context) {
  if (part.version.has_value()) return ingest::ProfileOf(sources.store(), *part.version, context);
  profile::Profile profile;
  const auto count = [&](arrow::RecordBatchReader& rows, int64_t total_rows) -> absl::Status {
    TRY_ASSIGN(profile, ingest::ProfileRows(rows, total_rows, context));
    return absl::OkStatus();
  };
  TRY(sources.Read(part, count, context));
  return profile;
}

// Adds each batch of a part to a state of `empty`'s kind, which starts anew where the part is read again.
template <typename State>
absl::StatusOr<State> CountPart(const ProfileSources& sources, const SourcePart& part, const State& empty,
                                const char* stage, const Context& context) {
  State state = empty;
  const auto count = [&](arrow::RecordBatchReader& rows, int64_t total_rows) -> absl::Status {
    state = empty;
    for (int64_t done = 0;;) {
      TRY(context.CheckCancelled());
      TRY_ASSIGN(const auto batch, table::Next(rows));
      if (batch == nullptr) return absl::OkStatus();
      TRY_ASSIGN(const column::OwnedBatch columns, table::ToColumns(*batch));
      TRY(state.Add(columns.view()));
      done += batch->num_rows();
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
  const profile::AssociationState empty(std::make_shared<const profile::AssociationPlan>(std::move(plan)));
  TRY_ASSIGN(const profile::AssociationState state, MergeParts(sources, empty, [&](const SourcePart& part) {
               return CountPart(sources, part, empty, "holding columns against each other", context);
             }));
  return state.Summarize();
}

void CompareColumns(const std::vector<profile::ColumnSummary>& columns, const profile::Profile& now,
                    const profile::Profile& baseline, std::vector<ColumnDistances>& distances) {
  for (const profile::ColumnSummary& column : columns) {
    const auto values = now.DistributionOf(column.name);
    const auto before = baseline.DistributionOf(column.name);
    if (values.has_value() && before.has_value() && values->is_numeric == before->is_numeric) {
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
    TRY_ASSIGN(const profile::SlicedProfile sliced, MergeParts(sources, empty, [&](const SourcePart& part) {
                 return CountPart(sources, part, empty, "profiling", context);
               }));
    response.profile = sliced.all();
    response.summary = sliced.Summarize();
  } else {
    TRY_ASSIGN(response.profile, MergeParts(sources, profile::Profile(), [&](const SourcePart& part) {
                 return ProfilePart(sources, part, context);
               }));
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
