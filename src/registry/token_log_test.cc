#include "registry/token_log.h"

#include <filesystem>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/local_object_store.h"
#include "store/testing/test_server.h"

namespace roost::registry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class TokenLogTest : public testing::Test {
 protected:
  TokenLogTest() : folder_(testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    url_ = store::NewDatabase(store::KindOfThisRun(), folder_);
    database_ = store::Database::Open(url_).value();
    objects_ = store::LocalObjectStore::Open(folder_ + "/objects").value();
  }
  ~TokenLogTest() override { std::filesystem::remove_all(folder_); }

  static TokenRecord Record(const std::string& consumer, int64_t second) {
    return {.hash = Sha256(consumer),
            .consumer = consumer,
            .role = "infer",
            .author = "ada",
            .created = absl::FromUnixSeconds(second)};
  }

  AuditLog Audit(store::Database& database) { return AuditLog::Open(database, *objects_).value(); }
  absl::Status Add(TokenLog& log, const TokenRecord& record) {
    AuditLog audit = Audit(*database_);
    return log.Add(record, "id of " + record.consumer, audit);
  }
  static RevokedToken Of(const std::string& consumer) { return {Sha256(consumer), "id of " + consumer, consumer}; }

  std::string folder_;
  std::string url_;
  std::unique_ptr<store::LocalObjectStore> objects_;
  std::unique_ptr<store::Database> database_;
};

TEST_F(TokenLogTest, KeepsWhatWasAdded) {
  TokenLog log = *TokenLog::Open(*database_);
  EXPECT_THAT(*log.List(), IsEmpty());
  TokenRecord second = Record("b", 20);
  second.expires = absl::FromUnixMicros(30'000'001);
  ASSERT_TRUE(Add(log, second).ok());
  ASSERT_TRUE(Add(log, Record("a", 10)).ok());
  EXPECT_EQ(Add(log, second).code(), absl::StatusCode::kAlreadyExists);
  const auto other = store::Database::Open(url_).value();
  EXPECT_THAT(*TokenLog::Open(*other)->List(), ElementsAre(Record("a", 10), second));
}

TEST_F(TokenLogTest, ARevocationIsSeenByOthersAndStays) {
  TokenLog log = *TokenLog::Open(*database_);
  ASSERT_TRUE(Add(log, Record("a", 10)).ok());
  ASSERT_TRUE(Add(log, Record("b", 20)).ok());
  const auto other = store::Database::Open(url_).value();
  TokenLog elsewhere = *TokenLog::Open(*other);
  AuditLog audit = Audit(*database_), audit_elsewhere = Audit(*other);
  EXPECT_EQ(*elsewhere.Revoke({Of("a"), Of("unknown")}, "bob", absl::FromUnixSeconds(50), audit_elsewhere), 1);
  EXPECT_EQ(*log.Revoke({Of("a"), Of("b")}, "eve", absl::FromUnixSeconds(60), audit), 1) << "the first time counts";
  TokenRecord first = Record("a", 10), second = Record("b", 20);
  first.revoked = absl::FromUnixSeconds(50);
  second.revoked = absl::FromUnixSeconds(60);
  EXPECT_THAT(*elsewhere.List(), ElementsAre(first, second));
  std::vector<std::string> written;
  const std::vector<AuditEntry> entries = *audit.List();
  for (const AuditEntry& entry : entries) {
    written.push_back(entry.actor + " " + entry.action + " " + entry.object);
  }
  EXPECT_THAT(written, ElementsAre("ada token.created token:id of a", "ada token.created token:id of b",
                                   "bob token.revoked token:id of a", "eve token.revoked token:id of b"));
  EXPECT_THAT(audit.Verify()->problems, IsEmpty());
}

TEST_F(TokenLogTest, ADamagedRowIsTold) {
  TokenLog log = *TokenLog::Open(*database_);
  ASSERT_TRUE(database_
                  ->Execute("INSERT INTO access_tokens (hash, consumer, role, author, created_us) VALUES ('short', "
                            "'web', 'infer', 'ada', 1)")
                  .ok());
  EXPECT_TRUE(absl::IsDataLoss(log.List().status()));
}

TEST_F(TokenLogTest, WhatAnotherWorkspaceKnowsIsTakenOnce) {
  std::filesystem::create_directories(folder_ + "/other");
  const auto other = store::Database::Open(store::NewDatabase(store::KindOfThisRun(), folder_ + "/other")).value();
  TokenLog there = *TokenLog::Open(*other);
  TokenRecord revoked = Record("revoked", 10);
  revoked.revoked = absl::FromUnixSeconds(40);
  revoked.expires = absl::FromUnixSeconds(90);
  TokenRecord open = Record("open", 20);
  AuditLog audit = Audit(*database_), audit_there = Audit(*other);
  for (const TokenRecord& record : {Record("both", 5), revoked, open}) {
    ASSERT_TRUE(there.Add(record, "id of " + record.consumer, audit_there).ok());
  }
  TokenLog here = *TokenLog::Open(*database_);
  for (const TokenRecord& record : {Record("both", 5), Record("mine", 1)}) ASSERT_TRUE(Add(here, record).ok());

  EXPECT_EQ(*here.TakeFrom(there), 2);
  EXPECT_EQ(*here.TakeFrom(there), 0);
  EXPECT_THAT(*here.List(), ElementsAre(Record("mine", 1), Record("both", 5), revoked, open));

  // A revocation follows; one of here is not undone, and keeps its time.
  ASSERT_TRUE(there.Revoke({Of("both")}, "bob", absl::FromUnixSeconds(50), audit_there).ok());
  ASSERT_TRUE(here.Revoke({Of("open")}, "eve", absl::FromUnixSeconds(60), audit).ok());
  EXPECT_EQ(*here.TakeFrom(there), 1);
  TokenRecord both = Record("both", 5);
  both.revoked = absl::FromUnixSeconds(50);
  open.revoked = absl::FromUnixSeconds(60);
  EXPECT_THAT(*here.List(), ElementsAre(Record("mine", 1), both, revoked, open));
  EXPECT_THAT(*there.List(), testing::SizeIs(3)) << "nothing goes the other way";
}

TEST_F(TokenLogTest, ATableThatIsThereIsNotWrittenTo) {
  ASSERT_TRUE(TokenLog::Open(*database_).ok());
  database_->SetFault([](auto, auto) { return absl::PermissionDeniedError("only for readers"); });
  EXPECT_TRUE(TokenLog::Open(*database_).ok());
  ASSERT_TRUE(database_->Query("SELECT 1").ok());
  EXPECT_EQ(database_->Execute("DROP TABLE access_tokens").status().code(), absl::StatusCode::kPermissionDenied);
  database_->SetFault(nullptr);
  ASSERT_TRUE(database_->Execute("DROP TABLE access_tokens").ok());
  database_->SetFault([](auto, auto) { return absl::PermissionDeniedError("only for readers"); });
  EXPECT_EQ(TokenLog::Open(*database_).status().code(), absl::StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace roost::registry
