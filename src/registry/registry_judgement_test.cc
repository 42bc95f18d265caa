#include <filesystem>
#include <fstream>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/thread_pool.h"
#include "registry/registry.h"
#include "store/local_object_store.h"
#include "store/testing/test_server.h"

namespace roost::registry {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class RegistryJudgementTest : public testing::Test {
 protected:
  RegistryJudgementTest()
      : folder_(testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    objects_ = store::LocalObjectStore::Open(folder_ + "/objects").value();
    database_ = store::Database::Open(store::NewDatabase(store::KindOfThisRun(), folder_)).value();
  }
  ~RegistryJudgementTest() override { std::filesystem::remove_all(folder_); }

  Registry Open() { return Registry::Open(*database_, *objects_).value(); }
  static Judgement Of(int64_t version, bool blessed, std::optional<int64_t> champion = std::nullopt) {
    return {.model = "late", .version = version, .blessed = blessed, .champion = champion, .author = "ada"};
  }

  std::string folder_;
  ThreadPool pool_{1};
  const Context context_{&pool_};
  std::unique_ptr<store::LocalObjectStore> objects_;
  std::unique_ptr<store::Database> database_;
};

TEST_F(RegistryJudgementTest, TheLastOneCounts) {
  Registry registry = Open();
  EXPECT_FALSE(registry.LastJudgement("late", 2)->has_value());
  ASSERT_TRUE(registry.RecordJudgement(Of(2, false, 1), "refused once", context_).ok());
  const Digest digest = *registry.RecordJudgement(Of(2, true, 1), "blessed", context_);
  ASSERT_TRUE(registry.RecordJudgement(Of(20, false), "of another version", context_).ok());
  const std::optional<Judgement> last = *Open().LastJudgement("late", 2);
  ASSERT_TRUE(last.has_value());
  EXPECT_TRUE(last->blessed);
  EXPECT_EQ(last->champion, 1);
  EXPECT_EQ(last->author, "ada");
  EXPECT_EQ(last->evidence, digest);
  EXPECT_EQ(*Open().LoadEvidence(digest), "blessed");
  // The same words as the first time are a judgement of their own.
  ASSERT_TRUE(registry.RecordJudgement(Of(2, false, 1), "refused once", context_).ok());
  EXPECT_FALSE((*Open().LastJudgement("late", 2))->blessed);
  EXPECT_THAT(*registry.audit().List({.object = "late@2"}), SizeIs(3));
  EXPECT_THAT(registry.audit().Verify()->problems, IsEmpty());
}

TEST_F(RegistryJudgementTest, WithoutAChampionItSaysSo) {
  ASSERT_TRUE(Open().RecordJudgement(Of(1, true), "first", context_).ok());
  EXPECT_EQ((*Open().LastJudgement("late", 1))->champion, std::nullopt);
}

TEST_F(RegistryJudgementTest, DamagedEvidenceIsTold) {
  const Digest digest = *Open().RecordJudgement(Of(1, true), "evidence", context_);
  const std::filesystem::path path = folder_ + "/objects/evidence/" + digest.ToHex();
  ASSERT_TRUE(std::filesystem::exists(path)) << path;
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  std::ofstream(path) << "something else";
  EXPECT_TRUE(absl::IsDataLoss(Open().LoadEvidence(digest).status()));
  EXPECT_TRUE(absl::IsNotFound(Open().LoadEvidence(Sha256("unknown")).status()));
}

}  // namespace
}  // namespace roost::registry
