#include "base/shared_library.h"

#include <fmt/format.h>

namespace roost {

absl::StatusOr<SharedLibrary> SharedLibrary::Open(const char* name) {
  void* handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (handle != nullptr) return SharedLibrary(name, handle);
  const char* why = ::dlerror();
  return absl::UnavailableError(why == nullptr ? fmt::format("{} cannot be loaded", name) : std::string(why));
}

absl::Status SharedLibrary::Lacks(const char* function) const {
  return absl::UnavailableError(fmt::format("{} has no function {}", name_, function));
}

}  // namespace roost
