#include "registry/signature_log.h"

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

class SignatureLogTest : public testing::Test {
 protected:
  SignatureLogTest() : folder_(testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    database_ = store::Database::Open(store::NewDatabase(store::KindOfThisRun(), folder_)).value();
    objects_ = store::LocalObjectStore::Open(folder_ + "/objects").value();
  }
  ~SignatureLogTest() override { std::filesystem::remove_all(folder_); }

  SignatureLog Log(store::Database& database) {
    return *SignatureLog::Open(database, *objects_, AuditLog::Open(database, *objects_).value());
  }

  static SignatureRecord Record(int64_t version, const std::string& bundle) {
    return {.model = "delay",
            .version = version,
            .number = 0,
            .bundle = bundle,
            .author = "ada",
            .made = absl::FromUnixSeconds(version)};
  }

  std::string folder_;
  std::unique_ptr<store::LocalObjectStore> objects_;
  std::unique_ptr<store::Database> database_;
};

TEST_F(SignatureLogTest, KeepsSignaturesByVersionTheNewestFirst) {
  SignatureLog log = Log(*database_);
  SignatureRecord first = Record(1, "{\"a\":1}");
  SignatureRecord second = Record(1, "{\"b\":2}");
  SignatureRecord other = Record(2, "{\"c\":3}");
  for (SignatureRecord* record : {&first, &second, &other}) ASSERT_TRUE(log.Add(*record, "key").ok());
  EXPECT_EQ(second.number, 2);
  EXPECT_THAT(*log.Of("delay", 1), ElementsAre(second, first));
  EXPECT_THAT(*log.Of("delay", 2), ElementsAre(other));
  EXPECT_THAT(*log.Of("delay", 3), IsEmpty());
  SignatureRecord again = Record(1, "{\"a\":1}");
  ASSERT_TRUE(log.Add(again, "key").ok());
  EXPECT_EQ(again.number, 1);
  EXPECT_THAT(*log.Of("delay", 1), ElementsAre(second, first));
  const auto entries = AuditLog::Open(*database_, *objects_)->List();
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ(entries->front().action, "model.signed");
  EXPECT_EQ(entries->front().object, "delay@1");
}

TEST_F(SignatureLogTest, ALostDatabaseIsRestoredFromTheRecords) {
  SignatureRecord first = Record(1, "{\"a\":1}");
  SignatureRecord second = Record(1, "{\"b\":2}");
  SignatureLog log = Log(*database_);
  ASSERT_TRUE(log.Add(first, "key").ok());
  ASSERT_TRUE(log.Add(second, "key").ok());
  std::filesystem::create_directories(folder_ + "/new");
  const auto database = store::Database::Open(store::NewDatabase(store::KindOfThisRun(), folder_ + "/new")).value();
  SignatureLog restored = Log(*database);
  EXPECT_EQ(*restored.Restore(), 2);
  EXPECT_EQ(*restored.Restore(), 0);
  EXPECT_THAT(*restored.Of("delay", 1), ElementsAre(second, first));
}

TEST_F(SignatureLogTest, ADamagedRecordIsTold) {
  ASSERT_TRUE(objects_->Put("names/signatures/delay/1/1", "{\"format\":\"other\"}").ok());
  EXPECT_EQ(Log(*database_).Restore().status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace roost::registry
