#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/project.h"
#include "base/context.h"
#include "registry/registry.h"

namespace roost::api {

struct PromoteModelRequest {
  std::string reference;  ///< "late-flights@2", "late-flights@canary", "late-flights@latest"
  std::string alias = registry::kChampion;
  std::optional<int64_t> expected;  ///< where the alias must point now; 0: nowhere
  std::string reason, evidence;
  bool override_gate =
      false;           ///< also where the gate has refused the version, or was not asked; it is kept that it was
  std::string author;  ///< who moves it; empty: the project's author
};

/// Lets an alias point at a version, as Registry::Promote. InvalidArgument where the
/// reference does not say which version.
///
/// A champion must be blessed by the gate: FailedPrecondition where the last judgement of the version is a refusal,
/// where it was held against another champion than the present one, and where roost.yaml has a gate and the version
/// was not judged. Without evidence that of the judgement is kept.
absl::StatusOr<registry::Release> PromoteModel(Project& project, const PromoteModelRequest& request,
                                               const Context& context);

struct RollbackModelRequest {
  std::string model;
  std::optional<int64_t> to;        ///< an earlier champion; absent: the one before
  std::optional<int64_t> expected;  ///< the champion that is taken back
  std::string reason;
};

/// Takes the champion back, as Registry::Rollback.
absl::StatusOr<registry::Release> RollbackModel(Project& project, const RollbackModelRequest& request,
                                                const Context& context);

struct ModelHistoryRequest {
  std::string model;
  std::string alias;             ///< empty: all
  std::optional<absl::Time> at;  ///< only what was in force then: of each alias the last move up to that time
};

/// Moves of aliases by time. NotFound, with a hint, where there is no such model, or it never had the alias.
absl::StatusOr<std::vector<registry::AliasMove>> ModelHistory(Project& project, const ModelHistoryRequest& request);

struct RetireModelRequest {
  std::string reference;  ///< "late-flights@2": a number
  bool undo = false;
  std::string reason;
};

struct RetireModelResponse {
  registry::ModelVersion version;
  bool changed = false;  ///< false: it was so already
};

/// Retires a version, or undoes it, as Registry::Retire and Reinstate. FailedPrecondition where an alias, or a list of
/// numbers in `serve.models` of roost.yaml, names it.
absl::StatusOr<RetireModelResponse> RetireModel(Project& project, const RetireModelRequest& request,
                                                const Context& context);

struct DeleteModelRequest {
  std::string reference;  ///< "late-flights@2": a number
  bool dry_run = false;   ///< says what speaks against it, and does nothing
  std::string reason;
};

struct DeleteModelResponse {
  registry::ModelVersion version;
  std::vector<std::string> referrers;  ///< what refers to it, in words; always empty where it was deleted
};

/// Deletes a version for ever, as Registry::Delete. FailedPrecondition, naming them, where aliases, versions that were
/// trained from it, or roost.yaml refer to it.
absl::StatusOr<DeleteModelResponse> DeleteModel(Project& project, const DeleteModelRequest& request,
                                                const Context& context);

}  // namespace roost::api
