#include "pipeline/trainer_output.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::pipeline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TrainerOutputTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& bytes) {
    std::filesystem::create_directories(std::filesystem::path(folder_ + "/" + name).parent_path());
    std::ofstream(folder_ + "/" + name, std::ios::binary) << bytes;
  }

  std::string Refusal() {
    const auto output = ReadTrainerOutput(folder_, limits_);
    return output.ok() ? "accepted" : std::string(output.status().message());
  }

  const std::string folder_ = testing::TempDir() + "trainer-output-" + std::to_string(getpid());
  TrainerLimits limits_;
};

TEST_F(TrainerOutputTest, AllFilesAreListed) {
  Write("model.onnx", "model");
  Write("state/weights.npz", "weights");
  Write("a.txt", "");
  const auto output = ReadTrainerOutput(folder_, limits_);
  ASSERT_TRUE(output.ok()) << output.status();
  std::vector<std::string> files;
  for (const OutputFile& file : output->files) files.push_back(file.path + " " + std::to_string(file.bytes));
  EXPECT_THAT(files, ElementsAre("a.txt 0", "model.onnx 5", "state/weights.npz 7"));
  EXPECT_EQ(output->model, folder_ + "/model.onnx");
  EXPECT_FALSE(output->sample.has_value());
}

TEST_F(TrainerOutputTest, ThereMustBeAModel) {
  EXPECT_THAT(Refusal(), HasSubstr("no output/model.onnx"));
  Write("model.onnx", "");
  EXPECT_THAT(Refusal(), HasSubstr("empty output/model.onnx"));
  Write("model.onnx", "model");
  EXPECT_EQ(Refusal(), "accepted");
  limits_.model_bytes = 4;
  EXPECT_THAT(Refusal(), HasSubstr("model.onnx has 5 B, more than 4 B"));
}

TEST_F(TrainerOutputTest, LinksAndPipesAreRefused) {
  Write("model.onnx", "model");
  std::filesystem::create_symlink("/etc/passwd", folder_ + "/notes");
  EXPECT_THAT(Refusal(), HasSubstr("a symbolic link in output/: notes"));
  std::filesystem::remove(folder_ + "/notes");
  std::filesystem::create_directory_symlink("/etc", folder_ + "/more");
  EXPECT_THAT(Refusal(), HasSubstr("a symbolic link in output/: more"));
  std::filesystem::remove(folder_ + "/more");
  ASSERT_EQ(mkfifo((folder_ + "/pipe").c_str(), 0600), 0);
  EXPECT_THAT(Refusal(), HasSubstr("neither a file nor a folder: pipe"));
}

TEST_F(TrainerOutputTest, AModelThatIsALinkIsRefused) {
  std::filesystem::create_symlink("/etc/passwd", folder_ + "/model.onnx");
  EXPECT_THAT(Refusal(), HasSubstr("a symbolic link in output/: model.onnx"));
}

TEST_F(TrainerOutputTest, AFolderThatIsALinkIsRefused) {
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directory_symlink("/etc", folder_);
  EXPECT_THAT(Refusal(), HasSubstr("put something else in its place"));
  std::filesystem::remove(folder_);
}

TEST_F(TrainerOutputTest, LimitsHold) {
  Write("model.onnx", "model");
  Write("big", std::string(1000, 'x'));
  limits_.output_bytes = 1000;
  EXPECT_THAT(Refusal(), HasSubstr("more than 1.00 kB in output/"));
  limits_ = {};
  std::string deep;
  for (int i = 0; i < 20; ++i) deep += "f/";
  Write(deep + "file", "");
  EXPECT_THAT(Refusal(), HasSubstr("16 deep"));
}

TEST_F(TrainerOutputTest, NamesMustBePrintable) {
  Write("model.onnx", "model");
  Write("bad\x1b[2Jname", "");
  EXPECT_THAT(Refusal(), HasSubstr("bad\\x1b[2Jname"));
}

TEST_F(TrainerOutputTest, TheSampleIsRead) {
  Write("model.onnx", "model");
  Write("sample.json", R"({"predictions": [[0.25, 0.75], [1, 0]]})");
  const auto output = ReadTrainerOutput(folder_, limits_);
  ASSERT_TRUE(output.ok()) << output.status();
  ASSERT_TRUE(output->sample.has_value());
  EXPECT_EQ(output->sample->rows, 2);
  EXPECT_EQ(output->sample->outputs, 2);
  EXPECT_THAT(output->sample->values, ElementsAre(0.25, 0.75, 1, 0));
}

TEST_F(TrainerOutputTest, ASampleThatIsNoneIsRefused) {
  Write("model.onnx", "model");
  const std::pair<const char*, const char*> cases[] = {
      {"garbage", "sample.json"},
      {"[]", "no list 'predictions'"},
      {"{\"predictions\": 3}", "no list 'predictions'"},
      {"{\"predictions\": []}", "no predictions"},
      {"{\"predictions\": [0.5]}", "row 1 is no list"},
      {"{\"predictions\": [[]]}", "row 1 is no list"},
      {"{\"predictions\": [[0.5], [1, 2]]}", "row 2 has 2 numbers"},
      {"{\"predictions\": [[null]]}", "other than finite numbers"},
      {"{\"predictions\": [[1e999]]}", "sample.json"},
      {"{\"predictions\": [[NaN]]}", "sample.json"},
  };
  for (const auto& [text, says] : cases) {
    Write("sample.json", text);
    EXPECT_THAT(Refusal(), HasSubstr(says)) << text;
  }
}

TEST(CompareSample, TellsTheLargestDifference) {
  const TrainerSample sample{2, 2, {0.25, 0.75, 10, 1}};
  const double same[] = {0.25, 0.75, 10, 1};
  EXPECT_EQ(*CompareSample(sample, same, 0), 0);
  const double near[] = {0.25, 0.75, 10.5, 1};  // a tenth of that: relative to 10
  EXPECT_DOUBLE_EQ(*CompareSample(sample, near, 0.06), 0.05);
  const auto far = CompareSample(sample, near, 0.04);
  ASSERT_FALSE(far.ok());
  EXPECT_THAT(std::string(far.status().message()),
              HasSubstr("on row 2 of evaluate/, output 1, the trainer predicts 10, the ONNX model 10.5"));
}

TEST(CompareSample, WhatIsNoNumberOrOfAnotherShapeIsRefused) {
  const TrainerSample sample{1, 2, {0.25, 0.75}};
  const double not_a_number[] = {0.25, std::numeric_limits<double>::quiet_NaN()};
  EXPECT_FALSE(CompareSample(sample, not_a_number, 1e300).ok());
  const double fewer[] = {0.25};
  EXPECT_FALSE(CompareSample(sample, fewer, 1e300).ok());
}

}  // namespace
}  // namespace roost::pipeline
