#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/object_store.h"

namespace roost::store {

/// When the objects' store fails. Shared by the test and the store that it is given to. Threads: one.
class ObjectFaults {
 public:
  enum class Effect {
    kFails,      ///< this write is not done, the next ones are: a full disk for a moment
    kDies,       ///< this write is not done, and no call after it: the process was killed, or the power was cut, before
    kDiesAfter,  ///< this write is done and its caller is not told; no call after it is done
  };

  /// Counts from here: the `write`-th Put or Delete, from 1, has this effect. Its status is Unavailable.
  void At(int64_t write, Effect effect) {
    writes_ = 0;
    at_ = write;
    effect_ = effect;
  }

  bool happened() const { return writes_ >= at_; }
  bool is_dead() const { return happened() && effect_ != Effect::kFails; }

 private:
  friend class FaultObjectStore;

  int64_t writes_ = 0;
  int64_t at_ = INT64_MAX;
  Effect effect_ = Effect::kFails;
};

/// Another store that fails as ObjectFaults says. A write is done wholly or not at all: that is what ObjectStore::Put
/// promises of a power cut too, so dying at every write in turn covers both.
class FaultObjectStore : public ObjectStore {
 public:
  FaultObjectStore(std::unique_ptr<ObjectStore> objects, std::shared_ptr<ObjectFaults> faults)
      : objects_(std::move(objects)), faults_(std::move(faults)) {}

  absl::Status Put(std::string_view key, std::string_view bytes) override;
  absl::StatusOr<std::string> Get(std::string_view key) override;
  absl::StatusOr<std::string> GetRange(std::string_view key, uint64_t offset, uint64_t length) override;
  absl::StatusOr<uint64_t> Size(std::string_view key) override;
  absl::StatusOr<bool> Exists(std::string_view key) override;
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override;
  absl::Status Delete(std::string_view key) override;

 private:
  absl::Status Alive() const;
  template <typename Work>
  absl::Status Write(const Work& work);

  std::unique_ptr<ObjectStore> objects_;
  std::shared_ptr<ObjectFaults> faults_;
};

}  // namespace roost::store
