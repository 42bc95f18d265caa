#pragma once

#include <string>

namespace roost::store {

/// Where the two halves of a workspace lie.
struct StoreLocation {
  std::string objects;   ///< the folder of the objects
  std::string database;  ///< what Database::Open takes
};

}  // namespace roost::store
