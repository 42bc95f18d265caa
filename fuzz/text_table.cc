// The readers of CSV and JSON Lines (one program for each): no bytes crash them, and what they take are columns that
// statistics can be made of.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include <arrow/record_batch.h>

#include "base/check.h"
#include "base/thread_pool.h"
#include "profile/profile.h"
#include "table/bridge.h"
#include "table/read.h"

namespace {

// A file in memory, since readers take paths.
class MemoryFile {
 public:
  MemoryFile(const uint8_t* data, size_t size) : descriptor_(memfd_create("fuzz", 0)) {
    ROOST_CHECK(descriptor_ >= 0 && write(descriptor_, data, size) == static_cast<ssize_t>(size), "no file in memory");
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static roost::ThreadPool pool(1);
  const MemoryFile file(data, size);
  const auto reader =
      roost::table::OpenFile(file.path(), {.format = roost::table::Format::ROOST_FUZZ_FORMAT}, {.pool = &pool});
  if (!reader.ok()) return 0;
  roost::profile::Profile profile;
  while (true) {
    const auto batch = roost::table::Next(**reader);
    if (!batch.ok()) return 0;
    if (*batch == nullptr) break;
    const auto valid = (*batch)->ValidateFull();
    ROOST_CHECK(valid.ok(), valid.ToString());
    const auto columns = roost::table::ToColumns(**batch);
    ROOST_CHECK(columns.ok(), columns.status());
    const auto added = profile.Add(columns->view());
    ROOST_CHECK(added.ok(), added);
  }
  profile.Summarize();
  return 0;
}
