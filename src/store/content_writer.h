#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/record_writer.h"
#include "store/tree.h"

namespace roost::store {

/// Stores contents of files as chunks, those that the store has already not again. Chunks are hashed and compressed on
/// the context's pool; what is written does not depend on the number of threads.
/// Threads: one. Memory: what AddWhole is given once more, or 20 MiB for AddStream, beside the open pack.
class ContentWriter {
 public:
  /// Both outlive the writer.
  ContentWriter(RecordWriter& records, const Context& context) : records_(records), context_(context) {}

  /// Puts up to `size` bytes at `place` and returns how many; 0 at the end.
  using Source = std::function<absl::StatusOr<size_t>(char* place, size_t size)>;

  /// Stores `contents`, each the whole of a file.
  absl::StatusOr<std::vector<FileContent>> AddWhole(std::span<const std::string_view> contents);

  /// Stores the bytes of `source`, which may be more than memory holds.
  absl::StatusOr<FileContent> AddStream(const Source& source);

 private:
  absl::Status AddChunks(std::span<const std::string_view> chunks, std::span<const Digest> ids);

  RecordWriter& records_;
  const Context& context_;
};

}  // namespace roost::store
