// The reader of profile states: no bytes crash it, and what it takes is written back as the same bytes.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "profile/profile.h"

using roost::profile::Profile;

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

// Random changes would all end at the checksum, so each gets the right one.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int /*seed*/) {
  constexpr size_t kChecksum = sizeof(uint32_t);
  if (max_size <= kChecksum) return 0;
  const size_t body = LLVMFuzzerMutate(data, size > kChecksum ? size - kChecksum : 0, max_size - kChecksum);
  const uint32_t checksum = roost::Crc32c({reinterpret_cast<const char*>(data), body});
  std::memcpy(data + body, &checksum, kChecksum);
  return body + kChecksum;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto profile = Profile::Parse(bytes);
  if (!profile.ok()) return 0;
  const std::string written = profile->Serialize();
  // A state of an older format is written in the newest one.
  constexpr size_t kMagic = 4;
  const bool same_version = bytes.substr(kMagic, sizeof(uint16_t)) == written.substr(kMagic, sizeof(uint16_t));
  ROOST_CHECK(!same_version || written == bytes, "a profile was read and written as other bytes");
  const auto again = Profile::Parse(written);
  ROOST_CHECK(again.ok(), again.status());
  ROOST_CHECK(again->Serialize() == written, "a profile was written, read and written as other bytes");

  for (const auto& column : profile->Summarize().columns) profile->DistributionOf(column.name);
  if (!profile->Merge(*again).ok()) return 0;
  const auto merged = Profile::Parse(profile->Serialize());
  ROOST_CHECK(merged.ok(), "a merged profile cannot be read: " << merged.status());
  return 0;
}
