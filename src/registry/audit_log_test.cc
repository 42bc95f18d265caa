#include "registry/audit_log.h"

#include <atomic>
#include <filesystem>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "store/local_object_store.h"
#include "store/testing/test_server.h"

namespace roost::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class AuditLogTest : public testing::Test {
 protected:
  AuditLogTest() : folder_(testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    objects_ = store::LocalObjectStore::Open(folder_ + "/objects").value();
    url_ = store::NewDatabase(store::KindOfThisRun(), folder_);
    database_ = store::Database::Open(url_).value();
  }
  ~AuditLogTest() override { std::filesystem::remove_all(folder_); }

  AuditLog Open() { return AuditLog::Open(*database_, *objects_).value(); }

  static absl::Status Add(store::Database& database, AuditLog& log, const std::string& object, int64_t number = 1) {
    return database.InTransaction([&] {
      return log.Append({.actor = "ada", .action = "alias.moved", .object = object, .details = {{"number", number}}},
                        absl::FromUnixSeconds(1'000'000'000 + number));
    });
  }
  AuditLog WithEntries(int count) {
    AuditLog log = Open();
    for (int i = 1; i <= count; ++i) EXPECT_TRUE(Add(*database_, log, fmt::format("late@{}", i), i).ok());
    return log;
  }
  void Tamper(const std::string& sql) { ASSERT_TRUE(database_->Execute(sql).ok()) << sql; }
  static std::string Problems(const AuditLog& log) {
    return fmt::format("{}", fmt::join(log.Verify()->problems, "\n"));
  }

  std::string folder_;
  std::string url_;
  std::unique_ptr<store::LocalObjectStore> objects_;
  std::unique_ptr<store::Database> database_;
};

TEST_F(AuditLogTest, EachEntryHoldsTheHashOfTheOneBefore) {
  const AuditLog log = WithEntries(3);
  const std::vector<AuditEntry> entries = *log.List();
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].previous, Digest());
  for (size_t i = 1; i < entries.size(); ++i) EXPECT_EQ(entries[i].previous, entries[i - 1].hash);
  EXPECT_EQ(*log.Head(), entries[2]);
  const AuditReport report = *log.Verify();
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_EQ(report.entries, 3);
  EXPECT_EQ(report.head, entries[2]);
}

// The bytes and the hash of docs/formats/audit.md; the hash is that of coreutils' sha256sum.
TEST_F(AuditLogTest, TheFormatIsTheDocumentedOne) {
  AuditEntry entry{.number = 1,
                   .time = absl::FromUnixSeconds(1'000'000'000),
                   .actor = "ada",
                   .action = "alias.moved",
                   .object = "late@2",
                   .details = CanonicalJson(Json{{"to", 2}, {"reason", "für \"May\"\n"}, {"from", nullptr}}),
                   .previous = {},
                   .hash = {}};
  EXPECT_EQ(
      HashedBytes(entry),
      R"({"action":"alias.moved","actor":"ada","details":{"from":null,"reason":"für \"May\"\n","to":2},"number":1,)"
      R"("object":"late@2","previous":"0000000000000000000000000000000000000000000000000000000000000000",)"
      R"("time_us":1000000000000000})");
  entry.hash = Sha256(HashedBytes(entry));
  EXPECT_EQ(entry.hash.ToHex(), "7b379a7f126f30d337229294ed3b42e4764cb9f2d319b57062120fa640b43e74");
  EXPECT_EQ(*ParseAuditRecord(ToRecord(entry), "names/audit/1"), entry);
}

TEST_F(AuditLogTest, ADamagedRecordIsDataLoss) {
  const AuditLog log = WithEntries(1);
  const std::string good = *objects_->Get("names/audit/1");
  EXPECT_EQ(*ParseAuditRecord(good, "names/audit/1"), *log.Head());
  for (size_t i = 0; i + 1 < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_TRUE(absl::IsDataLoss(ParseAuditRecord(bad, "names/audit/1").status())) << bad;
  }
  EXPECT_TRUE(absl::IsDataLoss(ParseAuditRecord(good, "names/audit/2").status()));
  for (const char* bad : {"", "[]", "{}", R"({"entry":{}})", R"({"entry":{"details":1},"sha256":"00"})"}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseAuditRecord(bad, "names/audit/1").status())) << bad;
  }
}

