#include "grpc/thread_arena.h"

#include <memory>

namespace roost::grpc {
namespace {

using google::protobuf::Arena;

class KeptArena {
 public:
  KeptArena() : block_(new char[kBlockBytes]), arena_(Options(block_.get())) {}
  Arena& arena() { return arena_; }

 private:
  static constexpr size_t kBlockBytes = 64 << 10;
  static google::protobuf::ArenaOptions Options(char* block) {
    google::protobuf::ArenaOptions options;
    options.initial_block = block;
    options.initial_block_size = kBlockBytes;
    return options;
  }

  std::unique_ptr<char[]> block_;
  Arena arena_;
};

Arena& Kept() {
  thread_local KeptArena kept;
  return kept.arena();
}

}  // namespace

ThreadArena::ThreadArena() : arena_(Kept()) {}

}  // namespace roost::grpc
