#include "pipeline/work_folder.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace roost::pipeline {
namespace {

using testing::HasSubstr;

class WorkFolderTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(path_); }

  WorkFolder Open(const std::string& training) {
    auto folder = WorkFolder::Open(path_, training);
    EXPECT_TRUE(folder.ok()) << folder.status();
    return *std::move(folder);
  }

  static void Write(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

  static Json ConfigOf(const WorkFolder& folder) {
    std::ostringstream text;
    text << std::ifstream(folder.path() + "/config.json").rdbuf();
    return *ParseJson(text.str(), "config.json");
  }

  static TrainerConfig SomeConfig() {
    TrainerConfig config{.model = "churn", .task = "binary", .seed = 7, .threads = 2};
    config.options = R"({"depth": 3})";
    config.columns = {{"age", "number"}, {"plan", "text"}};
    return config;
  }

  const std::string path_ = testing::TempDir() + "work-folder-" + std::to_string(getpid());
};

TEST_F(WorkFolderTest, ConfigNamesAllThatIsThere) {
  const WorkFolder folder = Open("abc");
  Write(folder.TrainPart(1), "");
  Write(folder.TrainPart(0), "");
  Write(folder.EvaluatePart(0), "");
  const TrainerLimits limits{.seconds = 60};
  ASSERT_TRUE(folder.WriteConfig(SomeConfig(), limits).ok());
  const Json json = ConfigOf(folder);
  EXPECT_EQ(json["contract"], 1);
  EXPECT_EQ(json["training"], "abc");
  EXPECT_EQ(json["input"], "columns");
  EXPECT_EQ(ToLine(json["columns"]), R"([{"name":"age","kind":"number"},{"name":"plan","kind":"text"}])");
  EXPECT_EQ(ToLine(json["options"]), R"({"depth":3})");
  EXPECT_EQ(ToLine(json["paths"]["train"]), R"(["train/part-00000.parquet","train/part-00001.parquet"])");
  EXPECT_TRUE(json["paths"]["schema"].is_null());
  EXPECT_TRUE(json["parent"].is_null());
  EXPECT_EQ(json["limits"]["seconds"], 60.0);
  EXPECT_TRUE(json["limits"]["memory_bytes"].is_null());
}

TEST_F(WorkFolderTest, TheParentIsTold) {
  const WorkFolder folder = Open("abc");
  Write(folder.TrainPart(0), "");
  Write(folder.EvaluatePart(0), "");
  Write(folder.Schema(), "{}");
  TrainerConfig config = SomeConfig();
  config.columns.clear();
  config.features = {"age", "plan=a"};
  config.parent = TrainerParent{"churn@3", {"age"}, {}, {{0, 2.0, -1.0}, {}}};
  ASSERT_TRUE(folder.WriteConfig(config, {}).ok());
  const Json json = ConfigOf(folder);
  EXPECT_EQ(json["input"], "features");
  EXPECT_EQ(json["paths"]["schema"], "schema.json");
  EXPECT_EQ(ToLine(json["parent"]["features"]),
            R"([{"old":0,"scale":2.0,"shift":-1.0},{"old":-1,"scale":1.0,"shift":0.0}])");
}

TEST_F(WorkFolderTest, ContradictionsAreRefused) {
  const WorkFolder folder = Open("abc");
  EXPECT_FALSE(folder.WriteConfig(SomeConfig(), {}).ok()) << "no rows";
  Write(folder.TrainPart(0), "");
  EXPECT_FALSE(folder.WriteConfig(SomeConfig(), {}).ok()) << "no rows to evaluate on";
  Write(folder.EvaluatePart(0), "");
  EXPECT_TRUE(folder.WriteConfig(SomeConfig(), {}).ok());
  TrainerConfig both = SomeConfig();
  both.features = {"age"};
  EXPECT_FALSE(folder.WriteConfig(both, {}).ok());
  TrainerConfig map = SomeConfig();
  map.parent = TrainerParent{"churn@3", {"age"}, {}, {{0, 2.0, -1.0}}};
  EXPECT_FALSE(folder.WriteConfig(map, {}).ok()) << "a map of features, where there are none";
  TrainerConfig options = SomeConfig();
  options.options = "[1]";
  EXPECT_FALSE(folder.WriteConfig(options, {}).ok());
}

TEST_F(WorkFolderTest, OnlyTheSameTrainingFindsItsCheckpoint) {
  {
    const WorkFolder folder = Open("first");
    EXPECT_FALSE(folder.resumes());
    Write(folder.Checkpoint() + "/step-3", "weights");
    Write(folder.Output() + "/model.onnx", "half a model");
    Write(folder.TrainPart(0), "rows");
    Write(folder.path() + "/config.json.new", "half a config, of a program that was killed");
  }
  {
    const WorkFolder folder = Open("first");
    EXPECT_TRUE(folder.resumes());
    EXPECT_TRUE(std::filesystem::exists(folder.Checkpoint() + "/step-3"));
    EXPECT_TRUE(std::filesystem::is_empty(folder.Output()));
    EXPECT_FALSE(std::filesystem::exists(folder.TrainPart(0)));
  }
  const WorkFolder folder = Open("second");
  EXPECT_FALSE(folder.resumes());
  EXPECT_TRUE(std::filesystem::is_empty(folder.Checkpoint()));
}

TEST_F(WorkFolderTest, OneProgramAtATime) {
  {
    const WorkFolder folder = Open("abc");
    const auto second = WorkFolder::Open(path_, "abc");
    EXPECT_EQ(second.status().code(), absl::StatusCode::kAborted);
  }
  EXPECT_TRUE(WorkFolder::Open(path_, "abc").ok());
}

TEST_F(WorkFolderTest, AFolderOfOthersIsLeftAlone) {
  std::filesystem::create_directories(path_ + "/train");
  Write(path_ + "/train/precious", "");
  Write(path_ + "/thesis.txt", "");
  const auto folder = WorkFolder::Open(path_, "abc");
  EXPECT_EQ(folder.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(folder.status().message()), HasSubstr("thesis.txt"));
  EXPECT_TRUE(std::filesystem::exists(path_ + "/train/precious"));
}

TEST_F(WorkFolderTest, FilesOfTheParentStayInItsFolder) {
  const WorkFolder folder = Open("abc");
  ASSERT_TRUE(folder.WriteParentFile("model.onnx", "model").ok());
  ASSERT_TRUE(folder.WriteParentFile("words/de.txt", "Wort").ok());
  std::ostringstream text;
  text << std::ifstream(folder.Parent() + "/words/de.txt").rdbuf();
  EXPECT_EQ(text.str(), "Wort");
  for (const char* path : {"../train/part-00000.parquet", "/elsewhere", "words/../../lock", "", ".."}) {
    const absl::Status status = folder.WriteParentFile(path, "x");
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << path << ": " << status;
  }
  EXPECT_FALSE(std::filesystem::exists(folder.TrainPart(0)));
}

}  // namespace
}  // namespace roost::pipeline
