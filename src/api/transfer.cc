#include "api/transfer.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "registry/divergence.h"
#include "registry/registry.h"
#include "registry/token_log.h"
#include "store/store.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;

bool Exists(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

bool IsSameFile(const std::string& left, const std::string& right) {
  std::error_code error;
  return left == right || fs::equivalent(left, right, error);
}

absl::StatusOr<store::StoreLocation> LocationOfPlace(Project& project, const std::string& place) {
  const fs::path folder(place);
  store::StoreLocation location;
  if (Exists(folder / "roost.yaml")) {
    TRY_ASSIGN(location, FindWorkspace(place));
  } else if (Exists(folder / "objects" / "format.json")) {
    location = store::StoreLocation::InFolder(place);
  } else {
    return WithHint(absl::InvalidArgumentError(
                        fmt::format("'{}' is no project and no backup: there is no roost.yaml in it", place)),
                    "Make a folder with a roost.yaml whose 'workspace' says where the other workspace lies.");
  }
  TRY_ASSIGN(const store::StoreLocation own, FindWorkspace(project.folder()));
  if (IsSameFile(own.objects, location.objects) || IsSameFile(own.database, location.database)) {
    return absl::InvalidArgumentError(fmt::format("'{}' has the workspace of this project itself", place));
  }
  return location;
}

absl::StatusOr<std::unique_ptr<store::Store>> OpenToWrite(const store::StoreLocation& location) {
  absl::StatusOr<std::unique_ptr<store::Store>> store = store::Store::Create(location);
  if (!store.ok()) return Annotate(store.status(), "the other workspace");
  return store;
}

// The audit log goes along, unless the other workspace has entries of its own: then it says up to where it was copied.
absl::Status CopyAudit(Project& project, registry::Registry& to, const Context& context) {
  TRY_ASSIGN(const bool is_same, to.audit().TakeOver(project.registry().audit()));
  TRY_ASSIGN(const std::optional<registry::AuditEntry> head, project.registry().audit().Head());
  if (is_same || !head.has_value()) return absl::OkStatus();
  return to.database().InTransaction([&] {
    return to.audit().Append({.actor = project.author(),
                              .action = "workspace.copied",
                              .object = "workspace",
                              .details = {{"entries", head->number}, {"head", head->hash.ToHex()}}},
                             context.now());
  });
}

}  // namespace

absl::StatusOr<CopyWorkspaceResponse> CopyWorkspace(Project& project, const std::string& place,
                                                    const Context& context) {
  TRY_ASSIGN(const store::StoreLocation location, LocationOfPlace(project, place));
  TRY_ASSIGN(const std::unique_ptr<store::Store> to, OpenToWrite(location));
  TRY_ASSIGN(registry::Registry registry, registry::Registry::Open(to->database(), to->objects()));
  TRY(registry::CheckIsEarlier(registry, project.registry()));
  CopyWorkspaceResponse response{.objects = location.objects};
  TRY_ASSIGN(response.data, store::CopyWorkspace(project.store(), *to, context));
  TRY_ASSIGN(response.models, registry.Restore());
  TRY_ASSIGN(const registry::TokenLog own, registry::TokenLog::Open(project.store().database()));
  TRY_ASSIGN(registry::TokenLog tokens, registry::TokenLog::Open(to->database()));
  TRY_ASSIGN(response.tokens, tokens.TakeFrom(own));
  TRY(CopyAudit(project, registry, context));
  return response;
}

absl::StatusOr<store::PushReport> PushData(Project& project, const std::string& dataset, const std::string& place,
                                           const Context& context) {
  TRY_ASSIGN(const store::StoreLocation location, LocationOfPlace(project, place));
  TRY_ASSIGN(const std::unique_ptr<store::Store> to, OpenToWrite(location));
  return store::PushDataset(project.store(), *to, dataset, context);
}

absl::StatusOr<store::PushReport> PullData(Project& project, const std::string& dataset, const std::string& place,
                                           const Context& context) {
  TRY_ASSIGN(const store::StoreLocation location, LocationOfPlace(project, place));
  absl::StatusOr<std::unique_ptr<store::Store>> from = store::Store::Open(location);
  if (!from.ok()) return Annotate(from.status(), "the other workspace");
  return store::PushDataset(**from, project.store(), dataset, context);
}

}  // namespace roost::api
