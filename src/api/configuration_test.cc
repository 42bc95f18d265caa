// What a configuration means, wherever it is kept, and what is wrong in one.

#include "api/configuration.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/data.h"
#include "api/facts.h"
#include "api/training.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "config/resolved.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kProject[] = R"(project: trips
dataset: trips
model:
  name: late
  label: delay > 15
  split: {column: time}
  features:
    - {column: distance, use: standardize}
  trainer: {l2: 2}
)";

class ConfigurationTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              (std::string("roost_configuration_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    context_.pool = &pool_;
    context_.now = [] { return absl::FromUnixSeconds(1'704'067'200 + 400 * 86'400); };  // 2024-01-01, and 400 days
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Write(const std::string& text) { std::ofstream(folder_ / "roost.yaml") << text; }

  // With a version of 600 rows, an hour apart from 2024-01-01 on.
  Project MakeProject(const std::string& text) {
    Write(text);
    EXPECT_TRUE(Init({.folder = folder_.string()}).ok());
    auto project = Project::Open(folder_.string());
    EXPECT_TRUE(project.ok()) << project.status();
    std::ofstream csv(folder_ / "trips.csv");
    csv << "time,distance,delay\n";
    for (int row = 0; row < 600; ++row) {
      csv << fmt::format("2024-01-{:02}T{:02}:00:00,{},{}\n", row / 24 + 1, row % 24, row % 97, row * 7 % 40);
    }
    csv.close();
    const auto added = AddData(*project, {.dataset = "trips", .files = {(folder_ / "trips.csv").string()}}, context_);
    EXPECT_TRUE(added.ok()) << added.status();
    return *std::move(project);
  }

  std::vector<std::string> FindingsOf(const std::string& text) {
    Write(text);
    const auto check = CheckConfig(folder_.string());
    EXPECT_TRUE(check.ok()) << check.status();
    std::vector<std::string> lines;
    for (const ConfigFinding& finding : check->findings) {
      lines.push_back(fmt::format("{}:{} {} {}: {}", finding.file, finding.line, KindName(finding.kind), finding.key,
                                  finding.message));
    }
    return lines;
  }

  fs::path folder_;
  ThreadPool pool_{2};
  Context context_;
};

TEST_F(ConfigurationTest, AVersionKeepsWhatItsConfigurationMeant) {
  Project project = MakeProject(kProject);
  const auto trained = Train(project, {}, context_);
  ASSERT_TRUE(trained.ok()) << trained.status();
  const auto kept = ConfigurationOf(project, trained->version);
  const auto now = ReadConfiguration(folder_.string(), ".");
  ASSERT_TRUE(kept.ok()) << kept.status();
  ASSERT_TRUE(now.ok()) << now.status();
  EXPECT_EQ(kept->name, "late@1");
  EXPECT_EQ(ToLine(kept->values), ToLine(now->values));
  const auto again = Train(project, {}, context_);
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(again->version.manifest, trained->version.manifest);
}

TEST_F(ConfigurationTest, APackageOfAnOlderProgramIsReadFromItsText) {
  Project project = MakeProject(kProject);
  const auto trained = Train(project, {}, context_);
  ASSERT_TRUE(trained.ok()) << trained.status();
  auto package = project.registry().Load(trained->version);
  ASSERT_TRUE(package.ok()) << package.status();
  ASSERT_EQ(package->parts.erase(registry::kResolvedConfigPart), 1u);
  const auto old = project.registry().Register("older", *package, "tester", context_);
  ASSERT_TRUE(old.ok()) << old.status();
  const auto configuration = ReadConfiguration(folder_.string(), "older@1");
  ASSERT_TRUE(configuration.ok()) << configuration.status();
  EXPECT_EQ(configuration->name, "older@1");
  EXPECT_EQ(ToLine(configuration->values), ToLine(ConfigurationOf(project, trained->version)->values));
  package->parts.erase(registry::kConfigPart);
  ASSERT_TRUE(project.registry().Register("foreign", *package, "tester", context_).ok());
  EXPECT_THAT(ReadConfiguration(folder_.string(), "foreign@1").status().message(), HasSubstr("trained elsewhere"));
}

TEST_F(ConfigurationTest, WhatIsNeitherFileNorVersionIsNotFound) {
  MakeProject(kProject);
  EXPECT_TRUE(absl::IsNotFound(ReadConfiguration(folder_.string(), "late@3").status()));
  EXPECT_TRUE(absl::IsNotFound(ReadConfiguration(folder_.string(), "no/roost.yaml").status()));
  std::ofstream(folder_ / "bad.yaml") << "projekt: x\n";
  EXPECT_TRUE(absl::IsInvalidArgument(ReadConfiguration(folder_.string(), (folder_ / "bad.yaml").string()).status()));
}

TEST_F(ConfigurationTest, AllMistakesAreFound) {
  MakeProject(kProject);
  EXPECT_THAT(FindingsOf(kProject), IsEmpty());
  EXPECT_THAT(FindingsOf("project: a\ndataset: [b]\nserve: {port: x}\n"),
              ElementsAre("roost.yaml:2 error : want a text, got a list",
                          "roost.yaml:3 error : want a whole number from 0 to 65,535, got 'x'"));
  std::string text = kProject;
  text.replace(text.find("{column: time}"), 14, "{by: hash}    ");
  EXPECT_THAT(FindingsOf(text), ElementsAre(HasSubstr("roost.yaml:6 error : model.split: key 'key' is missing")));
}

TEST_F(ConfigurationTest, WhatIsNotThereIsFound) {
  MakeProject(kProject);
  std::string text = kProject;
  text.replace(text.find("column: distance"), 16, "column: distanze");
  text += "serve:\n  models:\n    nobody: {}\n";
  EXPECT_THAT(FindingsOf(text), ElementsAre("roost.yaml:8 error model.features[0].column: trips@1 has no column "
                                            "'distanze'",
                                            "roost.yaml:12 warning serve.models.nobody: there is no model 'nobody'"));
}

TEST_F(ConfigurationTest, ScoresOfNoModelAreFound) {
  MakeProject(kProject);
  std::string text = kProject;
  text.replace(text.find("column: distance"), 16, "column: first");
  EXPECT_THAT(FindingsOf(text + "  scores: {first: nobody}\n"),
              ElementsAre("roost.yaml:10 error model.scores.first: there is no model 'nobody'"));
  const std::string both =
      "project: trips\ndataset: trips\nmodels:\n"
      "  below:\n    label: delay > 15\n    split: {column: time}\n    features: [{column: distance}]\n"
      "  above:\n    label: delay\n    split: {column: time}\n    features: [{column: first}]\n    scores: {first: ";
  EXPECT_THAT(FindingsOf(both + "below}\n"), IsEmpty()) << "it is trained first";
  auto project = Project::Open(folder_.string());
  ASSERT_TRUE(project.ok()) << project.status();
  ASSERT_TRUE(project->SelectModel("below").ok());
  ASSERT_TRUE(Train(*project, {}, context_).ok());
  EXPECT_THAT(FindingsOf(both + "below}\n"), IsEmpty());
  EXPECT_THAT(FindingsOf(both + "below@1}\n"), IsEmpty());
  EXPECT_THAT(FindingsOf(both + "below@2}\n"),
              ElementsAre(HasSubstr("roost.yaml:12 error models.above.scores.first: ")));
}

TEST_F(ConfigurationTest, FilesAndColumnsThatAreNotThereAreFound) {
  MakeProject(kProject);
  const std::string more =
      "signing: {key: mine.pem, public_keys: [mine.pub]}\n"
      "hooks:\n  - {on: [promoted], url: 'https://chat', secret: secret}\n  - {on: [promoted], run: [./tell]}\n"
      "  - {on: [judged], run: [tell]}\n"
      "watch: {window: {days: 3, column: tiem}}\n";
  EXPECT_THAT(FindingsOf(kProject + more),
              ElementsAre("roost.yaml:10 error signing.key: there is no file 'mine.pem'",
                          "roost.yaml:10 error signing.public_keys: there is no file 'mine.pub'",
                          "roost.yaml:15 error watch.window.column: trips@1 has no column 'tiem'",
                          "roost.yaml:12 warning hooks[0].secret: there is no file 'secret'",
                          "roost.yaml:13 warning hooks[1].run: there is no file './tell'"));
  for (const char* file : {"mine.pem", "mine.pub", "secret", "tell"}) std::ofstream(folder_ / file) << "";
  EXPECT_THAT(FindingsOf(kProject + more), ElementsAre(HasSubstr("watch.window.column")));
}

TEST_F(ConfigurationTest, AFactThatDoesNotHoldStopsATraining) {
  Project project = MakeProject(std::string(kProject) +
                                "assert:\n  - rows > 100\n  - {that: training_rows >= 500, because: too few}\n");
  const absl::Status status = Train(project, {}, context_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(),
            "what roost.yaml asserts does not hold: training_rows >= 500 (training_rows is 450): too few");
  EXPECT_THAT(*project.registry().List(), IsEmpty());
}

TEST_F(ConfigurationTest, EveryFactHasItsFigure) {
  std::string text = std::string(kProject) + "assert:\n";
  for (const config::Fact& fact : config::AllFacts()) text += fmt::format("  - {} >= 0\n", fact.name);
  Project project = MakeProject(text);
  const auto dataset = ResolveDataset(project, "");
  ASSERT_TRUE(dataset.ok());
  const auto facts = CheckFacts(project, *dataset, nullptr, context_);
  ASSERT_TRUE(facts.ok()) << facts.status();
  std::map<std::string, double> figures;
  for (const CheckedFact& fact : *facts) {
    ASSERT_EQ(fact.figures.size(), 1u);
    ASSERT_TRUE(fact.figures.front().second.has_value()) << fact.figures.front().first;
    figures[fact.figures.front().first] = *fact.figures.front().second;
  }
  EXPECT_EQ(figures["rows"], 600);
  EXPECT_EQ(figures["new_rows"], 600);
  EXPECT_EQ(figures["columns"], 3);
  EXPECT_EQ(figures["training_rows"], 450);
  EXPECT_EQ(figures["evaluation_rows"], 150);
  EXPECT_EQ(figures["unlabelled_rows"], 0);
  EXPECT_EQ(figures["features"], 1);
  EXPECT_EQ(figures["model_versions"], 0);
  EXPECT_EQ(figures["version_age_days"], 0);
  EXPECT_NEAR(figures["data_age_days"], 400 - 599 / 24.0, 1e-9);
}

TEST_F(ConfigurationTest, WhatIsNotKnownDoesNotHold) {
  std::string text = std::string(kProject) + "assert: [data_age_days < 2, data_age_days is null or rows > 5]\n";
  text.replace(text.find("{column: time}"), 14, "{by: hash, key: [time]}");
  Project project = MakeProject(text);
  const auto facts = CheckFacts(project, *ResolveDataset(project, ""), nullptr, context_);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_FALSE(facts->at(0).holds);
  EXPECT_EQ(facts->at(0).ToText(), "data_age_days < 2 (data_age_days is not known)");
  EXPECT_TRUE(facts->at(1).holds);
  EXPECT_TRUE(NamesPassingFacts(project.config()));
}

}  // namespace
}  // namespace roost::api
