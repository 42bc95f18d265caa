#include "registry/token_log.h"

#include <filesystem>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  }
  ~TokenLogTest() override { std::filesystem::remove_all(folder_); }

  static TokenRecord Record(const std::string& consumer, int64_t second) {
    return {.hash = Sha256(consumer),
            .consumer = consumer,
            .role = "infer",
            .author = "ada",
            .created = absl::FromUnixSeconds(second)};
  }

  std::string folder_;
  std::string url_;
  std::unique_ptr<store::Database> database_;
};

TEST_F(TokenLogTest, KeepsWhatWasAdded) {
  TokenLog log = *TokenLog::Open(*database_);
  EXPECT_THAT(*log.List(), IsEmpty());
  TokenRecord second = Record("b", 20);
  second.expires = absl::FromUnixMicros(30'000'001);
  ASSERT_TRUE(log.Add(second).ok());
  ASSERT_TRUE(log.Add(Record("a", 10)).ok());
  EXPECT_EQ(log.Add(second).code(), absl::StatusCode::kAlreadyExists);
  const auto other = store::Database::Open(url_).value();
  EXPECT_THAT(*TokenLog::Open(*other)->List(), ElementsAre(Record("a", 10), second));
}

TEST_F(TokenLogTest, ARevocationIsSeenByOthersAndStays) {
  TokenLog log = *TokenLog::Open(*database_);
  ASSERT_TRUE(log.Add(Record("a", 10)).ok());
  ASSERT_TRUE(log.Add(Record("b", 20)).ok());
  const auto other = store::Database::Open(url_).value();
  TokenLog elsewhere = *TokenLog::Open(*other);
  const std::vector<Digest> both{Sha256("a"), Sha256("b")};
  EXPECT_EQ(*elsewhere.Revoke({Sha256("a"), Sha256("unknown")}, absl::FromUnixSeconds(50)), 1);
  EXPECT_EQ(*log.Revoke(both, absl::FromUnixSeconds(60)), 1) << "the first time counts";
  TokenRecord first = Record("a", 10), second = Record("b", 20);
  first.revoked = absl::FromUnixSeconds(50);
  second.revoked = absl::FromUnixSeconds(60);
  EXPECT_THAT(*elsewhere.List(), ElementsAre(first, second));
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
