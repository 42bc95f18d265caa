#include "serving/model_manager.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "predict/onnx_graph.h"
#include "serving/reaper.h"
#include "serving/test_model.h"

#if defined(__SANITIZE_ADDRESS__)
// Of sanitizer/allocator_interface.h, which GCC's packages leave out.
extern "C" size_t __sanitizer_get_current_allocated_bytes();
#endif

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

// Whether `gone` is true within ten seconds.
bool Eventually(const std::function<bool()>& gone) {
  for (int i = 0; i < 2'000 && !gone(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return gone();
}

TEST(ModelManager, AReaderNeverDestroysAModel) {
  ModelManager models;
  ASSERT_TRUE(models.Load("delay", 1, TestModelJson()).ok());
  std::shared_ptr<const Servable> held = *models.Find("delay", 1);
  const std::weak_ptr<const Servable> watched = held;
  ASSERT_TRUE(models.Unload("delay", 1).ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(watched.expired());
  EXPECT_EQ(models.States(),
            (std::vector<ModelState>{{"delay", 1, State::kUnloading, "it is being taken out of memory"}}));
  held.reset();
  EXPECT_TRUE(Eventually([&] { return models.States().empty(); })) << "its memory is not back";
}

TEST(Reaper, DestroysOnItsOwnThreadWhatNobodyHoldsAnyMore) {
  std::thread::id destroyed_on;
  std::atomic<bool> gone = false;
  const auto make = [&] {
    return std::shared_ptr<const int>(new int(7), [&](const int* number) {
      destroyed_on = std::this_thread::get_id();
      delete number;
    });
  };
  Reaper reaper;
  std::shared_ptr<const int> held = make();
  reaper.Take(held, 0, [&] { gone = true; });
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_FALSE(gone);
  held.reset();
  ASSERT_TRUE(Eventually([&] { return gone.load(); }));
  EXPECT_NE(destroyed_on, std::this_thread::get_id());
}

// The memory of this process: what is resident; under the address sanitizer, which keeps for a while what was freed,
// what is allocated.
int64_t MemoryInUse() {
#if defined(__SANITIZE_ADDRESS__)
  return static_cast<int64_t>(__sanitizer_get_current_allocated_bytes());
#else
  std::ifstream file("/proc/self/statm");
  int64_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
#endif
}

TEST(ModelManager, AThousandSwapsLeaveTheMemoryAsItWas) {
  ModelManager models;
  const std::string model = ManyWordsJson();
  const auto swap = [&](int64_t version) {
    ASSERT_TRUE(models.Load("words", version, model).ok());
    if (version > 1) {
      ASSERT_TRUE(models.Unload("words", version - 1).ok());
    }
    ASSERT_TRUE(Eventually([&] { return models.States().size() == 1; }));
  };
  for (int64_t version = 1; version <= 100; ++version) swap(version);
  const int64_t before = MemoryInUse();
  for (int64_t version = 101; version <= 1'000; ++version) swap(version);
  EXPECT_LT(MemoryInUse() - before, int64_t{4} << 20);
}

// An ONNX model with weights of 50 MB.
std::string LargeOnnx() {
  constexpr int64_t kWidth = 2'500;
  constexpr int64_t kShape[] = {-1, 1};
  const auto weights = [](int64_t rows, int64_t columns) {
    return predict::OnnxTensor{{rows, columns}, std::vector<double>(static_cast<size_t>(rows * columns), 0.01)};
  };
  predict::OnnxGraph graph;
  std::string value = graph.Input("x", predict::OnnxElement::kDouble, kShape);
  for (auto [rows, columns] : {std::pair(int64_t{1}, kWidth), {kWidth, kWidth}, {kWidth, int64_t{1}}}) {
    value = graph.Node("MatMul", {value, graph.Constant(weights(rows, columns))});
  }
  graph.Output("y", value, predict::OnnxElement::kDouble, kShape);
  return *graph.Finish("large", "");
}

TEST(ModelManager, TwentySwapsOfALargeOnnxModelLeaveTheMemoryAsItWas) {
  constexpr size_t kRows = 20;
  ModelManager models;
  const std::string model = LargeOnnx();
  ASSERT_GT(model.size(), 50'000'000u);
  const std::vector<column::Value> rows(kRows, 1.0);
  const auto swap = [&](int64_t version) {
    ASSERT_TRUE(models.Load("large", version, "", model).ok());
    std::vector<double> outputs(kRows);
    transform::FeatureVector scratch;
    ASSERT_TRUE((*models.Find("large", version))->model().ScoreRows(rows, scratch, outputs).ok());
    EXPECT_NEAR(outputs.back(), 6.25, 1e-9);
    if (version > 1) {
      ASSERT_TRUE(models.Unload("large", version - 1).ok());
    }
    ASSERT_TRUE(Eventually([&] { return models.States().size() == 1; }));
  };
  for (int64_t version = 1; version <= 3; ++version) swap(version);
  const int64_t before = MemoryInUse();
  for (int64_t version = 4; version <= 23; ++version) swap(version);
  // The last one's memory is given back a moment after it is gone.
  EXPECT_TRUE(Eventually([&] { return MemoryInUse() - before < int64_t{16} << 20; })) << MemoryInUse() - before;
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
