#include "registry/ensure_table.h"

#include <fmt/format.h>

namespace roost::registry {

absl::Status EnsureTable(store::Database& database, std::string_view table, const std::string& create) {
  const absl::Status looked = database.Query(fmt::format("SELECT 1 FROM {} LIMIT 1", table)).status();
  // Internal is what the database says of SQL that it does not understand, such as the name of no table.
  return absl::IsInternal(looked) ? database.Execute(create).status() : looked;
}

}  // namespace roost::registry
