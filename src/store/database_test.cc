#include "store/database.h"

#include <sys/mount.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "store/sql_connection.h"
#include "store/testing/database_faults.h"
#include "store/testing/test_server.h"

namespace roost::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string FreshFolder() {
  const std::string folder = fmt::format("{}roost_database_{}", ::testing::TempDir(), ::getpid());
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

class DatabaseTest : public ::testing::TestWithParam<DatabaseKind> {
 protected:
  DatabaseTest() : folder_(FreshFolder()), url_(NewDatabase(GetParam(), folder_)), database_(*Database::Open(url_)) {}
  ~DatabaseTest() override { std::filesystem::remove_all(folder_); }

  void Run(const std::string& sql) {
    const auto done = database_->Execute(sql);
    ASSERT_TRUE(done.ok()) << done.status();
  }
  int64_t Number(const std::string& sql) { return std::get<int64_t>(database_->Query(sql).value().at(0).at(0)); }

  std::string folder_;
  std::string url_;
  std::unique_ptr<Database> database_;
};

std::string NameOf(const ::testing::TestParamInfo<DatabaseKind>& info) { return ToString(info.param); }
INSTANTIATE_TEST_SUITE_P(Kinds, DatabaseTest, ::testing::Values(DatabaseKind::kSqlite, DatabaseKind::kPostgres),
                         NameOf);

TEST_P(DatabaseTest, ValuesOfEveryKindAreReadBack) {
  Run("CREATE TABLE t (i BIGINT, d DOUBLE PRECISION, s TEXT, n TEXT)");
  const int64_t big = std::numeric_limits<int64_t>::min();
  const SqlRow row{big, 0.1, std::string("it's; \\ \"q\" :p1 \xc3\xa9"), std::monostate()};
  EXPECT_EQ(*database_->Execute("INSERT INTO t VALUES (:p1, :p2, :p3, :p4)", row), 1);
  const auto rows = database_->Query("SELECT i, d, s, n FROM t");
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_THAT(*rows, ElementsAre(row));
  EXPECT_EQ(Number("SELECT MIN(i) FROM t"), big);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM t"), 1);
  EXPECT_EQ(Number("SELECT SUM(i + 1) FROM t"), big + 1);
  EXPECT_THAT(*database_->Query("SELECT MAX(d), MIN(s), MAX(n) FROM t"),
              ElementsAre(SqlRow{0.1, row[2], std::monostate()}));
  EXPECT_THAT(*database_->Query("SELECT i FROM t WHERE i = :p1", {int64_t{7}}), IsEmpty());
}

TEST_P(DatabaseTest, ANullInTheFirstRowDoesNotDecideTheTypeOfTheNext) {
  Run("CREATE TABLE t (k BIGINT, i BIGINT)");
  Run("INSERT INTO t VALUES (1, NULL), (2, 5)");
  EXPECT_THAT(*database_->Query("SELECT i FROM t ORDER BY k"),
              ElementsAre(SqlRow{std::monostate()}, SqlRow{int64_t{5}}));
}

TEST_P(DatabaseTest, TextsSortByTheirBytes) {
  Run("CREATE TABLE t (s TEXT NOT NULL)");
  Run("INSERT INTO t VALUES ('b'), ('a_'), ('B'), ('a'), ('a1'), ('\xc3\xa4')");
  const auto rows = database_->Query("SELECT s FROM t ORDER BY s");
  ASSERT_TRUE(rows.ok()) << rows.status();
  std::vector<std::string> sorted;
  for (const SqlRow& row : *rows) sorted.push_back(std::get<std::string>(row[0]));
  EXPECT_THAT(sorted, ElementsAre("B", "a", "a1", "a_", "b", "\xc3\xa4"));
}

TEST_P(DatabaseTest, AFailedTransactionLeavesNothing) {
  Run("CREATE TABLE t (i BIGINT)");
  const absl::Status failed = database_->InTransaction([&]() -> absl::Status {
    TRY(database_->Execute("INSERT INTO t VALUES (1)").status());
    return absl::AbortedError("no");
  });
  EXPECT_TRUE(absl::IsAborted(failed));
  EXPECT_TRUE(database_->InTransaction([&] { return database_->Execute("INSERT INTO t VALUES (2)").status(); }).ok());
  EXPECT_THAT(*database_->Query("SELECT i FROM t"), ElementsAre(SqlRow{int64_t{2}}));
}

TEST_P(DatabaseTest, AFailedStatementFailsItsTransactionAlsoWhereItsErrorIsNotLookedAt) {
  Run("CREATE TABLE t (i BIGINT PRIMARY KEY)");
  const absl::Status failed = database_->InTransaction([&]() -> absl::Status {
    TRY(database_->Execute("INSERT INTO t VALUES (1)").status());
    database_->Execute("INSERT INTO t VALUES (1)").IgnoreError();
    return absl::OkStatus();
  });
  EXPECT_TRUE(absl::IsAlreadyExists(failed)) << failed;
  EXPECT_EQ(Number("SELECT COUNT(*) FROM t"), 0);
}

TEST_P(DatabaseTest, ErrorsAreStatuses) {
  Run("CREATE TABLE t (i BIGINT PRIMARY KEY)");
  Run("INSERT INTO t VALUES (1)");
  EXPECT_TRUE(absl::IsAlreadyExists(database_->Execute("INSERT INTO t VALUES (1)").status()));
  EXPECT_TRUE(absl::IsInternal(database_->Execute("NONSENSE").status()));
  EXPECT_TRUE(absl::IsInternal(database_->Query("SELECT nothing FROM nowhere").status()));
  EXPECT_EQ(Number("SELECT COUNT(*) FROM t"), 1);
  EXPECT_TRUE(absl::IsInternal(
      database_->InTransaction([&] { return database_->InTransaction([] { return absl::OkStatus(); }); })));
}

TEST_P(DatabaseTest, NoUpdateOfManyWritersIsLost) {
  constexpr int kWriters = 16;
  constexpr int kUpdates = 5;
  Run("CREATE TABLE t (i BIGINT NOT NULL)");
  Run("INSERT INTO t VALUES (0)");
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&] {
      const auto own = Database::Open(url_).value();
      for (int update = 0; update < kUpdates; ++update) {
        const absl::Status done = own->InTransaction([&]() -> absl::Status {
          TRY_ASSIGN(const std::vector<SqlRow> rows, own->Query("SELECT i FROM t"));
          return own->Execute("UPDATE t SET i = :p1", {std::get<int64_t>(rows.at(0).at(0)) + 1}).status();
        });
        EXPECT_TRUE(done.ok()) << done;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(Number("SELECT i FROM t"), kWriters * kUpdates);
}

TEST_P(DatabaseTest, ManyProcessesMakeTheSameTablesAtOnce) {
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 8; ++writer) {
    writers.emplace_back([&] {
      const auto own = Database::Open(url_).value();
      const auto made = own->Execute("CREATE TABLE IF NOT EXISTS t (i BIGINT PRIMARY KEY, s TEXT NOT NULL UNIQUE)");
      EXPECT_TRUE(made.ok()) << made.status();
    });
  }
  for (std::thread& writer : writers) writer.join();
}

TEST_P(DatabaseTest, AFaultAtAnyWriteOfATransactionLeavesAllOrNothing) {
  Run("CREATE TABLE t (i BIGINT)");
  using Effect = DatabaseFaults::Effect;
  for (const Effect effect : {Effect::kFails, Effect::kDies}) {
    for (int64_t write = 1;; ++write) {
      Run("DELETE FROM t");
      bool happened = false;
      bool was_kept = false;
      {
        DatabaseFaults faults(*database_);
        faults.At(write, effect);
        const absl::Status done = database_->InTransaction([&]() -> absl::Status {
          TRY(database_->Execute("INSERT INTO t VALUES (1)").status());
          return database_->Execute("INSERT INTO t VALUES (2)").status();
        });
        happened = faults.happened();
        was_kept = faults.was_kept();
        EXPECT_EQ(done.ok(), !happened);
      }
      EXPECT_EQ(Number("SELECT COUNT(*) FROM t"), !happened || was_kept ? 2 : 0) << write;
      if (!happened) {
        EXPECT_EQ(write, 5);  // two statements, the end, and after it
        break;
      }
    }
  }
}

// --- what only SQLite does

TEST(SqliteDatabase, WhatIsNoDatabaseIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(Database::Open("mysql://user:secret@host/x").status()));
  EXPECT_THAT(std::string(Database::Open("mysql://user:secret@host/x").status().message()), Not(HasSubstr("secret")));
  EXPECT_FALSE(Database::Open("/nonexistent/folder/x.sqlite").ok());
}

