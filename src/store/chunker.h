#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace roost::store {

/// Bounds of a chunk of a file's content, in bytes. Only the last chunk of a file may be smaller than the least.
inline constexpr size_t kMinChunkBytes = size_t{16} << 10;
inline constexpr size_t kNormalChunkBytes = size_t{64} << 10;
inline constexpr size_t kMaxChunkBytes = size_t{256} << 10;

/// Cuts a stream of bytes into chunks where the content says so, so that an edit moves only the cuts near to it:
/// FastCDC (Xia and others, USENIX ATC 2016) with normalisation 2; docs/formats/store.md §7a has every constant.
/// The cuts do not depend on how the bytes are split over calls. Threads: one. Cost: about 1 to 2 GB/s.
class Chunker {
 public:
  /// Takes the bytes that follow those of the calls before; appends to `sizes` the size of each chunk that ends in
  /// them.
  void Add(std::string_view bytes, std::vector<size_t>& sizes);

  /// The bytes behind the last cut, which are the last chunk; 0 where there are none. The chunker starts anew.
  size_t Finish();

 private:
  size_t length_ = 0;  // of the chunk that is open
  uint64_t hash_ = 0;
};

/// The sizes of all chunks of `bytes`; none for no bytes.
std::vector<size_t> ChunkSizes(std::string_view bytes);

}  // namespace roost::store
