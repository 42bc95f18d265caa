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

}  // namespace
}  // namespace roost::registry