TEST(SqliteDatabase, AForeignFileIsDataLoss) {
  const std::string folder = FreshFolder();
  std::ofstream(folder + "/x.sqlite") << std::string(4096, 'x');
  EXPECT_TRUE(absl::IsDataLoss(Database::Open(folder + "/x.sqlite").status()));
  std::filesystem::remove_all(folder);
}

// --- what only PostgreSQL does

class PostgresTest : public ::testing::Test {
 protected:
  PostgresTest() : url_(NewDatabase(DatabaseKind::kPostgres, "")), database_(*Database::Open(url_)) {}

  /// The URL with `part` replaced.
  std::string With(const std::string& part, const std::string& other) {
    std::string url = url_;
    return url.replace(url.find(part), part.size(), other);
  }

  /// What opening `url` says, after a check that it says it in seconds, with a hint, and without the password.
  absl::Status Refusal(const std::string& url) {
    const auto start = std::chrono::steady_clock::now();
    const absl::Status status = Database::Open(url).status();
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
    EXPECT_NE(HintOf(status), "");
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
    return status;
  }

  /// Ends the connection of `database_`, as a server that is restarted does.
  void Disconnect() {
    const auto other = Database::Open(url_).value();
    const auto ended = other->Query(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
        "pg_backend_pid() AND backend_type = 'client backend'");
    ASSERT_TRUE(ended.ok()) << ended.status();
    ASSERT_EQ(ended->size(), 1u);
  }

