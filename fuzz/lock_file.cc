// The reader of roost.lock: no text crashes it, and what it takes is written as text that reads back as the same.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "config/lock_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lock = roost::config::ParseLock(text, "roost.lock");
  if (!lock.ok()) return 0;
  const auto again = roost::config::ParseLock(roost::config::ToText(*lock), "written.lock");
  ROOST_CHECK(again.ok(), again.status());
  ROOST_CHECK(*again == *lock, "another lock was read back");
  return 0;
}
