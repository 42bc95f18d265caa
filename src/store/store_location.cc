#include "store/store_location.h"

#include <fmt/format.h>

#include "base/status.h"
#include "store/local_object_store.h"

namespace roost::store {

StoreLocation StoreLocation::InFolder(const std::string& folder) {
  return {.objects = fmt::format("{}/objects", folder), .database = fmt::format("{}/metadata.sqlite", folder)};
}

absl::StatusOr<std::unique_ptr<ObjectStore>> OpenObjects(const StoreLocation& location) {
  if (IsS3Url(location.objects)) return S3ObjectStore::Open(location.objects, location.s3);
  return LocalObjectStore::Open(location.objects);
}

}  // namespace roost::store
