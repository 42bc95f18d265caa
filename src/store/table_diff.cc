#include "store/table_diff.h"

#include <algorithm>
#include <array>
#include <deque>
#include <iterator>
#include <limits>
#include <utility>

#include <arrow/api.h>

#include "base/status.h"
#include "store/change_rows.h"
#include "store/diff_columns.h"
#include "store/diff_values.h"
#include "store/history.h"
#include "store/leaf_rows.h"
#include "store/records.h"
#include "store/row_ranges.h"
#include "store/tile_walk.h"
#include "table/arrow_status.h"

namespace roost::store {
namespace {

constexpr int64_t kBlockRows = 65'536;                // rows without a place of their own that are read together
constexpr int64_t kMaxJoinedRows = int64_t{1} << 24;  // of each table, for which equal rows are looked for

enum Op : size_t { kChanged, kMoved, kRemoved, kAdded };
constexpr std::array<std::string_view, 4> kOpNames{"changed", "moved", "removed", "added"};

/// The same row in both tables, in another place.
struct Pair {
  int64_t before = 0;
  int64_t after = 0;
};

/// The hashes of the first kMaxJoinedRows of `rows`, with their positions, by hash and then by position.
absl::StatusOr<std::vector<std::pair<uint64_t, int64_t>>> HashesOf(const DiffSide& side, const RowRanges& rows,
                                                                   std::span<const WantedColumn> columns,
                                                                   TileLoader& loader, const Context& context) {
  std::vector<std::pair<uint64_t, int64_t>> hashes;
  const int64_t count = std::min(rows.Count(), kMaxJoinedRows);
  for (int64_t i = 0; i < count;) {
    const size_t tile = side.TileOf(rows.At(i));
    const int64_t start = side.starts[tile];
    const int64_t end = start + side.tiles[tile].node().rows;
    TRY_ASSIGN(const std::vector<uint64_t> all, RowHashes(side, tile, tile + 1, columns, loader, context));
    for (int64_t row = 0; i < count && (row = rows.At(i)) < end; ++i) {
      hashes.emplace_back(all[static_cast<size_t>(row - start)], row);
    }
  }
  std::sort(hashes.begin(), hashes.end());
  return hashes;
}

}  // namespace

bool TableChanges::None() const {
  return rows_added + rows_removed + rows_changed + rows_moved == 0 &&
         std::all_of(columns.begin(), columns.end(), [](const ColumnChange& column) {
           return !column.IsAdded() && !column.IsDropped() && !column.IsRenamed() && !column.IsRetyped() &&
                  column.is_compared && !column.is_moved;
         });
}

/// The walk goes from the older table, on whose tiles the other's patches are made, to the newer one. Where the
/// differences are asked for the other way round, they are turned when they are handed out.
struct TableDiff::State {
  State(TileLoader& tile_loader, const Context& diff_context) : loader(tile_loader), context(diff_context) {}

  absl::Status Start(TableObject older, TableObject newer);
  absl::Status WalkOn();
  absl::Status Finish(MatchedTile& tile);
  void Split(TileMatch& match) const;
  absl::Status HandOutChanged(const MatchedTile& tile, MatchValues& values, std::span<const int64_t> rows);
  absl::Status JoinRows();
  absl::Status FinishPairs();
  absl::Status HandOutPairs(Op op, std::span<const Pair> block, std::span<const int64_t> rows,
                            std::span<const std::vector<size_t>> changed, std::span<const Leaf> old_values,
                            std::span<const Leaf> new_values);
  absl::Status HandOutRest();
  absl::Status HandOut(Op op, ChangeBlock block);
  int64_t Wanted(Op op, int64_t rows) const;
  std::string NamesOf(std::span<const size_t> common) const;
  std::vector<WantedColumn> WantedOf(std::span<const size_t> common) const;
  std::vector<size_t> AllCommon() const;
  bool IsOfAfter(const ChangeField& field) const { return field.is_new != is_turned; }

