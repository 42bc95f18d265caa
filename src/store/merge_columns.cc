#include "store/merge_columns.h"

#include <algorithm>
#include <utility>

#include <arrow/type.h>
#include <fmt/format.h>

#include "base/status.h"
#include "store/arrow_leaf.h"
#include "store/leaf_rows.h"

namespace roost::store {
namespace {

/// The column of `table` that is column `id` of the base.
const StoredColumn* FindBaseColumn(const TableObject& table, int64_t id) {
  for (const StoredColumn& column : table.columns) {
    if (column.id == id) return &column;
  }
  return nullptr;
}

const StoredColumn* FindColumn(const TableObject& table, const std::string& name) {
  const auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                  [&](const StoredColumn& column) { return column.name == name; });
  return found == table.columns.end() ? nullptr : &*found;
}

int64_t ChangedCells(const SideChanges& changes, int64_t id) {
  for (const ColumnChange& column : changes.summary().columns) {
    if (column.is_compared && column.before->id == id) return column.changed_cells;
  }
  return 0;
}

std::string Describe(const StoredColumn* column) {
  return column == nullptr ? "dropped" : fmt::format("{} ({})", column->name, column->type);
}

class Merger {
 public:
  Merger(const TableObject& base, const TableObject& ours, const TableObject& theirs, const SideChanges& our_changes,
         const SideChanges& their_changes, OnConflict on_conflict)
      : base_(base),
        ours_(ours),
        theirs_(theirs),
        our_changes_(our_changes),
        their_changes_(their_changes),
        takes_theirs_(on_conflict == OnConflict::kTheirs) {}

  absl::StatusOr<MergedColumns> Run() {
    for (const StoredColumn& column : ours_.columns) {
      const StoredColumn* before = IsOfBase(column) ? FindBaseColumn(base_, column.id) : nullptr;
      TRY(before != nullptr ? AddOfBase(*before, column) : AddOurs(column));
    }
    for (const StoredColumn& column : theirs_.columns) {
      const StoredColumn* before = IsOfBase(column) ? FindBaseColumn(base_, column.id) : nullptr;
      TRY(before != nullptr ? AddDroppedHere(*before, column) : AddTheirs(column));
    }
    SettleNames();
    return std::move(merged_);
  }

 private:
  bool IsOfBase(const StoredColumn& column) const { return column.id < base_.next_column_id; }

  void AddConflict(const std::string& column, const StoredColumn* base, const StoredColumn* ours,
                   const StoredColumn* theirs) {
    merged_.conflicts.push_back({.kind = "column",
                                 .column = column,
                                 .base = base == nullptr ? "not there" : Describe(base),
                                 .ours = Describe(ours),
                                 .theirs = Describe(theirs)});
  }

  absl::Status Add(MergedColumn column, const std::string& type) {
    TRY_ASSIGN(column.type, ArrowTypeOf(type));
    merged_.columns.push_back(std::move(column));
    return absl::OkStatus();
  }

  /// A column of the base that ours has.
  absl::Status AddOfBase(const StoredColumn& before, const StoredColumn& ours) {
    const StoredColumn* theirs = FindBaseColumn(theirs_, before.id);
    if (theirs == nullptr) {
      // Dropped there: it goes, unless it was changed here.
      if (ChangedCells(our_changes_, before.id) == 0) return absl::OkStatus();
      AddConflict(ours.name, &before, &ours, nullptr);
      if (takes_theirs_) return absl::OkStatus();
      return Add({.name = ours.name, .ours = ours.name, .base_id = before.id}, ours.type);
    }
    MergedColumn column{.name = ours.name, .ours = ours.name, .theirs = theirs->name, .base_id = before.id};
    if (theirs->name != before.name && theirs->name != ours.name) {
      const bool both = ours.name != before.name;
      if (both) AddConflict(before.name, &before, &ours, theirs);
      if (!both || takes_theirs_) column.name = theirs->name;
    }
    TRY_ASSIGN(const LeafType our_type, LeafTypeOfName(ours.type));
    TRY_ASSIGN(const LeafType their_type, LeafTypeOfName(theirs->type));
    if (our_type == their_type) return Add(std::move(column), ours.type == before.type ? theirs->type : ours.type);
    if (CanWiden(their_type, our_type)) return Add(std::move(column), ours.type);
    if (CanWiden(our_type, their_type)) return Add(std::move(column), theirs->type);
    AddConflict(before.name, &before, &ours, theirs);
    if (!takes_theirs_) {
      column.theirs.clear();
      return Add(std::move(column), ours.type);
    }
    column.is_theirs = true;
    return Add(std::move(column), theirs->type);
  }

