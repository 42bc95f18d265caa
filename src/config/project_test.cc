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

constexpr char kTwoModels[] =
    "project: p\ndataset: d\nmodels:\n"
    "  late: {label: 'a > 1', split: {column: t}, features: [{column: b}]}\n"
    "  later: {label: 'a > 9', split: {column: t}, features: [{column: s}], scores: {s: late@champion}}\n";

TEST(ProjectConfig, SeveralModelsAreNamedByTheirKeys) {
  const auto project = ParseProject(kTwoModels, "roost.yaml");
  ASSERT_TRUE(project.ok()) << project.status();
  EXPECT_TRUE(project->has_models_by_name);
  EXPECT_FALSE(project->model.has_value());
  ASSERT_EQ(project->models.size(), 2u);
  EXPECT_EQ(project->FindModel("later@3")->scores.at("s"), "late@champion");
  EXPECT_EQ(project->FindModel("other"), nullptr);
}

TEST(ProjectConfig, TheOnlyModelIsTheOneThatCommandsAreAbout) {
  const std::string one = std::string(kTwoModels).substr(0, std::string(kTwoModels).find("  later"));
  const auto project = ParseProject(one, "roost.yaml");
  ASSERT_TRUE(project.ok()) << project.status();
  EXPECT_EQ(project->model->name, "late");
  EXPECT_EQ(project->FindModel("other")->name, "late");
}

TEST(ProjectConfig, ModelsThatCannotBeAreRefused) {
  const std::string both =
      std::string(kTwoModels) + "model: {name: x, label: 'a > 1', split: {column: t}, features: auto}\n";
  EXPECT_THAT(std::string(ParseProject(both, "roost.yaml").status().message()),
              testing::HasSubstr("there are 'model' and 'models'"));
  std::string named = kTwoModels;
  named.replace(named.find("{label"), 1, "{name: x, ");
  EXPECT_THAT(std::string(ParseProject(named, "roost.yaml").status().message()),
              testing::HasSubstr("roost.yaml:4: unknown key 'name'"));
  std::string circle = kTwoModels;
  circle.replace(circle.find("late@champion"), 13, "later");
  EXPECT_THAT(std::string(ParseProject(circle, "roost.yaml").status().message()), testing::HasSubstr("wait for"));
  std::string no_name = kTwoModels;
  no_name.replace(no_name.find("late@champion"), 13, "'@2'");
  EXPECT_THAT(std::string(ParseProject(no_name, "roost.yaml").status().message()),
              testing::HasSubstr("roost.yaml:5: "));
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
