#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace roost::store {

/// A piece of an object, in bytes.
struct ByteRange {
  uint64_t offset = 0;
  uint64_t length = 0;

  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

/// When ranges of one object are read together.
struct RangeLimits {
  uint64_t largest_gap;   ///< bytes between two ranges that are rather read than asked apart
  uint64_t largest_read;  ///< bytes that merging makes of one read at most; a larger range is read whole, alone
};

/// Few reads that cover all of `ranges`, in the order of their offsets.
std::vector<ByteRange> MergeRanges(std::span<const ByteRange> ranges, const RangeLimits& limits);

/// InvalidArgument where `key` is not a key of an object store.
absl::Status CheckKey(std::string_view key);

/// Where a workspace's bytes lie: a folder or a bucket. Objects are written once and never change.
///
/// A key is one or more names joined by '/', each of [A-Za-z0-9._-] and not starting with '.'; anything else is
/// InvalidArgument. All functions may be called from several threads and several processes at once.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  /// Stores `bytes` under `key` if nothing is there; otherwise keeps what is there. OK either way: keys name their
  /// content. When it returns OK the object survives a power cut, and a reader sees all of it or nothing.
  virtual absl::Status Put(std::string_view key, std::string_view bytes) = 0;

  /// The whole object. NotFound where there is none.
  virtual absl::StatusOr<std::string> Get(std::string_view key) = 0;

  /// Exactly `length` bytes from `offset` on. NotFound where there is no object, DataLoss where it is shorter.
  virtual absl::StatusOr<std::string> GetRange(std::string_view key, uint64_t offset, uint64_t length) = 0;

  /// The pieces of the object, in the order of `ranges`, which may overlap. Neighbours are read together where an
  /// answer takes long. Errors are
  /// those of GetRange, and InvalidArgument where a range ends beyond 2^63 bytes.
  virtual absl::StatusOr<std::vector<std::string>> GetRanges(std::string_view key, std::span<const ByteRange> ranges);

  /// The object's size in bytes. NotFound where there is none.
  virtual absl::StatusOr<uint64_t> Size(std::string_view key) = 0;

  virtual absl::StatusOr<bool> Exists(std::string_view key) = 0;

  /// The keys that lie under the folder `prefix` ("" for all, else without a '/' at the end), in the order of their
  /// bytes. What a killed writer left half-written is not among them.
  virtual absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) = 0;

  /// Removes the object; OK where there is none.
  virtual absl::Status Delete(std::string_view key) = 0;

  /// Removes what writers that were killed left half-written before `before`, or with `dry_run` only counts it; how
  /// many. A writer that still runs and began before then fails. Stores that leave nothing return 0.
  virtual absl::StatusOr<int64_t> RemoveUnfinished(absl::Time before, bool dry_run) {
    static_cast<void>(before);
    static_cast<void>(dry_run);
    return 0;
  }

 protected:
  /// For GetRanges. A store near by reads each range by itself: the system reads ahead, and nothing is copied.
  virtual RangeLimits Limits() const { return {.largest_gap = 0, .largest_read = 0}; }

  /// For GetRanges: every one of `reads` by itself. A store that has to wait for its answers asks for all at once.
  virtual absl::StatusOr<std::vector<std::string>> ReadEach(std::string_view key, std::span<const ByteRange> reads);
};

}  // namespace roost::store
