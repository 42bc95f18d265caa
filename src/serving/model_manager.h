#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "serving/reaper.h"
#include "serving/servable.h"
#include "serving/stripes.h"

namespace roost::serving {

enum class State {
  kLoading,    ///< being loaded; it does not answer yet
  kAvailable,  ///< answers
  kUnloading,  ///< answers no new requests; its memory is not back yet
  kEnd,        ///< does not answer, for the reason given
};

/// "LOADING", "AVAILABLE", "UNLOADING", "END".
std::string_view StateName(State state);

/// What is to be told of a model version.
struct ModelState {
  std::string name;
  int64_t version = 0;
  State state = State::kEnd;
  std::string reason;  ///< why it does not answer; "" where it does

  friend bool operator==(const ModelState&, const ModelState&) = default;
};

/// The versions of one name that answer.
struct LoadedModel {
  std::vector<std::shared_ptr<const Servable>> versions;  ///< ascending, at least one
  std::map<std::string, std::shared_ptr<const Servable>, std::less<>> aliases;
};

/// Which model versions are loaded.
///
/// Readers see an immutable snapshot behind one pointer: they never wait for a load, never destroy a model, and a
/// servable that they hold stays alive until they let go of it. Each stripe (stripes.h) has that pointer and counts of
/// references for itself, so that threads which serve requests write to no memory of each other; a reader sees
/// changes in their order, two readers perhaps some microseconds apart. Threads: all methods may be called from any
/// thread.
class ModelManager {
 public:
  using Snapshot = std::map<std::string, LoadedModel, std::less<>>;

  ModelManager();

  /// Parses `bytes` (the JSON of a ScoringModel) with the ONNX file that it speaks of (or ""), warms the model up and
  /// publishes it; the highest version answers requests that name none. AlreadyExists where that version is loaded;
  /// errors as Servable::Parse and WarmUp, after which nothing has changed.
  absl::Status Load(std::string name, int64_t version, std::string_view bytes, std::string onnx = "");

  /// Publishes a model that the caller has warmed up, in place of that version where it is loaded.
  void Publish(std::shared_ptr<const Servable> servable);

  /// Takes a version out; aliases that point at it go with it. Requests that hold it end as if nothing had happened;
  /// then it is destroyed on a thread of its own, and its memory given back. NotFound where it is not loaded.
  absl::Status Unload(std::string_view name, int64_t version);

  /// Makes `aliases` those of model `name`. One whose version is not loaded stays where it was.
  void SetAliases(std::string_view name, const std::map<std::string, int64_t>& aliases);

  /// Without `version` the highest. NotFound names what there is; Unavailable says why a version that is known does not
  /// answer (it is being loaded, has failed, was pushed out).
  absl::StatusOr<std::shared_ptr<const Servable>> Find(std::string_view name, std::optional<int64_t> version) const;

  /// The version that `alias` points at. NotFound names what there is.
  absl::StatusOr<std::shared_ptr<const Servable>> FindAlias(std::string_view name, std::string_view alias) const;

  /// Keeps what is to be told of a version that does not answer: that it is being loaded, or why it is not.
  void SetState(ModelState state);
  /// Forgets what SetState said of a version.
  void ClearState(std::string_view name, int64_t version);

  /// All that is loaded, being loaded, going, or known to have failed; by name and version.
  std::vector<ModelState> States() const;

  std::shared_ptr<const Snapshot> snapshot() const {
    return stripes_[ThreadStripe()].snapshot.load(std::memory_order_acquire);
  }

  /// There is a model that can answer.
  bool ready() const { return !snapshot()->empty(); }

 private:
  struct alignas(kCacheLine) Stripe {
    std::atomic<std::shared_ptr<const Snapshot>> snapshot;
  };

  /// Whether it was done: not where the version is loaded and `replace` is false.
  bool Insert(std::shared_ptr<const Servable> servable, bool replace);
  /// Makes `next` what readers see. With publish_mutex_ held.
  void Swap(Snapshot next);
  /// Hands a version that no snapshot has any more to the reaper. With publish_mutex_ held.
  void Bury(std::shared_ptr<const Servable> servable);
  absl::Status NotServing(std::string_view name, std::optional<int64_t> version) const;

  std::mutex publish_mutex_;  // one writer at a time; readers take no lock
  Snapshot current_;          // guarded by publish_mutex_
  std::vector<Stripe> stripes_;
  mutable std::mutex states_mutex_;
  std::map<std::pair<std::string, int64_t>, ModelState> states_;  // of versions that do not answer
  Reaper reaper_;                                                 // the last: its thread uses the others
};

}  // namespace roost::serving
