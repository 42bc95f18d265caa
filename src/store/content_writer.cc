#include "store/content_writer.h"

#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "store/chunker.h"
#include "store/leaf.h"
#include "store/leaf_codec.h"

namespace roost::store {
namespace {

constexpr size_t kSegmentBytes = size_t{8} << 20;

/// Collects the chunks of one file and stores lists of them where they are many.
class PartCollector {
 public:
  explicit PartCollector(RecordWriter& records) : records_(records) {}

  absl::Status Add(const ContentPart& chunk) {
    chunks_.push_back(chunk);
    return EndsChunkList(chunk.id, chunks_.size()) ? EndList() : absl::OkStatus();
  }

  absl::Status Finish(FileContent& content) {
    content.in_lists = !lists_.empty() || chunks_.size() > kChunksInEntry;
    if (content.in_lists && !chunks_.empty()) TRY(EndList());
    content.parts = std::move(content.in_lists ? lists_ : chunks_);
    return absl::OkStatus();
  }

 private:
  absl::Status EndList() {
    ContentPart list;
    for (const ContentPart& chunk : chunks_) list.bytes += chunk.bytes;
    TRY_ASSIGN(list.id, records_.AddObject(kChunkListTag, static_cast<uint8_t>(RecordKind::kChunkList),
                                           WriteChunkList(chunks_)));
    lists_.push_back(list);
    chunks_.clear();
    return absl::OkStatus();
  }

  RecordWriter& records_;
  std::vector<ContentPart> chunks_;
  std::vector<ContentPart> lists_;
};

/// `bytes` in pieces of `sizes`; what is behind them is left out.
std::vector<std::string_view> Split(std::string_view bytes, std::span<const size_t> sizes) {
  std::vector<std::string_view> pieces;
  pieces.reserve(sizes.size());
  for (const size_t size : sizes) {
    pieces.push_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return pieces;
}

}  // namespace

absl::Status ContentWriter::AddChunks(std::span<const std::string_view> chunks, std::span<const Digest> ids) {
  TRY(context_.CheckCancelled());
  TRY_ASSIGN(const absl::flat_hash_set<Digest> missing, records_.Missing(ids));
  std::vector<size_t> wanted;
  absl::flat_hash_set<Digest> seen;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (missing.contains(ids[i]) && seen.insert(ids[i]).second) wanted.push_back(i);
  }
  std::vector<std::string> encoded(wanted.size());
  TRY(context_.pool->ParallelFor(wanted.size(), [&](size_t i) {
    encoded[i] = EncodeChunk(chunks[wanted[i]]);
    return absl::OkStatus();
  }));
  for (size_t i = 0; i < wanted.size(); ++i) {
    TRY(records_.Add(ids[wanted[i]], encoded[i]));
    encoded[i] = std::string();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<FileContent>> ContentWriter::AddWhole(std::span<const std::string_view> contents) {
  std::vector<FileContent> results(contents.size());
  std::vector<std::vector<std::string_view>> chunks_of(contents.size());
  std::vector<std::vector<Digest>> ids_of(contents.size());
  TRY(context_.pool->ParallelFor(contents.size(), [&](size_t i) {
    results[i].size = contents[i].size();
    results[i].sha256 = Sha256(contents[i]);
    chunks_of[i] = Split(contents[i], ChunkSizes(contents[i]));
    for (const std::string_view chunk : chunks_of[i]) ids_of[i].push_back(IdOfObject(kChunkTag, chunk));
    return absl::OkStatus();
  }));
  std::vector<std::string_view> chunks;
  std::vector<Digest> ids;
  for (size_t i = 0; i < contents.size(); ++i) {
    chunks.insert(chunks.end(), chunks_of[i].begin(), chunks_of[i].end());
    ids.insert(ids.end(), ids_of[i].begin(), ids_of[i].end());
  }
  TRY(AddChunks(chunks, ids));
  for (size_t i = 0; i < contents.size(); ++i) {
    PartCollector parts(records_);
    for (size_t chunk = 0; chunk < ids_of[i].size(); ++chunk) {
      TRY(parts.Add({.id = ids_of[i][chunk], .bytes = chunks_of[i][chunk].size()}));
    }
    TRY(parts.Finish(results[i]));
  }
  return results;
}

absl::StatusOr<FileContent> ContentWriter::AddStream(const Source& source) {
  FileContent content;
  PartCollector parts(records_);
  Sha256Stream sha256;
  Chunker chunker;
  std::string buffer(kSegmentBytes + kMaxChunkBytes, '\0');
  size_t open = 0;  // bytes at the start of `buffer` whose chunk has not ended
  for (bool at_end = false; !at_end;) {
    size_t filled = open;
    while (filled < open + kSegmentBytes && !at_end) {
      TRY_ASSIGN(const size_t got, source(buffer.data() + filled, open + kSegmentBytes - filled));
      at_end = got == 0;
      filled += got;
    }
    const std::string_view fresh = std::string_view(buffer).substr(open, filled - open);
    content.size += fresh.size();
    std::vector<size_t> sizes;
    chunker.Add(fresh, sizes);
    if (at_end) {
      if (const size_t last = chunker.Finish(); last > 0) sizes.push_back(last);
    }
    const std::vector<std::string_view> chunks = Split(std::string_view(buffer).substr(0, filled), sizes);
    std::vector<Digest> ids(chunks.size());
    // The hash of the whole goes from one piece to the next: it runs beside the chunks' own.
    TRY(context_.pool->ParallelFor(chunks.size() + 1, [&](size_t i) {
      if (i == 0) {
        sha256.Add(fresh);
      } else {
        ids[i - 1] = IdOfObject(kChunkTag, chunks[i - 1]);
      }
      return absl::OkStatus();
    }));
    TRY(AddChunks(chunks, ids));
    size_t ended = 0;
    for (size_t i = 0; i < ids.size(); ++i) {
      TRY(parts.Add({.id = ids[i], .bytes = sizes[i]}));
      ended += sizes[i];
    }
    open = filled - ended;
    buffer.replace(0, open, buffer, ended, open);
  }
  content.sha256 = sha256.Finish();
  TRY(parts.Finish(content));
  return content;
}

}  // namespace roost::store
