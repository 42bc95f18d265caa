#include "store/column_renames.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include <arrow/api.h>

#include "base/status.h"
#include "store/arrow_leaf.h"
#include "store/leaf_codec.h"
#include "store/row_hash.h"
#include "store/row_match.h"

namespace roost::store {
namespace {

std::vector<StoredColumn> MissingOf(const TableObject& parent, const arrow::Schema& schema) {
  std::vector<StoredColumn> missing;
  for (const StoredColumn& column : parent.columns) {
    if (schema.GetFieldIndex(column.name) < 0) missing.push_back(column);
  }
  return missing;
}

/// The fields that the parent does not know, by their stored types.
std::vector<std::pair<int, std::string>> NewOf(const TableObject& parent, const arrow::Schema& schema) {
  std::vector<std::pair<int, std::string>> fields;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const std::string& name = schema.field(i)->name();
    const bool is_known = std::any_of(parent.columns.begin(), parent.columns.end(),
                                      [&](const StoredColumn& column) { return column.name == name; });
    const auto type = TypeNameOf(*schema.field(i)->type(), name);
    if (!is_known && type.ok()) fields.emplace_back(i, *type);
  }
  return fields;
}

}  // namespace

bool MayRename(const TableObject& parent, const arrow::Schema& schema) {
  if (parent.runs.empty()) return false;
  const std::vector<StoredColumn> missing = MissingOf(parent, schema);
  const auto fields = NewOf(parent, schema);
  return std::any_of(missing.begin(), missing.end(), [&](const StoredColumn& column) {
    return std::any_of(fields.begin(), fields.end(), [&](const auto& field) { return field.second == column.type; });
  });
}

absl::StatusOr<std::map<std::string, int64_t>> FindRenames(const TableObject& parent, const arrow::RecordBatch& sample,
                                                           TileLoader& loader, const Context& context) {
  const arrow::Schema& schema = *sample.schema();
  const std::vector<StoredColumn> missing = MissingOf(parent, schema);
  std::vector<WantedColumn> wanted;
  for (const StoredColumn& column : missing) wanted.push_back({.id = column.id, .type = column.type});
  const Digest run = parent.runs.front().id;
  TRY_ASSIGN(const auto list, loader.List(run, parent));
  const TilePlace first{.list_id = run, .list = list, .index = 0};
  TRY_ASSIGN(const std::vector<TileChain> chains, loader.Resolve({&first, 1}, parent, context));
  TRY_ASSIGN(const std::vector<Leaf> leaves, loader.Load(chains, wanted, context));
  std::map<std::string, int64_t> renames;
  std::set<int64_t> taken;
  for (const auto& [field, type] : NewOf(parent, schema)) {
    TRY_ASSIGN(const auto values, WithoutDictionary(sample.column(field)));
    std::vector<uint64_t> after(static_cast<size_t>(values->length()), 0);
    AddValueHashes(*values, 0, after);
    int64_t best = 0;
    const StoredColumn* same = nullptr;
    for (size_t i = 0; i < missing.size(); ++i) {
      if (missing[i].type != type || taken.contains(missing[i].id)) continue;
      std::vector<uint64_t> before(static_cast<size_t>(leaves[i].rows), 0);
      AddLeafHashes(leaves[i], 0, before);
      const int64_t met = MetInOrder(before, after);
      const auto smaller = static_cast<int64_t>(std::min(before.size(), after.size()));
      if (met * 10 < smaller * 9 || met <= best) continue;
      best = met;
      same = &missing[i];
    }
    if (same == nullptr) continue;
    renames[schema.field(field)->name()] = same->id;
    taken.insert(same->id);
  }
  return renames;
}

}  // namespace roost::store
