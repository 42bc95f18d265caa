#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "base/hash.h"
#include "store/row_key.h"
#include "store/table_object.h"
#include "store/tile_loader.h"

namespace roost::store {

/// Finds rows that have given values in some columns, in all tables of a dataset. Columns are found by their stable
/// ids: each given name means the columns that ever bore it, of two in one tile the one that bore it last.
/// Threads: one calls; the work runs on the context's pool. Memory: the given rows, 40 bytes for each searched tile,
/// and the places of the rows that were found.
class RowSearch {
 public:
  /// Both outlive the search.
  RowSearch(TileLoader& loader, const Context& context) : loader_(loader), context_(context) {}

  /// Makes the columns of a table known; the newest one comes first.
  absl::Status AddTable(const TableObject& table);

  /// The values to look for; after the tables. InvalidArgument for a name that no table has, for a type that does not
  /// fit, for a row without a value, for no column or no row.
  absl::Status SetKeys(arrow::RecordBatchReader& reader, const std::string& dataset);

  /// Looks through tiles, each different one once.
  absl::Status Search(std::span<const TilePlace> tiles, const TableObject& table);

  /// The rows of a tile that was searched which have one of the keys, ascending.
  std::span<const int64_t> Find(const TilePlace& tile) const;

  /// Whether the tile holds the columns.
  bool CanSearch(const TilePlace& tile) const { return !ColumnsOf(*tile.list).empty(); }

  const std::vector<std::string>& names() const { return names_; }
  int64_t num_keys() const { return num_keys_; }

 private:
  /// The keys as columns with these ids have them.
  struct Keys {
    std::vector<std::shared_ptr<arrow::Array>> columns;
    absl::flat_hash_map<RowKey, int64_t> row_of;
    bool fits = true;  // the values can be ones of these columns
  };

  std::vector<int64_t> ColumnsOf(const TileList& list) const;
  absl::StatusOr<const Keys*> KeysFor(const std::vector<int64_t>& ids);
  absl::Status SearchGroup(std::span<const TilePlace> tiles, const std::vector<int64_t>& ids, const TableObject& table);
  absl::StatusOr<std::vector<int64_t>> Compare(std::span<const Leaf> leaves, const std::vector<int64_t>& ids,
                                               const Keys& keys) const;
  static Digest IdOf(const TilePlace& tile, const std::vector<int64_t>& ids);

  TileLoader& loader_;
  const Context& context_;
  std::map<std::string, std::vector<int64_t>> ids_of_name_;  // the one that bore the name last in front
  std::map<int64_t, std::string> types_;                     // of columns: the widest that any table has
  std::vector<std::string> names_;
  std::vector<std::shared_ptr<arrow::Array>> given_;
  int64_t num_keys_ = 0;
  std::map<std::vector<int64_t>, Keys> keys_;
  absl::flat_hash_set<Digest> searched_;
  absl::flat_hash_map<Digest, std::vector<int64_t>> found_;
};

}  // namespace roost::store
