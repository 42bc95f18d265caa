#include "serving/model_manager.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "serving/test_model.h"

namespace roost::serving {
namespace {

using testing::HasSubstr;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(ModelManager, TheHighestVersionAnswersWhereNoneIsNamed) {
  ModelManager models;
  EXPECT_FALSE(models.ready());
  for (const int64_t version : {3, 12, 7}) ASSERT_TRUE(models.Load("delay", version, TestModelJson()).ok());
  EXPECT_TRUE(models.ready());
  EXPECT_EQ((*models.Find("delay", std::nullopt))->version(), 12);
  EXPECT_EQ((*models.Find("delay", 7))->version(), 7);
  EXPECT_EQ((*models.Find("delay", 3))->name(), "delay");
}

TEST(ModelManager, SaysWhatThereIsWhereSomethingIsNot) {
  ModelManager models;
  EXPECT_THAT(Message(models.Find("delay", std::nullopt).status()), HasSubstr("no model is"));
  ASSERT_TRUE(models.Load("delay", 1, TestModelJson()).ok());
  ASSERT_TRUE(models.Load("fraud", 2, TestModelJson()).ok());
  const absl::Status wrong_name = models.Find("delai", std::nullopt).status();
  EXPECT_EQ(wrong_name.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(wrong_name), HasSubstr("delay, fraud"));
  EXPECT_EQ(HintOf(wrong_name), "did you mean 'delay'?");
  const absl::Status wrong_version = models.Find("fraud", 1).status();
  EXPECT_EQ(wrong_version.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(wrong_version), HasSubstr("loaded are: 2"));
}

TEST(ModelManager, AFailedLoadChangesNothing) {
  ModelManager models;
  ASSERT_TRUE(models.Load("delay", 1, TestModelJson()).ok());
  const auto before = models.snapshot();
  EXPECT_EQ(models.Load("delay", 1, TestModelJson()).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(models.Load("delay", 2, "{").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(models.Load("delay", 2, "{}")), HasSubstr("model delay@2"));
  EXPECT_EQ(models.snapshot(), before);
}

TEST(ModelManager, ReadersSeeWholeSnapshotsWhileModelsAreLoaded) {
  ModelManager models;
  ASSERT_TRUE(models.Load("delay", 0, TestModelJson()).ok());
  std::atomic<bool> stop = false;
  std::thread reader([&] {
    int64_t last = 0;
    while (!stop) {
      const int64_t version = (*models.Find("delay", std::nullopt))->version();
      ASSERT_GE(version, last);
      last = version;
    }
  });
  for (int64_t version = 1; version <= 50; ++version) {
    ASSERT_TRUE(models.Load("delay", version, TestModelJson()).ok());
  }
  stop = true;
  reader.join();
}

TEST(ModelManager, AVersionThatIsTakenOutAnswersNoMoreAndStaysWithWhoHoldsIt) {
  ModelManager models;
  ASSERT_TRUE(models.Load("delay", 1, TestModelJson()).ok());
  ASSERT_TRUE(models.Load("delay", 2, TestModelJson()).ok());
  const auto held = *models.Find("delay", 2);
  ASSERT_TRUE(models.Unload("delay", 2).ok());
  EXPECT_EQ((*models.Find("delay", std::nullopt))->version(), 1);
  EXPECT_EQ(models.Find("delay", 2).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(held->WarmUp().ok());
  EXPECT_EQ(models.Unload("delay", 2).code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(models.Unload("delay", 1).ok());
  EXPECT_FALSE(models.ready());
  EXPECT_EQ(models.Unload("delay", 1).code(), absl::StatusCode::kNotFound);
}

TEST(ModelManager, AnAliasAnswersWithTheLoadedVersionThatItPointsAt) {
  ModelManager models;
  for (const int64_t version : {1, 2}) ASSERT_TRUE(models.Load("delay", version, TestModelJson()).ok());
  EXPECT_THAT(Message(models.FindAlias("delay", "champion").status()), HasSubstr("no alias 'champion'"));
  models.SetAliases("delay", {{"champion", 1}, {"next", 7}});
  EXPECT_EQ((*models.FindAlias("delay", "champion"))->version(), 1);
  const absl::Status not_loaded = models.FindAlias("delay", "next").status();
  EXPECT_EQ(not_loaded.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(not_loaded), HasSubstr("it has: champion"));
  EXPECT_EQ(HintOf(models.FindAlias("delay", "champoin").status()), "did you mean 'champion'?");
  models.SetAliases("delay", {{"champion", 7}});
  EXPECT_EQ((*models.FindAlias("delay", "champion"))->version(), 1) << "moved to a version that is not loaded";
  models.SetAliases("delay", {{"champion", 2}});
  EXPECT_EQ((*models.FindAlias("delay", "champion"))->version(), 2);
  ASSERT_TRUE(models.Unload("delay", 2).ok());
  EXPECT_FALSE(models.FindAlias("delay", "champion").ok());
}

TEST(ModelManager, TellsTheStateOfWhatIsLoadedAndOfWhatIsNot) {
  ModelManager models;
  models.SetState({"delay", 1, State::kLoading, ""});
  models.SetState({"delay", 2, State::kEnd, "it is damaged"});
  EXPECT_EQ(models.States(),
            (std::vector<ModelState>{{"delay", 1, State::kLoading, ""}, {"delay", 2, State::kEnd, "it is damaged"}}));
  ASSERT_TRUE(models.Load("delay", 1, TestModelJson()).ok());
  models.ClearState("delay", 2);
  EXPECT_EQ(models.States(), (std::vector<ModelState>{{"delay", 1, State::kAvailable, ""}}));
  EXPECT_EQ(StateName(State::kAvailable), "AVAILABLE");
}

TEST(Servable, ShowsItsSignature) {
  const auto servable = *Servable::Parse("delay", 4, TestModelJson());
  ASSERT_EQ(servable->inputs().size(), 3u);
  EXPECT_EQ(servable->inputs()[0].name, "distance");
  EXPECT_EQ(servable->inputs()[0].datatype, Datatype::kFp64);
  EXPECT_EQ(servable->inputs()[1].datatype, Datatype::kBytes);
  EXPECT_EQ(servable->inputs()[2].datatype, Datatype::kInt64);
  EXPECT_EQ(servable->outputs().front().name, "probability");
  EXPECT_TRUE(servable->WarmUp().ok());
}

}  // namespace
}  // namespace roost::serving
