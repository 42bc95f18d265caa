#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "base/hash.h"
#include "registry/alias_log.h"
#include "registry/audit_log.h"
#include "registry/manifest.h"
#include "registry/model_version.h"
#include "registry/signature_log.h"
#include "registry/version_states.h"
#include "store/database.h"
#include "store/object_store.h"

namespace roost::registry {

/// The alias of the version that serves, and that of the one that a rollback would bring back.
inline constexpr char kChampion[] = "champion";
inline constexpr char kPrevious[] = "previous";

struct PromoteRequest {
  std::string model;
  int64_t version = 0;
  std::string alias = kChampion;
  std::optional<int64_t> expected;  ///< where the alias must point now; 0: nowhere
  std::string author, reason;       ///< both are needed
  std::string evidence;             ///< a digest or a short text; may be empty
};

struct RollbackRequest {
  std::string model;
  std::optional<int64_t> to;        ///< an earlier champion; absent: the one before
  std::optional<int64_t> expected;  ///< the champion that is taken back
  std::string author, reason;       ///< both are needed
};

/// What a promotion or rollback did.
struct Release {
  std::optional<int64_t> from;   ///< where the alias pointed; absent: nowhere
  int64_t to = 0;                ///< where it points
  std::vector<AliasMove> moves;  ///< the alias's first, then that of `previous`; empty where it pointed there
};

/// The versions that an alias's promotions left to go back to, the oldest first; the last is where it points. A
/// promotion adds one, a rollback takes away all above the one that it brought back.
std::vector<int64_t> StandingVersions(const std::vector<AliasMove>& history);

/// What a gate said of a version.
struct Judgement {
  std::string model;
  int64_t version = 0;
  bool blessed = false;
  std::optional<int64_t> champion;  ///< that it was held against; absent: there was none
  std::string author;
  Digest evidence;  ///< of what is kept of it; RecordJudgement makes it
};

/// A version whose state is to change.
struct StateRequest {
  std::string model;
  int64_t version = 0;
  std::string author, reason;  ///< both are needed
};

/// The models of a workspace. A version's package is stored before its number is given out, so that whoever sees a
/// version can load it. Threads and processes: any number at once. Refers to the database and the objects, which
/// outlive it.
class Registry {
 public:
  /// Makes the tables where they are missing.
  static absl::StatusOr<Registry> Open(store::Database& database, store::ObjectStore& objects);

  /// Stores `package` and makes it the next version of model `name`; registering the same bytes again returns the
  /// version that they already are. No alias is moved. InvalidArgument for a bad name or package (MakeManifest). After
  /// any other error the version may or may not have been made; to try again is safe.
  absl::StatusOr<ModelVersion> Register(std::string_view name, const ModelPackage& package, std::string_view author,
                                        const Context& context);

  /// The versions of `name`, or of all models, by name and then by number. Empty where there are none.
  absl::StatusOr<std::vector<ModelVersion>> List(const std::optional<std::string>& name = std::nullopt) const;

  /// Versions of `name` that have a record object and are not in the database: their writer is at it, or was killed
  /// before it was done. The next Register of that name makes them visible. DataLoss for a damaged record.
  absl::StatusOr<std::vector<ModelVersion>> Unfinished(std::string_view name) const;

  /// The version that `reference` (see ModelReference) names. NotFound, with a hint at what there is, where there is
  /// none.
  absl::StatusOr<ModelVersion> Resolve(std::string_view reference) const;

  /// The whole package, checked. DataLoss names the part that is missing or damaged.
  absl::StatusOr<ModelPackage> Load(const ModelVersion& version) const;

  /// One part of the package, checked. NotFound where the package has no such part.
  absl::StatusOr<std::string> LoadPart(const ModelVersion& version, std::string_view part) const;

  /// The names, digests and sizes of the package's parts.
  absl::StatusOr<Manifest> LoadManifest(const ModelVersion& version) const;

