#pragma once

#include <string>

#include "store/object_store.h"
#include "store/store_location.h"

namespace roost::store {

/// The kinds of database that tests run over.
enum class DatabaseKind { kSqlite, kPostgres };

/// The kind as the name of a test's parameter.
std::string ToString(DatabaseKind kind);

/// Where to find a new, empty database of this kind: a file in `folder`, which is made, or a URL of a PostgreSQL server
/// of this process, which runs until the process ends. Ends the test program where the server cannot be started.
std::string NewDatabase(DatabaseKind kind, const std::string& folder);

/// The kind that this run of the test program is over: SQLite, or what ROOST_TEST_DATABASE ("postgres") says. Suites
/// that are to run over both take it, and are named under ON_POSTGRES in their CMakeLists.txt.
DatabaseKind KindOfThisRun();

/// Where a test puts a new store: its objects in `folder` or, where ROOST_TEST_OBJECTS is "s3", in a bucket of an S3
/// server of this process; its database in `folder` too, or on the database server of this run. Suites that are to run
/// over S3 too are named under ON_S3 in their CMakeLists.txt. Sets the AWS_* variables of the process.
StoreLocation NewLocation(const std::string& folder);

/// Puts `bytes` in the place of the object `key`, as no part of the program does.
void Overwrite(ObjectStore& objects, const std::string& key, const std::string& bytes);

}  // namespace roost::store
