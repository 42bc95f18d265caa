#include "registry/ensure_table.h"

#include <fmt/format.h>

#include "base/status.h"

namespace roost::registry {

absl::Status EnsureTable(store::Database& database, std::string_view table, const std::vector<std::string>& create) {
  const absl::Status looked = database.Query(fmt::format("SELECT 1 FROM {} LIMIT 1", table)).status();
  // Internal is what the database says of SQL that it does not understand, such as the name of no table.
  if (!absl::IsInternal(looked)) return looked;
  for (const std::string& statement : create) TRY(database.Execute(statement).status());
  return absl::OkStatus();
}

}  // namespace roost::registry
