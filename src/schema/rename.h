#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "profile/summary.h"
#include "schema/schema.h"

namespace roost::schema {

/// A required column that the data lacks, and a column of the data that the schema lacks, which look like the same one.
struct Rename {
  const ColumnRules* from = nullptr;
  const profile::ColumnSummary* to = nullptr;
  std::string evidence;  ///< "both are integer, its values lie in the same range"
};

/// The likeliest renames, no column in two of them, in the schema's order. Types must match, and the column be in the
/// environment; beyond that names, known values, ranges, and being the only such pair are weighed. Cost: missing
/// columns times new columns; where that is more than 10,000 pairs, there are none.
std::vector<Rename> FindRenames(const Schema& schema, const profile::ProfileSummary& summary,
                                std::string_view environment = "");

/// Gives the column `from` the name `to`, wherever the schema names it or what is inside it: columns ("tags[]",
/// "address.city"), keys, features, derived columns, rules of its own. FailedPrecondition, with `schema` in no use any
/// more, where an expression that names it cannot be read and so not be changed.
absl::Status RenameColumn(const std::string& from, const std::string& to, Schema& schema);

}  // namespace roost::schema