  /// A column of the base that theirs has; ours are done already.
  absl::Status AddDroppedHere(const StoredColumn& before, const StoredColumn& theirs) {
    const StoredColumn* ours = FindBaseColumn(ours_, before.id);
    if (ours != nullptr || ChangedCells(their_changes_, before.id) == 0) return absl::OkStatus();
    AddConflict(theirs.name, &before, nullptr, &theirs);
    if (!takes_theirs_) return absl::OkStatus();
    return Add({.name = theirs.name, .theirs = theirs.name, .base_id = before.id, .is_theirs = true}, theirs.type);
  }

  absl::Status AddOurs(const StoredColumn& ours) {
    const StoredColumn* theirs = nullptr;
    for (const StoredColumn& column : theirs_.columns) {
      if (!IsOfBase(column) && column.name == ours.name) theirs = &column;
    }
    MergedColumn column{.name = ours.name, .ours = ours.name};
    if (theirs == nullptr) return Add(std::move(column), ours.type);
    if (ours.type == theirs->type) {
      column.theirs = theirs->name;
      column.is_added_twice = true;
      column.is_theirs = takes_theirs_;
      return Add(std::move(column), ours.type);
    }
    AddConflict(ours.name, nullptr, &ours, theirs);
    if (!takes_theirs_) return Add(std::move(column), ours.type);
    column.theirs = theirs->name;
    column.is_theirs = true;
    return Add(std::move(column), theirs->type);
  }

  absl::Status AddTheirs(const StoredColumn& theirs) {
    // Of the same new name on both sides ours has told.
    const bool is_told = std::any_of(ours_.columns.begin(), ours_.columns.end(), [&](const StoredColumn& column) {
      return !IsOfBase(column) && column.name == theirs.name;
    });
    if (is_told) return absl::OkStatus();
    return Add({.name = theirs.name, .theirs = theirs.name, .is_theirs = true}, theirs.type);
  }

  /// Of two columns with one name, one has it from ours and one from theirs. Each step gives a column the name that the
  /// winning side has for it, or drops one, so it ends.
  void SettleNames() {
    std::vector<MergedColumn>& columns = merged_.columns;
    for (size_t i = 0; i < columns.size();) {
      const auto end = columns.begin() + static_cast<ptrdiff_t>(i);
      const auto other = std::find_if(columns.begin(), end,
                                      [&](const MergedColumn& column) { return column.name == columns[i].name; });
      if (other == end) {
        ++i;
        continue;
      }
      AddNameConflict(other->name);
      Rename(WinnersName(*other) == other->name ? columns.begin() + static_cast<ptrdiff_t>(i) : other);
      i = 0;
    }
  }

  const std::string& WinnersName(const MergedColumn& column) const {
    return takes_theirs_ ? column.theirs : column.ours;
  }

  void Rename(std::vector<MergedColumn>::iterator column) {
    if (WinnersName(*column).empty()) {
      merged_.columns.erase(column);
    } else {
      column->name = WinnersName(*column);
    }
  }

  void AddNameConflict(const std::string& name) {
    const StoredColumn* before = FindColumn(base_, name);
    merged_.conflicts.push_back({.kind = "column",
                                 .column = name,
                                 .base = before == nullptr ? "not there" : Describe(before),
                                 .ours = DescribeOrigin(FindColumn(ours_, name)),
                                 .theirs = DescribeOrigin(FindColumn(theirs_, name))});
  }

  /// A column of a side, and where it comes from.
  std::string DescribeOrigin(const StoredColumn* column) const {
    const StoredColumn* before = column != nullptr && IsOfBase(*column) ? FindBaseColumn(base_, column->id) : nullptr;
    if (column == nullptr || (before != nullptr && before->name == column->name)) return Describe(column);
    return Describe(column) + (before == nullptr ? ", new" : fmt::format(", was {}", before->name));
  }

  const TableObject& base_;
  const TableObject& ours_;
  const TableObject& theirs_;
  const SideChanges& our_changes_;
  const SideChanges& their_changes_;
  const bool takes_theirs_;
  MergedColumns merged_;
};

}  // namespace

absl::StatusOr<MergedColumns> MergeColumns(const TableObject& base, const TableObject& ours, const TableObject& theirs,
                                           const SideChanges& our_changes, const SideChanges& their_changes,
                                           OnConflict on_conflict) {
  return Merger(base, ours, theirs, our_changes, their_changes, on_conflict).Run();
}

}  // namespace roost::store