  TileLoader& loader;
  const Context context;
  DiffOptions options;
  bool is_turned = false;
  DiffColumns columns;
  TableChanges changes;
  std::shared_ptr<arrow::Schema> schema;
  DiffSide before;
  DiffSide after;
  std::vector<DiffRegion> regions;
  std::optional<TileMatcher> matcher;
  std::optional<TileWalk> walk;
  int64_t before_row = -1;  // rows of the region below it are kept or removed; -1 between regions
  RowRanges removed;        // rows of `before` that no tile has
  RowRanges added;
  bool is_joined = false;
  std::vector<Pair> pairs;  // in the order of `after`
  size_t next_pair = 0;
  int64_t last_in_place = -1;  // the last pair in the same place, in `before`
  int64_t next_removed = 0;
  int64_t next_added = 0;
  RowRanges gone;  // `removed` and `added` without the pairs
  RowRanges fresh;
  std::array<int64_t, 4> handed_out{};
  std::deque<std::shared_ptr<arrow::RecordBatch>> batches;
};

absl::Status TableDiff::State::Start(TableObject older, TableObject newer) {
  before.table = std::move(older);
  after.table = std::move(newer);
  const TableObject& old_table = is_turned ? after.table : before.table;
  const TableObject& new_table = is_turned ? before.table : after.table;
  TRY_ASSIGN(columns, CompareColumns(old_table, new_table, options.shared_columns));
  TRY_ASSIGN(schema, SchemaOfChanges(columns.fields));
  changes.columns = columns.changes;
  changes.is_key_declared = columns.is_key_declared;
  for (const size_t key : columns.key) changes.key.push_back(changes.columns[columns.change_of[key]].after->name);
  changes.rows_before = old_table.rows;
  changes.rows_after = new_table.rows;
  TRY_ASSIGN(regions, FindRegions(columns.common, loader, before, after));
  matcher.emplace(before, columns.common, loader);
  walk.emplace(before, after, regions, columns.common.size(), WantedOf(columns.hashed), *matcher, loader, context);
  return absl::OkStatus();
}

std::vector<WantedColumn> TableDiff::State::WantedOf(std::span<const size_t> common) const {
  std::vector<WantedColumn> wanted;
  for (const size_t i : common) wanted.push_back({.id = columns.common[i].id, .type = columns.common[i].type});
  return wanted;
}

std::vector<size_t> TableDiff::State::AllCommon() const {
  std::vector<size_t> all(columns.common.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}

int64_t TableDiff::State::Wanted(Op op, int64_t rows) const {
  if (options.rows_of_each_kind < 0) return rows;
  return std::min(rows, options.rows_of_each_kind - handed_out[op]);
}

std::string TableDiff::State::NamesOf(std::span<const size_t> common) const {
  std::string names;
  for (const size_t i : common) {
    names += (names.empty() ? "" : ",") + changes.columns[columns.change_of[i]].after->name;
  }
  return names;
}

absl::Status TableDiff::State::HandOut(Op op, ChangeBlock block) {
  block.cells.resize(columns.fields.size());
  handed_out[op] += block.rows();
  if (is_turned) {
    std::swap(block.old_rows, block.new_rows);
    if (op == kRemoved || op == kAdded) op = op == kRemoved ? kAdded : kRemoved;
  }
  block.op = kOpNames[op];
  TRY_ASSIGN(batches.emplace_back(), MakeChangeBatch(schema, columns.fields, block));
  return absl::OkStatus();
}

absl::Status TableDiff::State::WalkOn() {
  TRY_ASSIGN(MatchedGroup group, walk->Next());
  const DiffRegion& region = regions[group.region];
  if (before_row < 0) before_row = region.before_row;
  for (MatchedTile& tile : group.tiles) TRY(Finish(tile));
  if (group.ends_region) {
    removed.Add(before_row, region.before_row + before.RowsOf(region.before_first, region.before_end));
    before_row = -1;
  }
  context.Report({.stage = "comparing", .unit = "rows", .done = 0, .total = 0});
  return absl::OkStatus();
}

/// Rows that were paired and are not the same row: with another declared key; with another value of the column that
/// tells rows apart and of another one; without such a column, with no equal value at all.
void TableDiff::State::Split(TileMatch& match) const {
  std::vector<int32_t> changed(match.from.size(), 0);
  for (const TileMatch::Column& column : match.columns) {
    for (const int64_t row : column.changed) ++changed[static_cast<size_t>(row)];
  }
  std::vector<bool> is_split(match.from.size(), false);
  bool any = false;
  const auto split = [&](int64_t row) {
    is_split[static_cast<size_t>(row)] = true;
    match.from[static_cast<size_t>(row)] = -1;
    any = true;
  };
  for (const size_t key : columns.key) {
    for (const int64_t row : match.columns[key].changed) {
      if (columns.is_key_declared || changed[static_cast<size_t>(row)] > 1) split(row);
    }
  }
  if (columns.key.empty() && columns.common.size() > 1) {
    for (const int64_t row : match.columns.front().changed) {
      if (static_cast<size_t>(changed[static_cast<size_t>(row)]) == columns.common.size()) split(row);
    }
  }
  if (!any) return;
  for (TileMatch::Column& column : match.columns) {
    std::erase_if(column.changed, [&](int64_t row) { return is_split[static_cast<size_t>(row)]; });
  }
}

absl::Status TableDiff::State::Finish(MatchedTile& tile) {
  TRY(context.CheckCancelled());
  TileMatch& match = tile.match;
  MatchValues values(before, columns.common, tile, *matcher, loader, context);
  TRY(FindChangedCells(before, columns.common, tile, values));
  if (!match.columns.empty()) Split(match);
  const int64_t start = after.starts[tile.tile];
  for (size_t row = 0; row < match.from.size(); ++row) {
    if (match.from[row] < 0) {
      added.Add(start + static_cast<int64_t>(row), start + static_cast<int64_t>(row) + 1);
      continue;
    }
    const int64_t at = before.starts[match.first] + match.from[row];
    removed.Add(before_row, at);
    before_row = at + 1;
  }
  std::vector<int64_t> rows;
  for (size_t i = 0; i < match.columns.size(); ++i) {
    const std::vector<int64_t>& changed = match.columns[i].changed;
    changes.columns[columns.change_of[i]].changed_cells += static_cast<int64_t>(changed.size());
    std::vector<int64_t> all;
    std::set_union(rows.begin(), rows.end(), changed.begin(), changed.end(), std::back_inserter(all));
    rows = std::move(all);
  }
  changes.rows_changed += static_cast<int64_t>(rows.size());
  rows.resize(static_cast<size_t>(Wanted(kChanged, static_cast<int64_t>(rows.size()))));
  return rows.empty() ? absl::OkStatus() : HandOutChanged(tile, values, rows);
}

absl::Status TableDiff::State::HandOutChanged(const MatchedTile& tile, MatchValues& values,
                                              std::span<const int64_t> rows) {
  const TileMatch& match = tile.match;
  std::vector<std::vector<size_t>> names(rows.size());
  std::vector<size_t> wanted = columns.key;
  ChangeBlock block;
  // For each common column the rows that are given: those where it changed, and all of the key.
  std::vector<std::vector<int64_t>> given(match.columns.size(), std::vector<int64_t>(rows.size(), -1));
  for (const size_t key : columns.key) std::copy(rows.begin(), rows.end(), given[key].begin());
  for (size_t i = 0; i < match.columns.size(); ++i) {
    const std::vector<int64_t>& changed = match.columns[i].changed;
    bool is_given = false;
    for (size_t row = 0; row < rows.size(); ++row) {
      if (!std::binary_search(changed.begin(), changed.end(), rows[row])) continue;
      names[row].push_back(i);
      given[i][row] = rows[row];
      is_given = true;
    }
    if (is_given && std::find(wanted.begin(), wanted.end(), i) == wanted.end()) wanted.push_back(i);
  }
  TRY(values.Load(wanted));
  for (size_t row = 0; row < rows.size(); ++row) {
    block.names.push_back(NamesOf(names[row]));
    block.old_rows.push_back(before.starts[match.first] + match.from[static_cast<size_t>(rows[row])]);
    block.new_rows.push_back(after.starts[tile.tile] + rows[row]);
  }
  block.cells.resize(columns.fields.size());
  for (size_t field = 0; field < columns.fields.size(); ++field) {
    const int64_t common = columns.sources[field].common;
    if (common < 0) continue;
    const auto column = static_cast<size_t>(common);
    if (std::find(wanted.begin(), wanted.end(), column) == wanted.end()) continue;
    const bool is_after = IsOfAfter(columns.fields[field]);
    ChangeCells& cells = block.cells[field];
    cells.leaf = is_after ? &values.after(column) : &values.before(column);
    cells.rows = given[column];
    for (int64_t& row : cells.rows) {
      if (row >= 0 && !is_after) row = match.from[static_cast<size_t>(row)];
    }
  }
  return HandOut(kChanged, std::move(block));
}

absl::Status TableDiff::State::JoinRows() {
  is_joined = true;
  const std::vector<WantedColumn> hashed = WantedOf(columns.key.empty() ? AllCommon() : columns.key);
  const bool is_guess = !columns.key.empty() && !columns.is_key_declared;
  std::vector<int64_t> paired_before;
  std::vector<int64_t> paired_after;
  if (removed.Count() > 0 && added.Count() > 0 && !hashed.empty()) {
    TRY_ASSIGN(const auto old_rows, HashesOf(before, removed, hashed, loader, context));
    TRY_ASSIGN(const auto new_rows, HashesOf(after, added, hashed, loader, context));
    for (size_t i = 0, j = 0; i < old_rows.size() && j < new_rows.size();) {
      if (old_rows[i].first != new_rows[j].first) {
        old_rows[i].first < new_rows[j].first ? ++i : ++j;
        continue;
      }
      const uint64_t hash = old_rows[i].first;
      const auto repeats = [hash](const auto& rows, size_t at) {
        return at + 1 < rows.size() && rows[at + 1].first == hash;
      };
      // A value that repeats tells no rows apart, whatever was seen when the column was chosen.
      const bool is_doubtful = is_guess && (repeats(old_rows, i) || repeats(new_rows, j));
      for (; i < old_rows.size() && j < new_rows.size() && old_rows[i].first == hash && new_rows[j].first == hash;
           ++i, ++j) {
        if (is_doubtful) continue;
        pairs.push_back({.before = old_rows[i].second, .after = new_rows[j].second});
        paired_before.push_back(old_rows[i].second);
        paired_after.push_back(new_rows[j].second);
      }
      while (i < old_rows.size() && old_rows[i].first == hash) ++i;
      while (j < new_rows.size() && new_rows[j].first == hash) ++j;
    }
  }
  std::sort(paired_before.begin(), paired_before.end());
  std::sort(paired_after.begin(), paired_after.end());
  std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.after < b.after; });
  gone = removed.Without(paired_before);
  fresh = added.Without(paired_after);
  (is_turned ? changes.rows_added : changes.rows_removed) = gone.Count();
  (is_turned ? changes.rows_removed : changes.rows_added) = fresh.Count();
  return absl::OkStatus();
}

