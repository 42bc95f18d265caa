#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "serving/memory_budget.h"
#include "serving/model_manager.h"
#include "serving/repository.h"
#include "serving/version_policy.h"

namespace roost::serving {

struct LoaderOptions {
  std::map<std::string, VersionPolicy, std::less<>> policies;        ///< by model
  std::optional<VersionPolicy> others = VersionPolicy{.latest = 1};  ///< of models not named there; none: not served
  std::map<std::string, ServingOptions, std::less<>> serving;        ///< by model; others as ServingOptions has it
  absl::Duration watch_every = absl::Seconds(1);                     ///< how often the repository is looked at
  int64_t memory_bytes = 0;  ///< of all loaded versions together (Servable::memory_bytes); 0: no limit
  bool evict = false;        ///< whether a new version may push out others, see MakeRoom
  /// Loads an ONNX model and scores its recorded requests where a crash does no harm, before that is done here. Null:
  /// it is not tried.
  std::function<absl::Status(const std::string& name, int64_t version, const ModelFiles& files)> try_apart;
  /// Gets a line for each change and each failure, from the thread that loads; may be null.
  std::function<void(const std::string& line)> tell;
  std::function<absl::Time()> now = absl::Now;
};

/// Keeps what a ModelManager serves at what a repository has and the policies want.
///
/// A version serves once its files are read, it has passed try_apart where it is ONNX, and it answers its recorded
/// requests as it did when it was registered. Else it never serves; States tells why, and it is tried again when its
/// identity in the repository changes, or after 5 s, and then after twice as long each time, up to 10 minutes.
/// A version that was pushed out comes back in the same way, once there is room without pushing out others. While the
/// repository cannot be listed, what is loaded goes on serving.
///
/// Threads: Sync and Start by one thread, Sync not after Start; Load and Unload by any. Refers to repository and
/// manager, which outlive it.
class ModelLoader {
 public:
  ModelLoader(Repository& repository, ModelManager& manager, LoaderOptions options);
  /// Waits for the load that is under way.
  ~ModelLoader();

  /// Looks at the repository and loads and drops what follows, on the calling thread. The error of the listing; what
  /// became of each version is in ModelManager::States.
  absl::Status Sync();

  /// Why the first of the wanted versions that do not serve does not; OK where all do. Not after Start.
  absl::Status FirstFailure() const;

  /// Goes on doing so on a thread of its own, which gets only processor time that nobody else wants (SCHED_IDLE).
  void Start();

  using Done = std::function<void(const absl::Status&)>;

  /// Looks at the repository now, tries again what failed and takes back Unload. `done` gets, on the thread that loads,
  /// OK if all wanted versions of the model serve, else the first reason why not; NotFound where there is none.
  void Load(std::string name, Done done);
  /// Drops all versions of a model; it stays out until Load. NotFound where nothing of it is loaded.
  void Unload(std::string name, Done done);

 private:
  struct Failure {
    std::string identity;
    absl::Status status;
    int64_t times = 0;
    absl::Time retry_at;
  };
  /// What is known of a version that is or was wanted.
  struct Known {
    std::string loaded;  ///< its identity; "": it is not
    absl::Time since;    ///< when it was loaded
    std::optional<Failure> failure;
  };
  using Versions = std::map<int64_t, Known>;

  void Run();
  absl::Status Answer(const std::string& name);
  absl::Status Drop(const std::string& name);
  std::optional<VersionPolicy> PolicyOf(const std::string& name) const;
  void SyncModel(const std::string& name, const ListedModel& listed);
  void LoadVersion(const std::string& name, const ListedVersion& version);
  absl::Status TryLoad(const std::string& name, const ListedVersion& version);
  absl::Status Reserve(const std::string& name, const ListedVersion& version, int64_t bytes);
  void DropVersion(const std::string& name, int64_t version, std::string_view why);
  void Fail(const std::string& name, const ListedVersion& version, const absl::Status& status);
  void TellAbsent(const std::string& name, const std::vector<int64_t>& absent);
  void Tell(const std::string& line) const;

  Repository& repository_;
  ModelManager& manager_;
  const LoaderOptions options_;
  std::map<std::string, Versions> known_;
  std::map<std::string, std::vector<int64_t>> absent_;
  std::set<std::string> unloaded_;
  absl::Status listed_ = absl::OkStatus();  // of the last listing

  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::deque<std::function<void()>> calls_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace roost::serving
