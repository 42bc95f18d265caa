#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/commit.h"
#include "store/tree.h"

namespace roost::store {

class Store;

/// The tree of a version. InvalidArgument, with a hint, for a version of tables; DataLoss for lost or damaged bytes.
absl::StatusOr<Tree> LoadTree(Store& store, const CommitInfo& info);

/// The entries of one part. Cost: one read.
absl::StatusOr<std::vector<TreeEntry>> LoadTreePart(Store& store, const TreePart& part);

/// The entries of `parts`, in their order. Memory: about 300 bytes an entry.
absl::StatusOr<std::vector<TreeEntry>> LoadEntries(Store& store, std::span<const TreePart> parts,
                                                   const Context& context);

/// What stands under `path` in a version. NotFound, with a hint, where there is nothing. Cost: two reads.
absl::StatusOr<TreeEntry> FindEntry(Store& store, const CommitInfo& info, std::string_view path);

/// The chunks of a file's content, in order. Memory: 40 bytes a chunk.
absl::StatusOr<std::vector<ContentPart>> ChunksOf(Store& store, const FileContent& content);

/// Hands the bytes of a file to `take`, in order, each chunk checked against its id. `name` is the file's for messages.
/// Chunks are read on the context's pool. Memory: at most 32 chunks.
absl::Status ReadContent(Store& store, const FileContent& content, std::string_view name,
                         const std::function<absl::Status(std::string_view)>& take, const Context& context);

}  // namespace roost::store