absl::Status TableDiff::State::FinishPairs() {
  const size_t end = std::min(next_pair + static_cast<size_t>(kBlockRows), pairs.size());
  const std::span<const Pair> block = std::span(pairs).subspan(next_pair, end - next_pair);
  next_pair = end;
  std::vector<int64_t> old_rows;
  std::vector<int64_t> new_rows;
  for (const Pair& pair : block) {
    old_rows.push_back(pair.before);
    new_rows.push_back(pair.after);
  }
  const std::vector<size_t> all = AllCommon();
  TRY_ASSIGN(const std::vector<Leaf> old_values, GatherRows(before, old_rows, WantedOf(all), loader, context));
  TRY_ASSIGN(const std::vector<Leaf> new_values, GatherRows(after, new_rows, WantedOf(all), loader, context));
  std::vector<std::vector<size_t>> changed(block.size());
  for (const size_t column : all) {
    const RowEdits edits = KeepAll(static_cast<int64_t>(block.size()));
    const std::vector<int64_t> rows = ChangedRows(old_values[column], new_values[column], edits);
    changes.columns[columns.change_of[column]].changed_cells += static_cast<int64_t>(rows.size());
    for (const int64_t row : rows) changed[static_cast<size_t>(row)].push_back(column);
  }
  std::array<std::vector<int64_t>, 2> rows_of;  // kChanged and kMoved
  for (size_t i = 0; i < block.size(); ++i) {
    // An equal row that stands in the same place among the rows that stay is no change at all.
    const int64_t old_rank = block[i].before - removed.CountBefore(block[i].before);
    const int64_t new_rank = block[i].after - added.CountBefore(block[i].after);
    if (changed[i].empty() && old_rank == new_rank && block[i].before > last_in_place) {
      last_in_place = block[i].before;
      continue;
    }
    rows_of[changed[i].empty() ? kMoved : kChanged].push_back(static_cast<int64_t>(i));
  }
  changes.rows_changed += static_cast<int64_t>(rows_of[kChanged].size());
  changes.rows_moved += static_cast<int64_t>(rows_of[kMoved].size());
  for (const Op op : {kChanged, kMoved}) {
    rows_of[op].resize(static_cast<size_t>(Wanted(op, static_cast<int64_t>(rows_of[op].size()))));
    if (!rows_of[op].empty()) TRY(HandOutPairs(op, block, rows_of[op], changed, old_values, new_values));
  }
  return absl::OkStatus();
}

