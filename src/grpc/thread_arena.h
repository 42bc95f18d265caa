#pragma once

#include <google/protobuf/arena.h>

namespace roost::grpc {

/// The arena of this thread, for the messages of one call; emptied at its end. Its first block is kept from call to
/// call, so that small messages take no memory from the heap. A thread has one at a time.
class ThreadArena {
 public:
  ThreadArena();
  ~ThreadArena() { arena_.Reset(); }
  ThreadArena(const ThreadArena&) = delete;
  ThreadArena& operator=(const ThreadArena&) = delete;

  google::protobuf::Arena& get() { return arena_; }

 private:
  google::protobuf::Arena& arena_;
};

}  // namespace roost::grpc
