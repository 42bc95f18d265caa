#pragma once

#include <dlfcn.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace roost {

/// A library that is opened when something first needs it, so that every other command starts without it. It is never
/// closed: such libraries keep threads and statics. The name is looked up as the dynamic linker does, RPATH included.
class SharedLibrary {
 public:
  /// Unavailable with the linker's reason.
  static absl::StatusOr<SharedLibrary> Open(const char* name);

  /// Sets `function`, a pointer to a function. Unavailable where the library has none of that name.
  template <typename Function>
  absl::Status Find(const char* name, Function& function) const {
    function = reinterpret_cast<Function>(::dlsym(handle_, name));
    return function != nullptr ? absl::OkStatus() : Lacks(name);
  }

 private:
  SharedLibrary(std::string name, void* handle) : name_(std::move(name)), handle_(handle) {}
  absl::Status Lacks(const char* function) const;

  std::string name_;
  void* handle_;
};

}  // namespace roost