TEST_F(AuditLogTest, WhatIsNestedDeepIsNoEntryAndNoEndOfTheProgram) {
  const AuditLog log = WithEntries(2);
  const std::string deep(50'000, '[');
  Tamper("UPDATE audit_entries SET details = '" + deep + "' WHERE number = 2");
  EXPECT_THAT(Problems(log), HasSubstr("entry 2 was changed"));
  const std::string record = R"({"entry":{"details":)" + deep + std::string(deep.size(), ']') + R"(},"sha256":"00"})";
  EXPECT_TRUE(absl::IsDataLoss(ParseAuditRecord(record.substr(0, 60'000), "names/audit/1").status()));
  EXPECT_TRUE(
      absl::IsDataLoss(ParseAuditRecord(R"({"entry":{"details":[[[[]]]]},"sha256":"00"})", "names/audit/1").status()));
}

TEST_F(AuditLogTest, TheSameEventIsWrittenDownOnce) {
  AuditLog log = WithEntries(2);
  ASSERT_TRUE(Add(*database_, log, "late@1", 1).ok());
  EXPECT_EQ(log.List()->size(), 2u);
  ASSERT_TRUE(Add(*database_, log, "late@1", 7).ok());
  EXPECT_EQ(log.List()->size(), 3u);
}

TEST_F(AuditLogTest, ATransactionThatFailsLeavesNoEntry) {
  AuditLog log = Open();
  const absl::Status failed = database_->InTransaction([&]() -> absl::Status {
    TRY(log.Append({.actor = "ada", .action = "a", .object = "o", .details = Json::object()}, absl::UnixEpoch()));
    return absl::InternalError("no");
  });
  EXPECT_TRUE(absl::IsInternal(failed));
  EXPECT_THAT(*log.List(), IsEmpty());
}

TEST_F(AuditLogTest, EntriesAreFoundByObjectAndTime) {
  AuditLog log = WithEntries(3);
  ASSERT_TRUE(Add(*database_, log, "later@1", 4).ok());
  EXPECT_EQ(log.List({.object = "late"})->size(), 3u);
  EXPECT_EQ(log.List({.object = "late@2"})->size(), 1u);
  EXPECT_EQ(log.List({.object = "lat"})->size(), 0u);
  EXPECT_EQ(log.List({.since = absl::FromUnixSeconds(1'000'000'003)})->size(), 2u);
}

TEST_F(AuditLogTest, AChangedEntryIsNamed) {
  const AuditLog log = WithEntries(3);
  for (const char* change : {"actor = 'eve'", "action = 'x'", "object = 'late@9'", "time_us = 5",
                             "details = '{\"number\":8}'", "details = 'no JSON'"}) {
    Tamper("UPDATE audit_entries SET " + std::string(change) + " WHERE number = 2");
    EXPECT_THAT(Problems(log), HasSubstr("entry 2 was changed: its hash is not that of what it says")) << change;
    EXPECT_THAT(Problems(log), HasSubstr("entry 2 says something else than its record, names/audit/2")) << change;
    EXPECT_THAT(Problems(log), testing::Not(HasSubstr("entry 3"))) << change;
  }
}

TEST_F(AuditLogTest, AChangedEntryWithAHashOfItsOwnIsNamed) {
  const AuditLog log = WithEntries(3);
  AuditEntry forged = (*log.List())[1];
  forged.actor = "eve";
  Tamper("UPDATE audit_entries SET actor = 'eve', hash = '" + Sha256(HashedBytes(forged)).ToHex() +
         "' WHERE number = 2");
  EXPECT_THAT(Problems(log), HasSubstr("entry 3 does not follow entry 2"));
}

TEST_F(AuditLogTest, MissingEntriesAreNamed) {
  const AuditLog log = WithEntries(5);
  Tamper("DELETE FROM audit_entries WHERE number = 2");
  EXPECT_THAT(Problems(log), HasSubstr("entry 2 is missing"));
  Tamper("DELETE FROM audit_entries WHERE number = 3");
  EXPECT_THAT(Problems(log), HasSubstr("entries 2 to 3 are missing"));
  Tamper("DELETE FROM audit_entries WHERE number = 5");
  EXPECT_THAT(Problems(log), HasSubstr("entry 5 is not in the database, but has a record"));
}

TEST_F(AuditLogTest, AnInsertedEntryIsNamed) {
  const AuditLog log = WithEntries(3);
  AuditEntry forged{.number = 3,
                    .time = absl::UnixEpoch(),
                    .actor = "eve",
                    .action = "alias.moved",
                    .object = "late@9",
                    .details = "{}",
                    .previous = (*log.List())[1].hash,
                    .hash = {}};
  forged.hash = Sha256(HashedBytes(forged));
  Tamper("UPDATE audit_entries SET number = 4 WHERE number = 3");
  Tamper(
      fmt::format("INSERT INTO audit_entries (number, time_us, actor, action, object, details, previous, hash) VALUES "
                  "(3, 0, 'eve', 'alias.moved', 'late@9', '{{}}', '{}', '{}')",
                  forged.previous.ToHex(), forged.hash.ToHex()));
  EXPECT_THAT(Problems(log), HasSubstr("entry 4 was changed"));
  EXPECT_THAT(Problems(log), HasSubstr("entry 4 does not follow entry 3"));
  EXPECT_THAT(Problems(log), HasSubstr("entry 3 says something else than its record"));
}

TEST_F(AuditLogTest, ReorderedEntriesAreNamed) {
  const AuditLog log = WithEntries(4);
  Tamper("UPDATE audit_entries SET number = 9 WHERE number = 2");
  Tamper("UPDATE audit_entries SET number = 2 WHERE number = 3");
  Tamper("UPDATE audit_entries SET number = 3 WHERE number = 9");
  EXPECT_THAT(Problems(log), HasSubstr("entry 2 was changed"));
  EXPECT_THAT(Problems(log), HasSubstr("entry 3 does not follow entry 2"));
}

TEST_F(AuditLogTest, AHeadThatWasNotedElsewhereIsFoundOrMissed) {
  AuditLog log = WithEntries(2);
  const Digest noted = (*log.Head())->hash;
  ASSERT_TRUE(Add(*database_, log, "late@3", 3).ok());
  EXPECT_EQ(log.Verify(noted)->noted, 2);
  EXPECT_THAT(log.Verify(noted)->problems, IsEmpty());
  // Whoever writes the whole log anew, records too, is found by the head alone.
  Tamper("DELETE FROM audit_entries");
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(objects_->Delete(fmt::format("names/audit/{}", i)).ok());
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(Add(*database_, log, "forged", i).ok());
  EXPECT_THAT(log.Verify()->problems, IsEmpty());
  EXPECT_THAT(log.Verify(noted)->problems, ElementsAre(HasSubstr("no entry has the hash " + noted.ToHex())));
}

TEST_F(AuditLogTest, RacingWritersMakeOneChain) {
  constexpr int kWriters = 4;
  constexpr int kEntries = 6;
  { Open(); }
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      const auto database = store::Database::Open(url_).value();  // as another process would
      AuditLog log = AuditLog::Open(*database, *objects_).value();
      for (int i = 0; i < kEntries; ++i) {
        if (!Add(*database, log, fmt::format("late@{}", writer + 1), i).ok()) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  const AuditReport report = *Open().Verify();
  EXPECT_EQ(report.entries, kWriters * kEntries);
  EXPECT_THAT(report.problems, IsEmpty());
}

TEST_F(AuditLogTest, AnEntryWhoseRowWasLostIsFinishedByTheNext) {
  AuditLog log = WithEntries(2);
  const std::vector<AuditEntry> before = *log.List();
  Tamper("DELETE FROM audit_entries WHERE number = 2");
  ASSERT_TRUE(Add(*database_, log, "late@3", 3).ok());
  const std::vector<AuditEntry> after = *log.List();
  ASSERT_EQ(after.size(), 3u);
  EXPECT_EQ(after[1], before[1]);
  EXPECT_THAT(log.Verify()->problems, IsEmpty());
}

TEST_F(AuditLogTest, NothingIsAddedToAnotherLog) {
  AuditLog log = WithEntries(2);
  const std::string second = *objects_->Get("names/audit/2");
  Tamper("DELETE FROM audit_entries");
  ASSERT_TRUE(objects_->Delete("names/audit/1").ok());
  ASSERT_TRUE(objects_->Delete("names/audit/2").ok());
  ASSERT_TRUE(Add(*database_, log, "another", 1).ok());
  ASSERT_TRUE(objects_->Put("names/audit/2", second).ok());
  const absl::Status refused = Add(*database_, log, "late@3", 3);
  EXPECT_TRUE(absl::IsDataLoss(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("names/audit/2"));
}

TEST_F(AuditLogTest, ALostDatabaseIsRestoredFromTheObjects) {
  const AuditLog log = WithEntries(3);
  std::filesystem::create_directories(folder_ + "/new");
  const auto empty = store::Database::Open(store::NewDatabase(store::KindOfThisRun(), folder_ + "/new")).value();
  AuditLog restored = AuditLog::Open(*empty, *objects_).value();
  EXPECT_EQ(*restored.Restore(), 3);
  EXPECT_EQ(*restored.List(), *log.List());
  EXPECT_EQ(*restored.Restore(), 0);
}

TEST_F(AuditLogTest, ACopyGoesOnUntilItHasEntriesOfItsOwn) {
  AuditLog log = WithEntries(2);
  std::filesystem::create_directories(folder_ + "/copy");
  const auto database = store::Database::Open(store::NewDatabase(store::KindOfThisRun(), folder_ + "/copy")).value();
  const auto objects = store::LocalObjectStore::Open(folder_ + "/copy/objects").value();
  AuditLog copy = AuditLog::Open(*database, *objects).value();
  EXPECT_TRUE(*copy.TakeOver(log));
  EXPECT_EQ(*copy.List(), *log.List());
  ASSERT_TRUE(Add(*database_, log, "late@3", 3).ok());
  EXPECT_TRUE(*copy.TakeOver(log));
  EXPECT_THAT(copy.Verify()->problems, IsEmpty());
  EXPECT_EQ(copy.List()->size(), 3u);
  ASSERT_TRUE(Add(*database, copy, "of its own", 1).ok());
  EXPECT_FALSE(*copy.TakeOver(log));
  EXPECT_EQ(copy.List()->size(), 4u);
  EXPECT_THAT(copy.Verify()->problems, IsEmpty());
}

}  // namespace
}  // namespace roost::registry
