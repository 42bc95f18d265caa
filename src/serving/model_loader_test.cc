#include "serving/model_loader.h"

#include <atomic>
#include <future>
#include <memory>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"
#include "column/builder.h"
#include "serving/recorded_requests.h"
#include "serving/test_model.h"

namespace roost::serving {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A repository in memory, which a test may change while a loader watches it.
class Shelf : public Repository {
 public:
  void Put(const std::string& name, int64_t version, ModelFiles files) {
    const std::lock_guard lock(mutex_);
    files_[name][version] = {fmt::format("{}", ++puts_), std::move(files)};
  }
  void Put(const std::string& name, int64_t version, uint32_t seed = 1) {
    Put(name, version, {.model_json = TestModelJson(seed)});
  }
  void Remove(const std::string& name, int64_t version) {
    const std::lock_guard lock(mutex_);
    files_[name].erase(version);
    if (files_[name].empty()) files_.erase(name);
  }
  void Alias(const std::string& name, const std::string& alias, int64_t version) {
    const std::lock_guard lock(mutex_);
    aliases_[name][alias] = version;
  }
  void Break(absl::Status status) {
    const std::lock_guard lock(mutex_);
    broken_ = std::move(status);
  }
  int64_t loads() const { return loads_; }

  absl::StatusOr<Listing> List() override {
    const std::lock_guard lock(mutex_);
    if (!broken_.ok()) return broken_;
    Listing listing;
    for (const auto& [name, versions] : files_) {
      for (const auto& [version, entry] : versions) listing[name].versions.push_back({version, entry.first});
      listing[name].aliases = aliases_[name];
    }
    return listing;
  }
  absl::StatusOr<int64_t> Size(const std::string& name, const ListedVersion& version) override {
    TRY_ASSIGN(const ModelFiles files, Get(name, version.version));
    return static_cast<int64_t>(files.model_json.size() + files.onnx.size() + files.warmup.size());
  }
  absl::StatusOr<ModelFiles> Load(const std::string& name, const ListedVersion& version) override {
    ++loads_;
    return Get(name, version.version);
  }

 private:
  absl::StatusOr<ModelFiles> Get(const std::string& name, int64_t version) {
    const std::lock_guard lock(mutex_);
    const auto model = files_.find(name);
    if (model == files_.end() || !model->second.contains(version)) return absl::NotFoundError("it is gone");
    return model->second.at(version).second;
  }

  std::mutex mutex_;
  std::map<std::string, std::map<int64_t, std::pair<std::string, ModelFiles>>> files_;
  std::map<std::string, std::map<std::string, int64_t>> aliases_;
  absl::Status broken_ = absl::OkStatus();
  int64_t puts_ = 0;
  std::atomic<int64_t> loads_ = 0;
};

class ModelLoaderTest : public testing::Test {
 protected:
  LoaderOptions Options() {
    LoaderOptions options;
    options.tell = [this](const std::string& line) { told_.push_back(line); };
    options.now = [this] { return now_; };
    return options;
  }

  std::vector<int64_t> Serving(const std::string& name) const {
    std::vector<int64_t> versions;
    const auto snapshot = manager_.snapshot();
    const auto model = snapshot->find(name);
    if (model == snapshot->end()) return versions;
    for (const auto& servable : model->second.versions) versions.push_back(servable->version());
    return versions;
  }

  std::string Reason(const std::string& name, int64_t version) const {
    for (const ModelState& state : manager_.States()) {
      if (state.name == name && state.version == version)
        return std::string(StateName(state.state)) + " " + state.reason;
    }
    return "";
  }

