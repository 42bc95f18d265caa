#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/object_store.h"

namespace roost::store {

/// An ObjectStore in a folder of the local file system; a key is the path below it.
///
/// Put writes a temporary file in the object's own folder, fdatasync, rename, fsync of the folder: after a power cut
/// there is the whole object or none. Temporary files start with ".put-" and are never listed; those of killed
/// writers are harmless.
class LocalObjectStore : public ObjectStore {
 public:
  /// Makes `folder` where it is missing.
  static absl::StatusOr<std::unique_ptr<LocalObjectStore>> Open(std::string folder);

  absl::Status Put(std::string_view key, std::string_view bytes) override;
  absl::StatusOr<std::string> Get(std::string_view key) override;
  absl::StatusOr<std::string> GetRange(std::string_view key, uint64_t offset, uint64_t length) override;
  absl::StatusOr<uint64_t> Size(std::string_view key) override;
  absl::StatusOr<bool> Exists(std::string_view key) override;
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override;
  absl::Status Delete(std::string_view key) override;
  absl::StatusOr<int64_t> RemoveUnfinished(absl::Time before, bool dry_run) override;

 protected:
  absl::StatusOr<std::vector<std::string>> ReadEach(std::string_view key, std::span<const ByteRange> reads) override;

 private:
  explicit LocalObjectStore(std::string folder) : folder_(std::move(folder)) {}

  absl::StatusOr<std::string> PathOf(std::string_view key) const;

  std::string folder_;
};

/// Makes `folder` and those above it that are missing, each durable in the folder that holds it.
absl::Status MakeFolders(const std::string& folder);

}  // namespace roost::store
