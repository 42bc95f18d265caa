#pragma once

#include <memory>
#include <string>

#include "store/object_store.h"
#include "store/s3_object_store.h"

namespace roost::store {

/// Where a workspace lies, its two halves apart.
struct StoreLocation {
  std::string objects;   ///< a folder, or "s3://bucket/prefix"
  std::string database;  ///< what Database::Open takes
  S3Settings s3 = {};    ///< for objects in S3

  /// Those of a workspace in one folder.
  static StoreLocation InFolder(const std::string& folder);
};

/// Opens the object store; a folder is made where it is missing. Errors: those of LocalObjectStore, S3ObjectStore.
absl::StatusOr<std::unique_ptr<ObjectStore>> OpenObjects(const StoreLocation& location);

}  // namespace roost::store