  Shelf shelf_;
  ModelManager manager_;
  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
  std::vector<std::string> told_;
};

TEST_F(ModelLoaderTest, ServesTheLatestAndDropsTheOneBefore) {
  ModelLoader loader(shelf_, manager_, Options());
  shelf_.Put("delay", 1);
  shelf_.Put("delay", 2);
  shelf_.Put("fraud", 7);
  ASSERT_TRUE(loader.Sync().ok());
  EXPECT_THAT(Serving("delay"), ElementsAre(2));
  EXPECT_THAT(Serving("fraud"), ElementsAre(7));
  ASSERT_TRUE(loader.Sync().ok());
  EXPECT_EQ(shelf_.loads(), 2) << "what is loaded is not loaded again";
  shelf_.Put("delay", 3);
  ASSERT_TRUE(loader.Sync().ok());
  EXPECT_THAT(Serving("delay"), ElementsAre(3));
  shelf_.Remove("fraud", 7);
  ASSERT_TRUE(loader.Sync().ok());
  EXPECT_THAT(Serving("fraud"), IsEmpty());
  EXPECT_THAT(told_,
              ElementsAre("delay@2 is served", "fraud@7 is served", "delay@3 is served",
                          "delay@2 is dropped: it is no longer wanted", "fraud@7 is dropped: it is no longer wanted"));
}

TEST_F(ModelLoaderTest, FollowsThePoliciesOfEachModel) {
  LoaderOptions options = Options();
  options.policies["delay"] = {.aliases = {"champion"}};
  options.policies["fraud"] = {.all = true};
  options.policies["churn"] = {.versions = {2, 9}};
  options.others = std::nullopt;
  ModelLoader loader(shelf_, manager_, options);
  for (const char* name : {"delay", "fraud", "churn", "spam"}) {
    for (const int64_t version : {1, 2, 3}) shelf_.Put(name, version);
  }
  shelf_.Alias("delay", "champion", 1);
  ASSERT_TRUE(loader.Sync().ok());
  EXPECT_THAT(Serving("delay"), ElementsAre(1));
  EXPECT_EQ((*manager_.FindAlias("delay", "champion"))->version(), 1);
  EXPECT_THAT(Serving("fraud"), ElementsAre(1, 2, 3));
  EXPECT_THAT(Serving("churn"), ElementsAre(2));
  EXPECT_EQ(Reason("churn", 9), "END it is to be served, and is not in the repository");
  EXPECT_THAT(Serving("spam"), IsEmpty());
  shelf_.Alias("delay", "champion", 3);
  ASSERT_TRUE(loader.Sync().ok());
  EXPECT_EQ((*manager_.FindAlias("delay", "champion"))->version(), 3);
  EXPECT_THAT(Serving("delay"), ElementsAre(3));
  shelf_.Put("churn", 9);
  ASSERT_TRUE(loader.Sync().ok());
  EXPECT_EQ(Reason("churn", 9), "AVAILABLE ");
}

TEST_F(ModelLoaderTest, AVersionThatDoesNotLoadLeavesTheOneBeforeServing) {
  ModelLoader loader(shelf_, manager_, Options());
  shelf_.Put("delay", 1);
  ASSERT_TRUE(loader.Sync().ok());
  const std::string whole = TestModelJson();
  shelf_.Put("delay", 2, {.model_json = whole.substr(0, whole.size() / 2)});
  ASSERT_TRUE(loader.Sync().ok());
  EXPECT_THAT(Serving("delay"), ElementsAre(1));
  EXPECT_THAT(Reason("delay", 2), HasSubstr("END model delay@2: model.json"));
  EXPECT_THAT(std::string(loader.FirstFailure().message()), HasSubstr("delay@2"));
  const absl::Status asked = manager_.Find("delay", 2).status();
  EXPECT_TRUE(absl::IsUnavailable(asked));
  EXPECT_THAT(std::string(asked.message()), HasSubstr("model delay@2 does not answer: model delay@2: model.json"));
  shelf_.Put("delay", 2);
  ASSERT_TRUE(loader.Sync().ok());
  EXPECT_THAT(Serving("delay"), ElementsAre(2)) << "the package is another, so it is tried at once";
  EXPECT_TRUE(loader.FirstFailure().ok());
}

TEST_F(ModelLoaderTest, WhatFailedIsTriedAgainEverMoreRarely) {
  ModelLoader loader(shelf_, manager_, Options());
  shelf_.Put("delay", 1, {.model_json = "garbage"});
  std::vector<int64_t> tries;  // seconds since the first
  for (int64_t second = 0; second <= 80; ++second) {
    const int64_t before = shelf_.loads();
    ASSERT_TRUE(loader.Sync().ok());
    if (shelf_.loads() > before) tries.push_back(second);
    now_ += absl::Seconds(1);
  }
  EXPECT_THAT(tries, ElementsAre(0, 5, 15, 35, 75));
  EXPECT_EQ(told_.size(), 1u) << "it is told once";
  shelf_.Remove("delay", 1);
  ASSERT_TRUE(loader.Sync().ok());
  EXPECT_THAT(manager_.States(), IsEmpty());
}

TEST_F(ModelLoaderTest, AVersionThatAnswersOtherwiseThanItDidNeverServes) {
  const auto model = predict::ScoringModel::FromJson(*ParseJson(TestModelJson(1), "model"));
  const column::OwnedBatch rows =
      column::BatchBuilder().Numbers("distance", {300}).Texts("origin", {"SFO"}).Times("date", {0}).Build();
  const std::string recorded = *RecordRequests(*model, {&rows.view(), 1});
  ModelLoader loader(shelf_, manager_, Options());
  shelf_.Put("delay", 1, {.model_json = TestModelJson(1), .warmup = recorded});
  shelf_.Put("fraud", 1, {.model_json = TestModelJson(2), .warmup = recorded});
  ASSERT_TRUE(loader.Sync().ok());
  EXPECT_THAT(Serving("delay"), ElementsAre(1));
  EXPECT_THAT(Serving("fraud"), IsEmpty());
  EXPECT_THAT(Reason("fraud", 1), HasSubstr("it answers recorded request 0 with"));
  EXPECT_EQ((*manager_.Find("delay", 1))->statistics().Sum().success.count, 0) << "a warm-up is no request";
}

TEST_F(ModelLoaderTest, OnnxModelsAreTriedApartAndNeverLoadedWhereThatFails) {
  LoaderOptions options = Options();
  std::vector<std::string> tried;
  options.try_apart = [&](const std::string& name, int64_t version, const ModelFiles&) {
    tried.push_back(fmt::format("{}@{}", name, version));
    return absl::InternalError("it crashes");
  };
  ModelLoader loader(shelf_, manager_, options);
  shelf_.Put("delay", 1);
  shelf_.Put("plain", 3, {.onnx = "not looked at"});
  ASSERT_TRUE(loader.Sync().ok());
  EXPECT_THAT(tried, ElementsAre("plain@3"));
  EXPECT_EQ(Reason("plain", 3), "END it crashes");
  EXPECT_THAT(Serving("delay"), ElementsAre(1));
}

TEST_F(ModelLoaderTest, AnotherPackageOfTheSameVersionTakesItsPlace) {
  ModelLoader loader(shelf_, manager_, Options());
  shelf_.Put("delay", 1, 1);
  ASSERT_TRUE(loader.Sync().ok());
  const auto before = *manager_.Find("delay", 1);
  shelf_.Put("delay", 1, {.model_json = "garbage"});
  ASSERT_TRUE(loader.Sync().ok());
  EXPECT_EQ((*manager_.Find("delay", 1)).get(), before.get()) << "garbage replaces nothing";
  shelf_.Put("delay", 1, 2);
  ASSERT_TRUE(loader.Sync().ok());
  EXPECT_NE((*manager_.Find("delay", 1)).get(), before.get());
}

TEST_F(ModelLoaderTest, WhileTheRepositoryCannotBeListedWhatIsLoadedServes) {
  ModelLoader loader(shelf_, manager_, Options());
  shelf_.Put("delay", 1);
  ASSERT_TRUE(loader.Sync().ok());
  shelf_.Break(absl::UnavailableError("the database is away"));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(absl::IsUnavailable(loader.Sync()));
  EXPECT_THAT(Serving("delay"), ElementsAre(1));
  shelf_.Break(absl::OkStatus());
  ASSERT_TRUE(loader.Sync().ok());
  EXPECT_THAT(told_, ElementsAre("delay@1 is served", "the models cannot be listed: the database is away",
                                 "the models can be listed again"));
}

TEST_F(ModelLoaderTest, TheBudgetRefusesOrPushesOutTheLeastRecentlyUsed) {
  LoaderOptions options = Options();
  ModelManager alone;
  ASSERT_TRUE(alone.Load("a", 1, ManyWordsJson()).ok());
  options.memory_bytes = 5 * (*alone.Find("a", 1))->memory_bytes() / 2;  // two fit, three do not
  for (const bool evict : {false, true}) {
    SCOPED_TRACE(evict);
    options.evict = evict;
    Shelf shelf;
    ModelManager manager;
    ModelLoader loader(shelf, manager, options);
    for (const char* name : {"a", "b", "c"}) {
      now_ += absl::Seconds(1);
      shelf.Put(name, 1, {.model_json = ManyWordsJson()});
      ASSERT_TRUE(loader.Sync().ok());
    }
    const absl::Status a = manager.Find("a", std::nullopt).status();
    const absl::Status c = manager.Find("c", std::nullopt).status();
    EXPECT_TRUE(manager.Find("b", std::nullopt).ok());
    EXPECT_EQ(a.ok(), !evict) << a;
    EXPECT_EQ(c.ok(), evict) << c;
    const absl::Status& out = evict ? a : c;
    EXPECT_TRUE(absl::IsUnavailable(out));
    EXPECT_THAT(std::string(out.message()), HasSubstr(evict ? "least recently used when c@1 needed" : "of the budget"));
    now_ += absl::Minutes(20);
    ASSERT_TRUE(loader.Sync().ok());
    EXPECT_TRUE(manager.Find("b", std::nullopt).ok()) << "what was pushed out pushes nobody out";
    shelf.Remove("b", 1);
    ASSERT_TRUE(loader.Sync().ok());
    now_ += absl::Minutes(20);
    ASSERT_TRUE(loader.Sync().ok());
    EXPECT_TRUE(manager.Find("a", std::nullopt).ok() && manager.Find("c", std::nullopt).ok()) << "there is room now";
  }
}

TEST_F(ModelLoaderTest, ModelsAreLoadedAndUnloadedOnRequest) {
  LoaderOptions options = Options();
  options.watch_every = absl::Hours(1);
  options.tell = nullptr;
  ModelLoader loader(shelf_, manager_, options);
  shelf_.Put("delay", 1);
  ASSERT_TRUE(loader.Sync().ok());
  loader.Start();
  const auto wait = [](const auto& call) {
    std::promise<absl::Status> promise;
    call([&](const absl::Status& status) { promise.set_value(status); });
    return promise.get_future().get();
  };
  const auto load = [&](const char* name) { return wait([&](auto done) { loader.Load(name, done); }); };
  const auto unload = [&](const char* name) { return wait([&](auto done) { loader.Unload(name, done); }); };
  EXPECT_TRUE(absl::IsNotFound(load("fraud")));
  shelf_.Put("fraud", 1);
  EXPECT_TRUE(load("fraud").ok());
  EXPECT_THAT(Serving("fraud"), ElementsAre(1));
  EXPECT_TRUE(unload("delay").ok());
  EXPECT_THAT(Serving("delay"), IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(unload("delay")));
  EXPECT_TRUE(load("fraud").ok());
  EXPECT_THAT(Serving("delay"), IsEmpty()) << "it stays out";
  EXPECT_TRUE(load("delay").ok());
  EXPECT_THAT(Serving("delay"), ElementsAre(1));
  shelf_.Put("delay", 2, {.model_json = "garbage"});
  const absl::Status failed = load("delay");
  EXPECT_TRUE(absl::IsInvalidArgument(failed)) << failed;
  EXPECT_THAT(Serving("delay"), ElementsAre(1));
}

TEST_F(ModelLoaderTest, NoRequestFailsWhileVersionsAreSwapped) {
  LoaderOptions options;
  options.watch_every = absl::Milliseconds(1);
  ModelLoader loader(shelf_, manager_, options);
  shelf_.Put("delay", 1);
  shelf_.Alias("delay", "champion", 1);
  ASSERT_TRUE(loader.Sync().ok());
  loader.Start();
  std::atomic<bool> stop = false;
  std::atomic<int64_t> requests = 0, failures = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const auto servable = manager_.Find("delay", std::nullopt);
        const auto champion = manager_.FindAlias("delay", "champion");
        if (!servable.ok() || !(*servable)->WarmUp().ok() || !champion.ok()) ++failures;
        ++requests;
      }
    });
  }
  constexpr int64_t kLast = 60;
  for (int64_t version = 2; version <= kLast; ++version) {
    shelf_.Put("delay", version, static_cast<uint32_t>(version));
    shelf_.Alias("delay", "champion", version);
    shelf_.Remove("delay", version - 1);
    const absl::Time end = absl::Now() + absl::Seconds(20);
    while (!manager_.Find("delay", version).ok() && absl::Now() < end) std::this_thread::yield();
    ASSERT_TRUE(manager_.Find("delay", version).ok()) << version;
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(failures, 0) << "of " << requests;
  EXPECT_GT(requests, kLast);
}

}  // namespace
}  // namespace roost::serving
