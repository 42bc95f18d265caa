#include "profile/summary.h"

namespace roost::profile {
namespace {

const ColumnSummary* FindIn(const std::vector<ColumnSummary>& columns, std::string_view name) {
  for (const ColumnSummary& column : columns) {
    if (column.name == name) return &column;
    if (!name.starts_with(column.name)) continue;
    if (const ColumnSummary* child = FindIn(column.children, name)) return child;
  }
  return nullptr;
}

}  // namespace

const ColumnSummary* ProfileSummary::Find(std::string_view name) const { return FindIn(columns, name); }

}  // namespace roost::profile