absl::Status TableDiff::State::HandOutPairs(Op op, std::span<const Pair> block, std::span<const int64_t> rows,
                                            std::span<const std::vector<size_t>> changed,
                                            std::span<const Leaf> old_values, std::span<const Leaf> new_values) {
  ChangeBlock given;
  std::vector<std::vector<int64_t>> cells(columns.common.size(), std::vector<int64_t>(rows.size(), -1));
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto at = static_cast<size_t>(rows[i]);
    given.old_rows.push_back(block[at].before);
    given.new_rows.push_back(block[at].after);
    if (op == kChanged) given.names.push_back(NamesOf(changed[at]));
    for (const size_t key : columns.key) cells[key][i] = rows[i];
    for (const size_t column : changed[at]) cells[column][i] = rows[i];
  }
  given.cells.resize(columns.fields.size());
  for (size_t field = 0; field < columns.fields.size(); ++field) {
    if (columns.sources[field].common < 0) continue;
    const auto column = static_cast<size_t>(columns.sources[field].common);
    given.cells[field] = {.leaf = IsOfAfter(columns.fields[field]) ? &new_values[column] : &old_values[column],
                          .rows = cells[column]};
  }
  return HandOut(op, std::move(given));
}

absl::Status TableDiff::State::HandOutRest() {
  const bool is_added = next_removed == gone.Count() || Wanted(kRemoved, 1) == 0;
  const Op op = is_added ? kAdded : kRemoved;
  int64_t& next = is_added ? next_added : next_removed;
  const RowRanges& rows = is_added ? fresh : gone;
  const DiffSide& side = is_added ? after : before;
  std::vector<int64_t> positions(static_cast<size_t>(Wanted(op, std::min(kBlockRows, rows.Count() - next))));
  for (int64_t& position : positions) position = rows.At(next++);
  std::vector<WantedColumn> wanted;
  std::vector<size_t> fields;
  for (size_t field = 0; field < columns.fields.size(); ++field) {
    if (IsOfAfter(columns.fields[field]) != is_added) continue;
    fields.push_back(field);
    wanted.push_back({.id = columns.sources[field].id, .type = columns.fields[field].type});
  }
  TRY_ASSIGN(const std::vector<Leaf> values, GatherRows(side, positions, wanted, loader, context));
  std::vector<int64_t> all(positions.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
  ChangeBlock block;
  block.cells.resize(columns.fields.size());
  for (size_t i = 0; i < fields.size(); ++i) block.cells[fields[i]] = {.leaf = &values[i], .rows = all};
  (is_added ? block.new_rows : block.old_rows) = std::move(positions);
  return HandOut(op, std::move(block));
}

TableDiff::TableDiff(std::unique_ptr<State> state) : state_(std::move(state)) {}
TableDiff::~TableDiff() = default;

absl::StatusOr<std::unique_ptr<TableDiff>> TableDiff::Make(TableObject before, TableObject after, TileLoader& loader,
                                                           const DiffOptions& options, const Context& context) {
  auto state = std::make_unique<State>(loader, context);
  state->options = options;
  state->is_turned = options.is_backwards;
  if (options.is_backwards) std::swap(before, after);
  TRY(state->Start(std::move(before), std::move(after)));
  return std::unique_ptr<TableDiff>(new TableDiff(std::move(state)));
}

std::shared_ptr<arrow::Schema> TableDiff::schema() const { return state_->schema; }
const TableChanges& TableDiff::changes() const { return state_->changes; }

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> TableDiff::Next() {
  State& state = *state_;
  while (state.batches.empty()) {
    if (!state.walk->AtEnd()) {
      TRY(state.WalkOn());
    } else if (!state.is_joined) {
      TRY(state.JoinRows());
    } else if (state.next_pair < state.pairs.size()) {
      TRY(state.FinishPairs());
    } else if ((state.next_removed < state.gone.Count() && state.Wanted(kRemoved, 1) > 0) ||
               (state.next_added < state.fresh.Count() && state.Wanted(kAdded, 1) > 0)) {
      TRY(state.HandOutRest());
    } else {
      return nullptr;
    }
  }
  std::shared_ptr<arrow::RecordBatch> batch = std::move(state.batches.front());
  state.batches.pop_front();
  return batch;
}

namespace {

class DiffReader : public arrow::RecordBatchReader {
 public:
  DiffReader(std::unique_ptr<TableDiff> diff, TableChanges* changes) : diff_(std::move(diff)), changes_(changes) {}

  std::shared_ptr<arrow::Schema> schema() const override { return diff_->schema(); }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> next = diff_->Next();
    if (!next.ok()) return table::ToArrow(next.status());
    *batch = *std::move(next);
    if (*batch == nullptr && changes_ != nullptr) *changes_ = diff_->changes();
    return arrow::Status::OK();
  }

 private:
  std::unique_ptr<TableDiff> diff_;
  TableChanges* changes_;
};

/// Whether the same id may have been given to two columns.
bool AreDoubtful(const TableObject& a, const TableObject& b) {
  return std::any_of(a.columns.begin(), a.columns.end(), [&](const StoredColumn& column) {
    return std::any_of(b.columns.begin(), b.columns.end(),
                       [&](const StoredColumn& other) { return other.id == column.id && other.name != column.name; });
  });
}

}  // namespace

absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> DiffRows(Store& store, const CommitInfo& before,
                                                                   const CommitInfo& after, const DiffOptions& options,
                                                                   const Context& context, TableChanges* changes) {
  TRY_ASSIGN(TableObject old_table, store.LoadTable(before));
  TRY_ASSIGN(TableObject new_table, store.LoadTable(after));
  DiffOptions known = options;
  known.is_backwards = before.dataset == after.dataset && before.version > after.version;
  if (AreDoubtful(old_table, new_table)) {
    TRY_ASSIGN(const std::optional<CommitInfo> base, CommonAncestor(store.objects(), before, after));
    known.shared_columns = 0;
    if (base.has_value()) {
      TRY_ASSIGN(const TableObject table, store.LoadTable(*base));
      known.shared_columns = table.next_column_id;
    }
  }
  TRY_ASSIGN(auto diff, TableDiff::Make(std::move(old_table), std::move(new_table), store.tiles(), known, context));
  return std::make_shared<DiffReader>(std::move(diff), changes);
}

}  // namespace roost::store
