#include "api/erase.h"

#include <memory>
#include <set>
#include <utility>

#include <arrow/api.h>

#include "api/names.h"
#include "base/status.h"
#include "ingest/source.h"

namespace roost::api {

absl::StatusOr<EraseDataResponse> EraseData(Project& project, const EraseDataRequest& request, const Context& context) {
  TRY_ASSIGN(const std::vector<store::CommitInfo> newest,
             project.store().names().Log(request.dataset, {.branch = {}, .limit = 1}));
  TRY_ASSIGN(const auto source, ingest::FileSource::Make(request.key_files));
  std::shared_ptr<arrow::Schema> types;
  if (newest.front().kind == store::DatasetKind::kTable) {
    TRY_ASSIGN(types, project.store().SchemaOf(newest.front()));
  }
  store::EraseRequest erase{.dataset = request.dataset,
                            .keys = nullptr,
                            .author = project.author(),
                            .reason = request.reason,
                            .dry_run = request.dry_run};
  TRY_ASSIGN(erase.keys, source->Open(types, context));
  EraseDataResponse response;
  TRY_ASSIGN(response.data, store::EraseRows(project.store(), erase, context));
  std::set<std::string> commits;
  for (const store::VersionErasure& version : response.data.versions) {
    if (version.removed > 0) commits.insert(version.commits.begin(), version.commits.end());
  }
  TRY_ASSIGN(response.models, ModelsTrainedOn(project, commits));
  return response;
}

absl::StatusOr<std::vector<store::Erasure>> ErasureLog(Project& project, const std::string& dataset) {
  TRY_ASSIGN(std::vector<store::Erasure> erasures, store::ErasuresOf(project.store(), dataset));
  if (erasures.empty()) TRY(project.store().names().Log(dataset, {.branch = {}, .limit = 1}).status());
  return erasures;
}

}  // namespace roost::api