  /// Lets an alias point at a version, in one transaction with `previous`, which comes to point at the champion before.
  /// Aborted where the alias is not where it was expected: of two that move it at once, one wins. NotFound where there
  /// is no such version, FailedPrecondition where it is retired, InvalidArgument for a bad alias, `previous`, and where
  /// author or reason is missing.
  absl::StatusOr<Release> Promote(const PromoteRequest& request, const Context& context);

  /// Takes the champion back: it comes to be the version that was champion before it was promoted, and that may be one
  /// (neither retired nor deleted). What was taken back is not gone back to: a second rollback goes one further, never
  /// forth again. `previous` follows; where nothing is left to go back to, it stays. FailedPrecondition where there is
  /// nothing to go back to, or `to` is no version that this goes back over; otherwise as Promote.
  absl::StatusOr<Release> Rollback(const RollbackRequest& request, const Context& context);

  /// From now on no alias may come to point at the version, and "latest" passes it over; or that is undone. Returns
  /// whether that is new. FailedPrecondition where an alias points at it.
  absl::StatusOr<bool> Retire(const StateRequest& request, const Context& context);
  absl::StatusOr<bool> Reinstate(const StateRequest& request, const Context& context);

  /// Deletes a version for ever: its number is not given again, its bytes go with the collection of garbage
  /// (package_garbage.h). FailedPrecondition where an alias points at it.
  absl::Status Delete(const StateRequest& request, const Context& context);

  /// Keeps `evidence`, a JSON text, by its digest, and writes down that a version was judged by it. Returns the digest.
  /// Of judgements of a version the last one counts.
  absl::StatusOr<Digest> RecordJudgement(const Judgement& judgement, const std::string& evidence,
                                         const Context& context);
  /// The last judgement of a version; absent where it was never judged.
  absl::StatusOr<std::optional<Judgement>> LastJudgement(const std::string& model, int64_t version) const;
  /// What RecordJudgement kept, checked.
  absl::StatusOr<std::string> LoadEvidence(const Digest& digest) const;

  const AliasLog& aliases() const { return aliases_; }
  const VersionStates& states() const { return states_; }
  SignatureLog& signatures() { return signatures_; }
  AuditLog& audit() { return audit_; }
  const AuditLog& audit() const { return audit_; }
  store::Database& database() { return *database_; }

  /// Adds the versions, their states, their signatures and the moves of aliases that have a record object and are not
  /// in the database; returns how many. The audit log is not among them: see AuditLog::Restore. DataLoss for a damaged
  /// record. Run it with no writer at work.
  absl::StatusOr<int64_t> Restore();

 private:
  Registry(store::Database& database, store::ObjectStore& objects, AuditLog audit, AliasLog aliases,
           VersionStates states, SignatureLog signatures)
      : database_(&database),
        objects_(&objects),
        audit_(audit),
        aliases_(aliases),
        states_(states),
        signatures_(signatures) {}

  absl::Status Insert(const ModelVersion& version);
  absl::StatusOr<std::vector<ModelVersion>> AdoptRecords(std::string_view name);
  absl::StatusOr<int64_t> NextNumber(std::string_view name) const;
  absl::Status WriteDown(const ModelVersion& version, absl::Time now);
  absl::StatusOr<std::optional<ModelVersion>> Find(std::string_view name, std::string_view condition,
                                                   const store::SqlValue& value) const;
  absl::StatusOr<ModelVersion> Latest(const ModelReference& reference) const;
  absl::Status NotFound(const ModelReference& reference) const;
  absl::Status CheckMayServe(const std::string& model, int64_t version) const;
  absl::Status CheckNoAlias(const StateRequest& request, std::string_view what) const;
  absl::StatusOr<bool> ChangeState(const StateRequest& request, VersionState state, const Context& context);
  absl::Status FinishMoves(const AliasMove& move);
  absl::Status MoveChampion(AliasMove& champion, std::optional<int64_t> previous, Release& release);

  store::Database* database_;
  store::ObjectStore* objects_;
  AuditLog audit_;
  AliasLog aliases_;
  VersionStates states_;
  SignatureLog signatures_;
};

}  // namespace roost::registry