  std::string url_;
  std::unique_ptr<Database> database_;
};

TEST_F(PostgresTest, AWrongAddressIsSaidInSeconds) {
  EXPECT_TRUE(absl::IsUnauthenticated(Refusal(With("roost-secret", "roost-secret2"))));
  EXPECT_TRUE(absl::IsUnauthenticated(Refusal(With("roost:roost-secret", "nobody:secret"))));
  EXPECT_TRUE(absl::IsNotFound(Refusal(url_ + "_not")));
  EXPECT_TRUE(absl::IsUnavailable(Refusal("postgresql://roost:secret@127.0.0.1:1/x")));
  EXPECT_TRUE(absl::IsInvalidArgument(Refusal("postgresql://roost:%zzsecret@127.0.0.1:1/x")));
  EXPECT_TRUE(absl::IsInvalidArgument(Refusal("postgresql://roost:secret@127.0.0.1:1/x?nonsense=1")));
}

TEST_F(PostgresTest, ATooOldServerIsNamed) {
  const absl::Status old = CheckPostgresVersion("postgresql://u@h:1/d", 110022);
  EXPECT_TRUE(absl::IsFailedPrecondition(old));
  EXPECT_THAT(std::string(old.message()), HasSubstr("PostgreSQL 11.22; Roost needs 12 or newer"));
  EXPECT_TRUE(CheckPostgresVersion("postgresql://u@h:1/d", 120000).ok());
}

