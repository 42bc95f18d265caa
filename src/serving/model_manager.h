#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "serving/servable.h"

namespace roost::serving {

/// Which model versions are loaded.
///
/// Readers see an immutable snapshot behind one pointer: they never wait for a load, and a servable that they hold
/// stays alive until they let go of it. Threads: all methods may be called from any thread.
class ModelManager {
 public:
  /// Of each name its versions in ascending order, at least one.
  using Snapshot = std::map<std::string, std::vector<std::shared_ptr<const Servable>>, std::less<>>;

  ModelManager();

  /// Parses `bytes` (the JSON of a ScoringModel) with the ONNX file that it speaks of (or ""), warms the model up and
  /// publishes it; the highest version answers requests that name none. AlreadyExists where that version is loaded;
  /// errors as Servable::Parse and WarmUp, after which nothing has changed.
  absl::Status Load(std::string name, int64_t version, std::string_view bytes, std::string onnx = "");

  /// The same with a model that is in memory already.
  absl::Status Publish(std::shared_ptr<const Servable> servable);

  /// Without `version` the highest. NotFound names what there is.
  absl::StatusOr<std::shared_ptr<const Servable>> Find(std::string_view name, std::optional<int64_t> version) const;

  std::shared_ptr<const Snapshot> snapshot() const { return snapshot_.load(std::memory_order_acquire); }

  /// There is a model that can answer.
  bool ready() const { return !snapshot()->empty(); }

 private:
  std::atomic<std::shared_ptr<const Snapshot>> snapshot_;
  std::mutex publish_mutex_;  // one writer at a time; readers take no lock
};

}  // namespace roost::serving
