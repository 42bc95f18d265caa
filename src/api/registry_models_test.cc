#include "api/registry_models.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/thread_pool.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class RegistryModelsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              (std::string("roost_registry_models_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    std::ofstream(folder_ / "roost.yaml") << "project: p\ndataset: d\n";
    ASSERT_TRUE(Init({.folder = folder_.string()}).ok());
  }
  void TearDown() override { fs::remove_all(folder_); }

  static void Register(Project& project, const std::string& name, std::map<std::string, std::string> parts) {
    ThreadPool pool(1);
    const Context context{.pool = &pool};
    ASSERT_TRUE(project.registry().Register(name, {std::move(parts)}, "ada", context).ok());
  }

  fs::path folder_;
};

TEST_F(RegistryModelsTest, ListsAndLoadsWhatIsRegistered) {
  Project project = *Project::Open(folder_.string());
  RegistryModels models(project);
  EXPECT_THAT(*models.List(), IsEmpty());
  Register(project, "delay", {{"model.json", "one"}, {"evaluation.json", "long, and not needed"}});
  Register(project, "delay", {{"model.json", "two"}, {"model.onnx", "graph"}, {"warmup.json", "rows"}});
  ThreadPool pool(1);
  const Context context{.pool = &pool};
  const auto promoted =
      project.registry().Promote({.model = "delay", .version = 1, .author = "ada", .reason = "the first"}, context);
  ASSERT_TRUE(promoted.ok()) << promoted.status();
  const serving::Listing listing = *models.List();
  ASSERT_EQ(listing.size(), 1u);
  const serving::ListedModel& delay = listing.at("delay");
  ASSERT_EQ(delay.versions.size(), 2u);
  EXPECT_EQ(delay.aliases, (std::map<std::string, int64_t>{{"champion", 1}}));
  EXPECT_EQ(*models.Size("delay", delay.versions[0]), 3);
  EXPECT_EQ(*models.Size("delay", delay.versions[1]), 3 + 5 + 4);
  EXPECT_EQ(models.Load("delay", delay.versions[0])->model_json, "one");
  const auto two = models.Load("delay", delay.versions[1]);
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_EQ(two->model_json + two->onnx + two->warmup, "twographrows");
  EXPECT_FALSE(delay.versions[1].retired);
  ASSERT_TRUE(
      project.registry().Retire({.model = "delay", .version = 2, .author = "ada", .reason = "old"}, context).ok());
  const serving::Listing after = *models.List();
  EXPECT_FALSE(after.at("delay").versions[0].retired);
  EXPECT_TRUE(after.at("delay").versions[1].retired);
}

TEST_F(RegistryModelsTest, ADamagedPartIsTold) {
  Project project = *Project::Open(folder_.string());
  Register(project, "delay", {{"model.json", "one"}});
  RegistryModels models(project);
  const serving::ListedVersion version = (*models.List()).at("delay").versions[0];
  const std::string object = "models/" + Sha256("one").ToHex();
  std::ofstream(folder_ / ".roost/objects" / object) << "on";
  EXPECT_TRUE(absl::IsDataLoss(models.Load("delay", version).status()));
  fs::remove(folder_ / ".roost/objects" / object);
  EXPECT_TRUE(absl::IsDataLoss(models.Load("delay", version).status()));
}

TEST(LoaderOptions, FollowTheConfigurationAndWhatIsAskedFor) {
  config::ServeConfig config;
  config.models["delay"].versions = {.all = true};
  config.models["fraud"].versions = {.versions = {4}, .aliases = {"champion"}};
  config.watch_seconds = 0.5;
  config.memory_mb = 20;
  config.evict = true;
  const auto all = LoaderOptionsOf(config, {});
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->policies.at("delay"), (serving::VersionPolicy{.all = true}));
  EXPECT_EQ(all->policies.at("fraud"), (serving::VersionPolicy{.versions = {4}, .aliases = {"champion"}}));
  EXPECT_EQ(all->others, serving::VersionPolicy{.latest = 1});
  EXPECT_EQ(all->watch_every, absl::Milliseconds(500));
  EXPECT_EQ(all->memory_bytes, 20'000'000);
  EXPECT_TRUE(all->evict);
  const auto some = LoaderOptionsOf(config, {"delay", "spam@2", "spam@champion", "churn", "ham@latest"});
  ASSERT_TRUE(some.ok()) << some.status();
  EXPECT_EQ(some->policies.at("delay"), (serving::VersionPolicy{.all = true}));
  EXPECT_EQ(some->policies.at("spam"), (serving::VersionPolicy{.versions = {2}, .aliases = {"champion"}}));
  EXPECT_EQ(some->policies.at("churn"), serving::VersionPolicy{.latest = 1});
  EXPECT_EQ(some->policies.at("ham"), serving::VersionPolicy{.latest = 1});
  EXPECT_EQ(some->others, std::nullopt);
  EXPECT_FALSE(LoaderOptionsOf(config, {"delay@"}).ok());
}

}  // namespace
}  // namespace roost::api
