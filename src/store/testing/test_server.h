#pragma once

#include <string>

namespace roost::store {

/// The kinds of database that tests run over.
enum class DatabaseKind { kSqlite, kPostgres };

/// The kind as the name of a test's parameter.
std::string ToString(DatabaseKind kind);

/// Where to find a new, empty database of this kind: a file in `folder`, which is made, or a URL of a PostgreSQL server
/// of this process, which runs until the process ends. Ends the test program where the server cannot be started.
std::string NewDatabase(DatabaseKind kind, const std::string& folder);

}  // namespace roost::store
