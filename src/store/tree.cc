#include "store/tree.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <arrow/util/utf8.h>
#include <fmt/format.h>

#include "base/bytes.h"
#include "base/status.h"
#include "store/chunker.h"
#include "store/compression.h"
#include "store/leaf.h"
#include "store/leaf_codec.h"

namespace roost::store {
namespace {

constexpr uint8_t kTreeFormat = 1;
constexpr int64_t kLeastEntries = 32;
constexpr int64_t kMostEntries = 1024;
constexpr size_t kMostChunksInList = 256;
constexpr size_t kSampleBytes = size_t{8} << 10;

std::string_view BytesOf(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

absl::StatusOr<Digest> ReadDigest(ByteReader& reader) {
  Digest digest;
  TRY_ASSIGN(const std::string_view bytes, reader.Raw(digest.bytes.size()));
  std::memcpy(digest.bytes.data(), bytes.data(), bytes.size());
  return digest;
}

bool IsUtf8(std::string_view text) {
  arrow::util::InitializeUTF8();
  return arrow::util::ValidateUTF8(reinterpret_cast<const uint8_t*>(text.data()), static_cast<int64_t>(text.size()));
}

/// How many bytes `path` has in common with the one before it.
size_t SharedBytes(std::string_view before, std::string_view path) {
  const auto differ = std::mismatch(before.begin(), before.end(), path.begin(), path.end());
  return static_cast<size_t>(differ.second - path.begin());
}

void AppendParts(std::string& bytes, std::span<const ContentPart> parts) {
  AppendVarint(bytes, parts.size());
  for (const ContentPart& part : parts) {
    bytes.append(BytesOf(part.id));
    AppendVarint(bytes, part.bytes);
  }
}

/// Reads parts that together have `size` bytes, or any number where `size` is empty.
absl::StatusOr<std::vector<ContentPart>> ReadParts(ByteReader& reader, uint64_t& total) {
  TRY_ASSIGN(const uint64_t count, reader.Varint());
  if (count > reader.remaining() / sizeof(Digest))
    return absl::DataLossError(fmt::format("{} parts in too few bytes", count));
  std::vector<ContentPart> parts(count);
  total = 0;
  for (ContentPart& part : parts) {
    TRY_ASSIGN(part.id, ReadDigest(reader));
    TRY_ASSIGN(part.bytes, reader.Varint());
    if (part.bytes == 0 || total + part.bytes < total) return absl::DataLossError("the bytes of a part are wrong");
    total += part.bytes;
  }
  return parts;
}

absl::Status ReadContent(ByteReader& reader, FileContent& content) {
  TRY_ASSIGN(content.size, reader.Varint());
  TRY_ASSIGN(content.sha256, ReadDigest(reader));
  TRY_ASSIGN(const auto form, reader.Fixed<uint8_t>());
  if (form > 1) return absl::DataLossError(fmt::format("unknown form {} of a file's content", form));
  content.in_lists = form == 1;
  uint64_t total = 0;
  TRY_ASSIGN(content.parts, ReadParts(reader, total));
  if (total != content.size) {
    return absl::DataLossError(fmt::format("the parts have {} bytes and the file {}", total, content.size));
  }
  if (!content.in_lists && content.parts.size() > kChunksInEntry) {
    return absl::DataLossError(fmt::format("{} chunks without a list", content.parts.size()));
  }
  return absl::OkStatus();
}

absl::Status ReadEntry(ByteReader& reader, std::string_view before, TreeEntry& entry) {
  TRY_ASSIGN(const uint64_t shared, reader.Varint());
  TRY_ASSIGN(const std::string_view rest, reader.String());
  if (shared > before.size()) return absl::DataLossError("a path shares more than there is");
  entry.path = fmt::format("{}{}", before.substr(0, shared), rest);
  if (const absl::Status good = CheckTreePath(entry.path); !good.ok()) {
    return absl::DataLossError(std::string(good.message()));
  }
  if (!before.empty() && entry.path <= before) {
    return absl::DataLossError(fmt::format("'{}' is out of order", entry.path));
  }
  TRY_ASSIGN(const auto type, reader.Fixed<uint8_t>());
  if (type > static_cast<uint8_t>(EntryType::kFolder)) return absl::DataLossError(fmt::format("unknown type {}", type));
  entry.type = static_cast<EntryType>(type);
  if (entry.is_file()) return ReadContent(reader, entry.content);
  if (entry.type == EntryType::kFolder) return absl::OkStatus();
  TRY_ASSIGN(const std::string_view target, reader.String());
  if (target.empty() || target.size() > kMaxPathBytes || target.find('\0') != std::string_view::npos) {
    return absl::DataLossError("a link's target is no path");
  }
  entry.target = target;
  return absl::OkStatus();
}

absl::Status CheckFormat(ByteReader& reader, std::string_view what) {
  TRY_ASSIGN(const auto format, reader.Fixed<uint8_t>());
  if (format == kTreeFormat) return absl::OkStatus();
  return absl::DataLossError(fmt::format("{} of format {}, which this version does not know", what, format));
}

absl::Status CheckDone(const ByteReader& reader) {
  return reader.done() ? absl::OkStatus() : absl::DataLossError(fmt::format("{} bytes too many", reader.remaining()));
}

}  // namespace

std::string QuotePath(std::string_view path) {
  const bool is_text = IsUtf8(path);
  std::string quoted;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_shown = byte >= 0x80 ? is_text : byte >= 0x20 && byte != 0x7f;
    if (is_shown) {
      quoted.push_back(c);
    } else {
      quoted += fmt::format("\\x{:02x}", byte);
    }
  }
  return quoted;
}

absl::Status CheckTreePath(std::string_view path) {
  const auto refuse = [&](std::string_view why) {
    return absl::InvalidArgumentError(fmt::format("'{}' cannot be a path of a dataset: {}", QuotePath(path), why));
  };
  if (path.size() > kMaxPathBytes) return refuse(fmt::format("it has more than {} bytes", kMaxPathBytes));
  if (path.find('\0') != std::string_view::npos) return refuse("it holds a zero byte");
  if (!IsUtf8(path)) return refuse("its name is not UTF-8");
  for (size_t start = 0;;) {
    const size_t slash = path.find('/', start);
    const std::string_view name = path.substr(start, slash == std::string_view::npos ? slash : slash - start);
    if (name.empty() || name == "." || name == "..") return refuse("it has an empty name, '.' or '..'");
    if (slash == std::string_view::npos) return absl::OkStatus();
    start = slash + 1;
  }
}

bool EndsPart(std::string_view path, int64_t entries) {
  return entries >= kMostEntries || (entries >= kLeastEntries && (Hash64(path) & 127) == 0);
}

bool EndsChunkList(const Digest& chunk, size_t chunks) {
  return chunks >= kMostChunksInList || (chunks > kChunksInEntry && (Hash64(BytesOf(chunk)) & 31) == 0);
}

std::string WriteTreePart(std::span<const TreeEntry> entries) {
  std::string bytes(1, static_cast<char>(kTreeFormat));
  AppendVarint(bytes, entries.size());
  std::string_view before;
  for (const TreeEntry& entry : entries) {
    const size_t shared = SharedBytes(before, entry.path);
    AppendVarint(bytes, shared);
    AppendString(bytes, std::string_view(entry.path).substr(shared));
    AppendFixed(bytes, static_cast<uint8_t>(entry.type));
    if (entry.is_file()) {
      AppendVarint(bytes, entry.content.size);
      bytes.append(BytesOf(entry.content.sha256));
      AppendFixed(bytes, static_cast<uint8_t>(entry.content.in_lists ? 1 : 0));
      AppendParts(bytes, entry.content.parts);
    } else if (entry.type == EntryType::kLink) {
      AppendString(bytes, entry.target);
    }
    before = entry.path;
  }
  return bytes;
}

absl::StatusOr<std::vector<TreeEntry>> ReadTreePart(std::string_view bytes) {
  ByteReader reader(bytes);
  TRY(CheckFormat(reader, "a part of a tree"));
  TRY_ASSIGN(const uint64_t count, reader.Varint());
  if (count > static_cast<uint64_t>(kMostEntries))
    return absl::DataLossError(fmt::format("{} entries in a part", count));
  std::vector<TreeEntry> entries(count);
  std::string_view before;
  for (TreeEntry& entry : entries) {
    TRY(ReadEntry(reader, before, entry));
    before = entry.path;
  }
  TRY(CheckDone(reader));
  return entries;
}

std::string WriteChunkList(std::span<const ContentPart> chunks) {
  std::string bytes(1, static_cast<char>(kTreeFormat));
  AppendParts(bytes, chunks);
  return bytes;
}

absl::StatusOr<std::vector<ContentPart>> ReadChunkList(std::string_view bytes) {
  ByteReader reader(bytes);
  TRY(CheckFormat(reader, "a list of chunks"));
  uint64_t total = 0;
  TRY_ASSIGN(std::vector<ContentPart> chunks, ReadParts(reader, total));
  TRY(CheckDone(reader));
  return chunks;
}

std::string WriteTree(const Tree& tree) {
  std::string bytes(1, static_cast<char>(kTreeFormat));
  AppendVarint(bytes, static_cast<uint64_t>(tree.files));
  AppendVarint(bytes, tree.bytes);
  AppendVarint(bytes, tree.parts.size());
  for (const TreePart& part : tree.parts) {
    bytes.append(BytesOf(part.id));
    AppendVarint(bytes, static_cast<uint64_t>(part.entries));
    AppendString(bytes, part.first);
  }
  return bytes;
}

absl::StatusOr<Tree> ReadTree(std::string_view bytes) {
  ByteReader reader(bytes);
  TRY(CheckFormat(reader, "a tree"));
  Tree tree;
  TRY_ASSIGN(const uint64_t files, reader.Varint());
  tree.files = static_cast<int64_t>(files);
  TRY_ASSIGN(tree.bytes, reader.Varint());
  TRY_ASSIGN(const uint64_t parts, reader.Varint());
  if (parts > reader.remaining() / sizeof(Digest))
    return absl::DataLossError(fmt::format("{} parts in too few bytes", parts));
  tree.parts.resize(parts);
  std::string_view before;
  for (TreePart& part : tree.parts) {
    TRY_ASSIGN(part.id, ReadDigest(reader));
    TRY_ASSIGN(const uint64_t entries, reader.Varint());
    part.entries = static_cast<int64_t>(entries);
    TRY_ASSIGN(const std::string_view first, reader.String());
    part.first = first;
    if (part.first <= before) return absl::DataLossError("the parts of a tree are out of order");
    before = part.first;
  }
  TRY(CheckDone(reader));
  return tree;
}

std::string EncodeChunk(std::string_view bytes) {
  std::string record(1, static_cast<char>(RecordKind::kChunk));
  if (bytes.size() > 2 * kSampleBytes) {
    // Pictures, archives and weights do not compress: a sample from the middle tells, and saves the time.
    const size_t sample = Compress(bytes.substr(bytes.size() / 2 - kSampleBytes / 2, kSampleBytes)).size();
    if (sample > kSampleBytes - kSampleBytes / 32) {
      AppendStored(record, bytes);
      return record;
    }
  }
  AppendCompressed(record, bytes);
  return record;
}

absl::StatusOr<std::string> DecodeChunk(std::string_view record, const Digest& id) {
  if (record.empty() || record.front() != static_cast<char>(RecordKind::kChunk)) {
    return absl::DataLossError(fmt::format("record {} is no chunk", id.ToHex()));
  }
  absl::StatusOr<std::string> bytes = ReadCompressed(record.substr(1), kMaxChunkBytes);
  if (!bytes.ok()) return Annotate(bytes.status(), fmt::format("record {}", id.ToHex()));
  if (IdOfObject(kChunkTag, *bytes) != id) {
    return absl::DataLossError(fmt::format("record {} is not what its name says", id.ToHex()));
  }
  return bytes;
}

absl::Status ForEachRecordOfTree(
    const Digest& tree, const std::function<absl::StatusOr<std::string>(const Digest&, std::string_view)>& load,
    const std::function<bool(const Digest&)>& use) {
  if (!use(tree)) return absl::OkStatus();
  TRY_ASSIGN(const std::string bytes, load(tree, kTreeTag));
  TRY_ASSIGN(const Tree parts, ReadTree(bytes));
  for (const TreePart& part : parts.parts) {
    if (!use(part.id)) continue;
    TRY_ASSIGN(const std::string part_bytes, load(part.id, kTreePartTag));
    TRY_ASSIGN(const std::vector<TreeEntry> entries, ReadTreePart(part_bytes));
    for (const TreeEntry& entry : entries) {
      for (const ContentPart& content : entry.content.parts) {
        if (!use(content.id) || !entry.content.in_lists) continue;
        TRY_ASSIGN(const std::string list_bytes, load(content.id, kChunkListTag));
        TRY_ASSIGN(const std::vector<ContentPart> chunks, ReadChunkList(list_bytes));
        for (const ContentPart& chunk : chunks) use(chunk.id);
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace roost::store
