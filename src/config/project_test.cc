#include "config/project.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "config/templates.h"

namespace roost::config {
namespace {

constexpr std::string_view kModel = R"(project: flights
dataset: flights
model:
  name: late-flights
  label: delay > 15
  split: {column: date}
  features:
    - {column: distance, use: bucketize, buckets: 7}
)";

TEST(Project, EveryTemplateIsAProject) {
  for (const std::string& name : TemplateNames()) {
    const auto files = FilesOfTemplate(name);
    ASSERT_TRUE(files.ok());
    const auto project = ParseProject(files->front().content, "roost.yaml");
    EXPECT_TRUE(project.ok()) << name << ": " << project.status();
  }
  EXPECT_EQ(HintOf(FilesOfTemplate("tabula").status()), "did you mean 'tabular'?");
}

TEST(Project, ValuesAndDefaultsAreRead) {
  const auto project = ParseProject(kModel, "roost.yaml");
  ASSERT_TRUE(project.ok()) << project.status();
  EXPECT_EQ(project->model->features[0].buckets, 7);
  EXPECT_EQ(project->model->features[0].use, transform::Operation::kBucketize);
  EXPECT_EQ(project->model->split.evaluate_share, 0.25);
  EXPECT_EQ(project->serve.port, 8080);
}

TEST(Project, AProjectNeedsNoModel) {
  EXPECT_FALSE(ParseProject("project: a\ndataset: b\n", "roost.yaml")->model.has_value());
}

TEST(Project, AMistakeInAnExpressionIsToldWithItsLine) {
  std::string text(kModel);
  text.replace(text.find("delay > 15"), 10, "delay > > 15");
  const absl::Status status = ParseProject(text, "roost.yaml").status();
  EXPECT_EQ(std::string(status.message()).rfind("roost.yaml:5: ", 0), 0u) << status;
}

TEST(Project, NamesAreChecked) {
  const absl::Status status = ParseProject("project: a b\ndataset: c\n", "roost.yaml").status();
  EXPECT_EQ(std::string(status.message()).rfind("roost.yaml:1: 'a b' is no name", 0), 0u) << status;
}

TEST(Project, AMisspeltUseIsHinted) {
  std::string text(kModel);
  text.replace(text.find("bucketize"), 9, "bucketise");
  EXPECT_EQ(HintOf(ParseProject(text, "roost.yaml").status()), "did you mean 'bucketize'?");
}

TEST(ProjectConfig, TheSourceIsAListOfTexts) {
  const std::string begin = "project: p\ndataset: d\n";
  EXPECT_THAT(ParseProject(begin + "data:\n  source: [a.csv, 'in/*.parquet']\n", "roost.yaml")->data.source,
              testing::ElementsAre("a.csv", "in/*.parquet"));
  EXPECT_THAT(ParseProject(begin, "roost.yaml")->data.source, testing::IsEmpty());
  for (const char* bad : {"source: {}", "source: []", "source: [{}]"}) {
    const absl::Status status = ParseProject(begin + "data:\n  " + bad + "\n", "roost.yaml").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_EQ(std::string(status.message()).rfind("roost.yaml:4: ", 0), 0u) << status;
  }
}

}  // namespace
}  // namespace roost::config
