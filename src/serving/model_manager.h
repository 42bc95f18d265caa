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
#include "serving/servable.h"

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
/// Readers see an immutable snapshot behind one pointer: they never wait for a load, and a servable that they hold
/// stays alive until they let go of it. Threads: all methods may be called from any thread.
class ModelManager {
 public:
  using Snapshot = std::map<std::string, LoadedModel, std::less<>>;

  ModelManager();

  /// Parses `bytes` (the JSON of a ScoringModel) with the ONNX file that it speaks of (or ""), warms the model up and
  /// publishes it; the highest version answers requests that name none. AlreadyExists where that version is loaded;
  /// errors as Servable::Parse and WarmUp, after which nothing has changed.
  absl::Status Load(std::string name, int64_t version, std::string_view bytes, std::string onnx = "");

  /// The same with a model that is in memory already.
  absl::Status Publish(std::shared_ptr<const Servable> servable);

  /// Takes a version out; aliases that point at it go with it. Requests that hold it end as if nothing had happened.
  /// NotFound where it is not loaded.
  absl::Status Unload(std::string_view name, int64_t version);

  /// Makes `aliases` those of model `name`. One whose version is not loaded stays where it was.
  void SetAliases(std::string_view name, const std::map<std::string, int64_t>& aliases);

  /// Without `version` the highest. NotFound names what there is.
  absl::StatusOr<std::shared_ptr<const Servable>> Find(std::string_view name, std::optional<int64_t> version) const;

  /// The version that `alias` points at. NotFound names what there is.
  absl::StatusOr<std::shared_ptr<const Servable>> FindAlias(std::string_view name, std::string_view alias) const;

  /// Keeps what is to be told of a version that does not answer: that it is being loaded, or why it is not.
  void SetState(ModelState state);
  /// Forgets what SetState said of a version.
  void ClearState(std::string_view name, int64_t version);

  /// All that is loaded, being loaded, going, or known to have failed; by name and version.
  std::vector<ModelState> States() const;

  std::shared_ptr<const Snapshot> snapshot() const { return snapshot_.load(std::memory_order_acquire); }

  /// There is a model that can answer.
  bool ready() const { return !snapshot()->empty(); }

 private:
  std::atomic<std::shared_ptr<const Snapshot>> snapshot_;
  std::mutex publish_mutex_;  // one writer at a time; readers take no lock
  mutable std::mutex states_mutex_;
  std::map<std::pair<std::string, int64_t>, ModelState> states_;  // of versions that do not answer
};

}  // namespace roost::serving
