#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/hash.h"

namespace roost::store {

inline constexpr std::string_view kChunkTag = "chunk";
inline constexpr std::string_view kChunkListTag = "chunks";
inline constexpr std::string_view kTreePartTag = "tree-part";
inline constexpr std::string_view kTreeTag = "tree";

/// A file of at most so many chunks names them itself; one of more names lists of chunks.
inline constexpr size_t kChunksInEntry = 32;

/// A path has at most this many bytes, a link's target too.
inline constexpr size_t kMaxPathBytes = 4096;

/// A chunk, or a list of chunks, and how many bytes of the file it holds.
struct ContentPart {
  Digest id;
  uint64_t bytes = 0;

  friend bool operator==(const ContentPart&, const ContentPart&) = default;
};

/// The content of a file, as it is stored.
struct FileContent {
  uint64_t size = 0;
  Digest sha256;          ///< of all its bytes, as sha256sum gives it
  bool in_lists = false;  ///< whether `parts` are lists of chunks (more than kChunksInEntry chunks) or chunks
  std::vector<ContentPart> parts;

  friend bool operator==(const FileContent&, const FileContent&) = default;
};

enum class EntryType : uint8_t {
  kFile = 0,
  kExecutable = 1,  ///< a file that its owner may execute
  kLink = 2,        ///< a symbolic link; it is kept as such and never followed
  kFolder = 3,      ///< a folder with nothing in it; others are known by what lies in them
};

/// What stands in a tree under one path.
struct TreeEntry {
  std::string path;  ///< names joined by '/', UTF-8
  EntryType type = EntryType::kFile;
  FileContent content;  ///< of files
  std::string target;   ///< of links

  bool is_file() const { return type == EntryType::kFile || type == EntryType::kExecutable; }
  friend bool operator==(const TreeEntry&, const TreeEntry&) = default;
};

/// A run of consecutive entries, stored as one object and shared by all versions that have it.
struct TreePart {
  Digest id;
  int64_t entries = 0;
  std::string first;  ///< the path of its first entry

  friend bool operator==(const TreePart&, const TreePart&) = default;
};

/// A version of a dataset of files: all entries in the order of the bytes of their paths. Its id is the same for the
/// same files.
struct Tree {
  int64_t files = 0;   ///< files and links
  uint64_t bytes = 0;  ///< of all files
  std::vector<TreePart> parts;

  friend bool operator==(const Tree&, const Tree&) = default;
};

/// InvalidArgument, naming it, for a path that no tree may hold: not UTF-8, empty names, "." or "..", a NUL, too long.
absl::Status CheckTreePath(std::string_view path);

/// A name or a path that may hold any bytes, for messages: those that are not printable ASCII or UTF-8 as \xNN.
std::string QuotePath(std::string_view path);

/// Whether a part ends with the entry at `path` when it has `entries`. Only the path decides, so that a changed file
/// moves no other entry.
bool EndsPart(std::string_view path, int64_t entries);

/// Whether a list of chunks ends with `chunk` when it has `chunks`.
bool EndsChunkList(const Digest& chunk, size_t chunks);

/// Canonical bytes (docs/formats/store.md §7a), and back; DataLoss for any that are not well-formed: paths out of
/// order, sizes that do not add up.
std::string WriteTreePart(std::span<const TreeEntry> entries);
absl::StatusOr<std::vector<TreeEntry>> ReadTreePart(std::string_view bytes);
std::string WriteChunkList(std::span<const ContentPart> chunks);
absl::StatusOr<std::vector<ContentPart>> ReadChunkList(std::string_view bytes);
std::string WriteTree(const Tree& tree);
absl::StatusOr<Tree> ReadTree(std::string_view bytes);

/// A chunk as a record (kind 4). What a sample says does not compress is stored as it is.
std::string EncodeChunk(std::string_view bytes);

/// What EncodeChunk wrote; DataLoss unless it is the chunk of this id.
absl::StatusOr<std::string> DecodeChunk(std::string_view record, const Digest& id);

/// Calls `use` with the id of every record that a version with this tree needs, the tree's own first, and follows it
/// further where `use` returns true. `load` gives the bytes of an object by its id and tag. Errors: those of `load`,
/// and DataLoss for objects that are not well-formed.
absl::Status ForEachRecordOfTree(
    const Digest& tree, const std::function<absl::StatusOr<std::string>(const Digest&, std::string_view)>& load,
    const std::function<bool(const Digest&)>& use);

}  // namespace roost::store