TEST_F(PostgresTest, WordsOfTheServerGiveTheKindOfTheError) {
  const auto kind = [](const std::string& words) { return PostgresConnectError("db", words).code(); };
  EXPECT_EQ(kind("FATAL:  no pg_hba.conf entry for host"), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(kind("FATAL:  sorry, too many clients already"), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(kind("timeout expired"), absl::StatusCode::kUnavailable);
}

TEST_F(PostgresTest, AReaderDoesNotNoticeALostConnection) {
  ASSERT_TRUE(database_->Execute("CREATE TABLE t (i BIGINT)").ok());
  Disconnect();
  const auto rows = database_->Query("SELECT COUNT(*) FROM t");
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(std::get<int64_t>((*rows)[0][0]), 0);
}

TEST_F(PostgresTest, AQueryMayNotWrite) {
  ASSERT_TRUE(database_->Execute("CREATE TABLE t (i BIGINT)").ok());
  EXPECT_FALSE(database_->Query("INSERT INTO t VALUES (1) RETURNING i").ok());
}

TEST_F(PostgresTest, AWriterWhoseConnectionIsLostAnywhereWritesOnce) {
  ASSERT_TRUE(database_->Execute("CREATE TABLE t (i BIGINT)").ok());
  for (int64_t write = 1; write <= 4; ++write) {
    int runs = 0;
    {
      DatabaseFaults faults(*database_);
      faults.RunAt(write, [&] {
        if (runs == 1) Disconnect();
      });
      const absl::Status done = database_->InTransaction([&]() -> absl::Status {
        ++runs;
        TRY(database_->Execute("INSERT INTO t VALUES (:p1)", {write}).status());
        return database_->Execute("INSERT INTO t VALUES (:p1)", {write}).status();
      });
      EXPECT_TRUE(done.ok()) << done;
      EXPECT_TRUE(faults.happened());
    }
    EXPECT_EQ(runs, write == 4 ? 1 : 2);  // the fourth is the moment after the end
    EXPECT_EQ(database_->Query("SELECT COUNT(*) FROM t WHERE i = :p1", {write}).value()[0][0], SqlValue(int64_t{2}));
  }
}

TEST_F(PostgresTest, SchemasOfOneDatabaseDoNotWaitForEachOther) {
  ASSERT_TRUE(database_->Execute("CREATE SCHEMA other").ok());
  const auto other = Database::Open(url_ + "?options=-csearch_path%3Dother").value();
  const absl::Status done =
      database_->InTransaction([&]() -> absl::Status { return other->Execute("CREATE TABLE t (i BIGINT)").status(); });
  EXPECT_TRUE(done.ok()) << done;
  EXPECT_FALSE(database_->Query("SELECT i FROM t").ok());
}

TEST_F(PostgresTest, AServerThatAsksForSerializableTransactionsIsNoTrouble) {
  ASSERT_TRUE(database_->Execute("CREATE TABLE t (i BIGINT NOT NULL)").ok());
  ASSERT_TRUE(database_->Execute("INSERT INTO t VALUES (0)").ok());
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&] {
      const auto own = Database::Open(url_ + "?options=-cdefault_transaction_isolation%3Dserializable").value();
      const auto done = own->Execute("UPDATE t SET i = i + 1");
      EXPECT_TRUE(done.ok()) << done.status();
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(database_->Query("SELECT i FROM t").value()[0][0], SqlValue(int64_t{4}));
}

TEST_F(PostgresTest, AConflictWithAnotherTransactionIsTriedAgainAndThenSaid) {
  int runs = 0;
  const auto conflict = [&](int conflicts) {
    return database_->InTransaction([&, conflicts]() -> absl::Status {
      if (++runs > conflicts) return absl::OkStatus();
      return database_->Execute("DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$").status();
    });
  };
  EXPECT_TRUE(conflict(2).ok());
  EXPECT_EQ(runs, 3);
  runs = 0;
  const absl::Status given_up = conflict(100);
  EXPECT_TRUE(absl::IsUnavailable(given_up)) << given_up;
  EXPECT_EQ(runs, 5);
  EXPECT_NE(HintOf(given_up), "");
}

/// A disk of 1 MiB and 8 files.
class SmallDisk {
 public:
  explicit SmallDisk(std::string folder)
      : folder_(std::move(folder)),
        is_there_(::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=1m,nr_inodes=8") == 0) {}
  ~SmallDisk() {
    if (is_there_) ::umount(folder_.c_str());
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool is_there() const { return is_there_; }
  void Fill() const {
    std::ofstream file(folder_ + "/fill", std::ios::binary);
    const std::string block(4096, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) continue;
  }
  /// Makes all the files that it has room for, of nothing.
  void FillWithFiles() const {
    for (int i = 0; i < 8; ++i) std::ofstream(fmt::format("{}/{}", folder_, i));
  }
  void Empty() const { std::filesystem::remove(folder_ + "/fill"); }

 private:
  std::string folder_;
  bool is_there_;
};

TEST(SqliteDatabase, OnAFullDiskReadingGoesOnAndWritingIsTold) {
  const std::string folder = FreshFolder();
  {
    const SmallDisk disk(folder);
    ASSERT_TRUE(disk.is_there()) << "mounting a small disk needs root: " << std::strerror(errno);
    const std::string path = folder + "/metadata.sqlite";
    const auto insert = [&](Database& database) { return database.Execute("INSERT INTO t VALUES (1)").status(); };
    ASSERT_TRUE((*Database::Open(path))->Execute("CREATE TABLE t (i BIGINT)").ok());
    disk.Fill();
    {
      const auto database = Database::Open(path);
      ASSERT_TRUE(database.ok()) << database.status();
      EXPECT_TRUE((*database)->Execute("CREATE TABLE IF NOT EXISTS t (i BIGINT)").ok());
      EXPECT_TRUE((*database)->Query("SELECT i FROM t")->empty());
      const absl::Status full = insert(**database);
      EXPECT_EQ(ExitCodeOf(full), 14) << full;
      EXPECT_THAT(std::string(full.message()), HasSubstr("No space left on device"));
      EXPECT_THAT(HintOf(full), HasSubstr("Free some space"));
    }
    // A file that is not there yet cannot be made.
    const absl::Status none = Database::Open(folder + "/new.sqlite").status();
    EXPECT_EQ(ExitCodeOf(none), 14) << none;
    EXPECT_THAT(HintOf(none), HasSubstr("Free some space"));
    disk.Empty();
    const auto database = Database::Open(path);
    ASSERT_TRUE(database.ok()) << database.status();
    EXPECT_TRUE(insert(**database).ok());
    EXPECT_EQ((*database)->Query("SELECT i FROM t")->size(), 1u);
  }
  std::filesystem::remove_all(folder);
}

TEST(SqliteDatabase, ADiskThatHasNoRoomForFilesIsFullToo) {
  const std::string folder = FreshFolder();
  {
    const SmallDisk disk(folder);
    ASSERT_TRUE(disk.is_there()) << "mounting a small disk needs root: " << std::strerror(errno);
    ASSERT_TRUE((*Database::Open(folder + "/metadata.sqlite"))->Execute("CREATE TABLE t (i BIGINT)").ok());
    disk.FillWithFiles();
    for (const char* name : {"/metadata.sqlite", "/new.sqlite"}) {
      const absl::Status full = Database::Open(folder + name).status();
      EXPECT_EQ(ExitCodeOf(full), 14) << full;
      EXPECT_THAT(HintOf(full), HasSubstr("Free some space"));
    }
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace roost::store
