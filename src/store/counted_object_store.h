#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/object_store.h"

namespace roost::store {

/// What went through a CountedObjectStore.
struct ObjectCounts {
  int64_t put_calls = 0;   ///< with those that found their object there
  int64_t read_calls = 0;  ///< Get, GetRange, GetRanges
  int64_t look_calls = 0;  ///< Size, Exists, List
  int64_t delete_calls = 0;
  int64_t objects_written = 0;  ///< those that were not there before
  int64_t bytes_written = 0;    ///< theirs
  int64_t pieces_read = 0;      ///< one for Get and GetRange, one for each range of GetRanges
  int64_t bytes_read = 0;       ///< those asked for, without the gaps that were read with them
};

/// Another ObjectStore, counted: for tests and benchmarks. Calls that fail count as calls only.
/// Cost: Put asks first whether the object is there. Threads: any.
class CountedObjectStore : public ObjectStore {
 public:
  explicit CountedObjectStore(std::unique_ptr<ObjectStore> store) : store_(std::move(store)) {}

  ObjectCounts counts() const;

  /// Counts from zero again.
  void Reset();

  absl::Status Put(std::string_view key, std::string_view bytes) override;
  absl::StatusOr<std::string> Get(std::string_view key) override;
  absl::StatusOr<std::string> GetRange(std::string_view key, uint64_t offset, uint64_t length) override;
  absl::StatusOr<std::vector<std::string>> GetRanges(std::string_view key, std::span<const ByteRange> ranges) override;
  absl::StatusOr<uint64_t> Size(std::string_view key) override;
  absl::StatusOr<bool> Exists(std::string_view key) override;
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override;
  absl::Status Delete(std::string_view key) override;

 private:
  std::unique_ptr<ObjectStore> store_;
  std::atomic<int64_t> put_calls_{0}, read_calls_{0}, look_calls_{0}, delete_calls_{0};
  std::atomic<int64_t> objects_written_{0}, bytes_written_{0}, pieces_read_{0}, bytes_read_{0};
};

}  // namespace roost::store
