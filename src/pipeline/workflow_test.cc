#include "pipeline/workflow.h"

#include <algorithm>
#include <random>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/yaml.h"
#include "pipeline/step.h"

namespace roost::pipeline {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Workflow Sample() {
  return {.name = "flights",
          .folder = "/srv/flights",
          .program = "roost",
          .image = "roost:1",
          .tasks = TasksOf({}, /*has_assertions=*/false)};
}

// "name: after, after; ".
std::string Shape(const std::vector<WorkflowTask>& tasks) {
  std::string shape;
  for (const WorkflowTask& task : tasks) shape += fmt::format("{}: {}; ", task.name, fmt::join(task.after, ", "));
  return shape;
}

std::string MessageOf(const absl::StatusOr<std::string>& text) { return std::string(text.status().message()); }

// The member of a mapping; fails where there is none.
YamlNode Member(const YamlNode& node, std::string_view name) {
  for (const YamlNode::Member& member : node.Members()) {
    if (member.name == name) return member.value;
  }
  ADD_FAILURE() << "there is no " << name;
  return node;
}

auto Lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

TEST(Schedules, AreTimesOfCron) {
  for (const char* good : {"0 3 * * *", "*/15 * * * *", "0,30 8-18 1 JAN-MAR MON", "5 0-22/2 1-7 1,6 0-6", "@daily"}) {
    EXPECT_TRUE(CheckSchedule(good).ok()) << good;
  }
  for (const char* bad : {"", "0 3 * *", "0 3 * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
                          "* * * * 7", "* * * * SAN", "5-1 * * * *", "*/0 * * * *", "5/10 * * * *", "@once",
                          "0  3 * * *", "a * * * *", "1,,2 * * * *", "- * * * *", "0 3 * * *\n", "\"; import os"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CheckSchedule(bad))) << bad;
  }
  EXPECT_THAT(std::string(CheckSchedule("0 25 * * *").message()),
              HasSubstr("'25' is no hour: want numbers from 0 to 23"));
}

TEST(Tasks, AreTheStepsOneAfterTheOther) {
  EXPECT_EQ(Shape(TasksOf({}, false)),
            "ingest: ; validate: ingest; train: validate; evaluate: train; gate: evaluate; release: gate; ");
  EXPECT_EQ(Shape(TasksOf({}, true)),
            "ingest: ; validate: ingest; assert: validate; train: assert; evaluate: train; gate: evaluate; "
            "release: gate; ");
}

TEST(Tasks, OfSeveralModelsEachHasItsOwn) {
  const std::vector<WorkflowTask> tasks = TasksOf({{"a", {}}, {"b", {"a"}}, {"c", {}}}, true);
  EXPECT_EQ(Shape(tasks),
            "ingest: ; validate: ingest; "
            "assert-a: validate; train-a: assert-a; evaluate-a: train-a; gate-a: evaluate-a; release-a: gate-a; "
            "assert-b: validate, release-a; train-b: assert-b; evaluate-b: train-b; gate-b: evaluate-b; "
            "release-b: gate-b; "
            "assert-c: validate; train-c: assert-c; evaluate-c: train-c; gate-c: evaluate-c; release-c: gate-c; ");
  EXPECT_EQ(tasks[1].model, "");
  EXPECT_EQ(tasks[3].model, "a");
  EXPECT_EQ(tasks[3].step, Step::kTrain);
}

TEST(Tasks, HaveNamesThatNoTwoShare) {
  const std::vector<WorkflowTask> tasks = TasksOf({{"a.b", {}}, {"a_b", {}}, {"a-b", {}}, {"a-b-2", {}}}, false);
  std::set<std::string> names;
  for (const WorkflowTask& task : tasks) EXPECT_TRUE(names.insert(task.name).second) << task.name;
  EXPECT_EQ(tasks[2].name, "train-a-b");
  EXPECT_EQ(tasks[6].name, "train-a-b-2");
  EXPECT_EQ(tasks[6].model, "a_b");
}

TEST(Airflow, EveryStepIsATask) {
  const absl::StatusOr<std::string> text = AirflowDag(Sample());
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, HasSubstr("    (\"ingest\", (\"run\", \"--step\", \"ingest\"), ()),\n"
                               "    (\"validate\", (\"run\", \"--step\", \"validate\"), (\"ingest\",)),\n"));
  EXPECT_THAT(*text, HasSubstr("SCHEDULE = None\n"));
  Workflow daily = Sample();
  daily.schedule = "0 3 * * *";
  EXPECT_THAT(*AirflowDag(daily), HasSubstr("SCHEDULE = \"0 3 * * *\"\n"));
  EXPECT_THAT(*text, HasSubstr("ONE_AT_A_TIME = False\n"));
  Workflow several = Sample();
  several.tasks = TasksOf({{"late", {}}, {"minutes", {"late"}}}, false);
  several.one_at_a_time = true;
  EXPECT_THAT(*AirflowDag(several),
              HasSubstr("    (\"train-minutes\", (\"run\", \"--step\", \"train\", \"--model\", \"minutes\"), "
                        "(\"validate\", \"release-late\")),\n"));
  EXPECT_THAT(*AirflowDag(several), HasSubstr("ONE_AT_A_TIME = True\n"));
}

TEST(Airflow, AnyTextStandsInALiteralOfAscii) {
  Workflow workflow = Sample();
  workflow.folder = "/a \"b\" \\ 'c' é漢😀 {{ x }} ${y} $(z)";
  EXPECT_THAT(*AirflowDag(workflow),
              HasSubstr("FOLDER = \"/a \\\"b\\\" \\\\ 'c' \\U000000e9\\U00006f22\\U0001f600 {{ x }} ${y} $(z)\"\n"));
  const std::string head = AirflowDag(Sample())->substr(0, 400);
  const std::string alphabet[] = {"\"", "\\", "'", "#", "é", "漢", "😀", " ", "%",
                                  "{",  "}",  "n", "u", "x", "0",  "(",  "/"};
  std::mt19937 random(9);
  for (int i = 0; i < 500; ++i) {
    workflow.folder = "/";
    for (size_t j = random() % 20; j > 0; --j) workflow.folder += alphabet[random() % std::size(alphabet)];
    const std::string text = *AirflowDag(workflow);
    for (const char c : text) ASSERT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << text;
    EXPECT_EQ(text.substr(0, 400), head);
    EXPECT_EQ(Lines(text), Lines(*AirflowDag(Sample()))) << "one line more or less would be code of the user's";
  }
}

TEST(Airflow, RefusesWhatNoCommandCanHave) {
  Workflow workflow = Sample();
  workflow.folder = "flights";
  EXPECT_EQ(MessageOf(AirflowDag(workflow)), "folder 'flights': want an absolute path");
  workflow = Sample();
  workflow.image = "-v";
  EXPECT_EQ(MessageOf(AirflowDag(workflow)), "image '-v' begins with '-', which would be an option");
  workflow = Sample();
  workflow.program = "a\nb";
  EXPECT_EQ(MessageOf(AirflowDag(workflow)), "program 'a\\x0ab' has control characters");
  workflow.program = "\xff";
  EXPECT_THAT(MessageOf(AirflowDag(workflow)), HasSubstr("is not UTF-8"));
  workflow.program = "";
  EXPECT_EQ(MessageOf(AirflowDag(workflow)), "the program is empty");
  workflow = Sample();
  workflow.schedule = "daily";
  EXPECT_THAT(MessageOf(AirflowDag(workflow)), HasSubstr("'daily' is no schedule"));
}

TEST(Argo, EveryStepIsATemplateThatWaitsForTheOneBefore) {
  const absl::StatusOr<std::string> text = ArgoWorkflow(Sample(), {.volume = "claim"});
  ASSERT_TRUE(text.ok()) << text.status();
  const YamlNode root = *YamlNode::Parse(*text, "workflow");
  EXPECT_EQ(Member(root, "kind").scalar(), "Workflow");
  EXPECT_EQ(Member(Member(root, "metadata"), "generateName").scalar(), "flights-");
  const std::vector<YamlNode> templates = Member(Member(root, "spec"), "templates").Elements();
  const std::vector<WorkflowTask> steps = Sample().tasks;
  ASSERT_EQ(templates.size(), 1 + steps.size());
  const std::vector<YamlNode> tasks = Member(Member(templates[0], "dag"), "tasks").Elements();
  ASSERT_EQ(tasks.size(), steps.size());
  for (size_t i = 0; i < steps.size(); ++i) {
    const std::string& step = steps[i].name;
    EXPECT_EQ(Member(tasks[i], "template").scalar(), step);
    if (i > 0) {
      EXPECT_EQ(Member(tasks[i], "dependencies").Elements()[0].scalar(), steps[i - 1].name);
    }
    EXPECT_EQ(Member(templates[i + 1], "name").scalar(), step);
    const std::vector<YamlNode> words = Member(Member(templates[i + 1], "container"), "args").Elements();
    ASSERT_EQ(words.size(), 5U);
    EXPECT_EQ(words[2].scalar(), step);
    EXPECT_EQ(words[4].scalar(), "/srv/flights");
  }
}

TEST(Argo, OfSeveralModelsEachStepNamesItsOwn) {
  Workflow workflow = Sample();
  workflow.tasks = TasksOf({{"late", {}}, {"minutes", {"late"}}}, false);
  workflow.one_at_a_time = true;
  const YamlNode spec = Member(*YamlNode::Parse(*ArgoWorkflow(workflow, {}), "workflow"), "spec");
  EXPECT_EQ(Member(spec, "parallelism").scalar(), "1");
  const std::vector<YamlNode> templates = Member(spec, "templates").Elements();
  ASSERT_EQ(templates.size(), 11U);
  const std::vector<YamlNode> tasks = Member(Member(templates[0], "dag"), "tasks").Elements();
  EXPECT_EQ(Member(tasks[6], "name").scalar(), "train-minutes");
  EXPECT_EQ(Member(tasks[6], "dependencies").Elements()[1].scalar(), "release-late");
  std::string words;
  for (const YamlNode& word : Member(Member(templates[7], "container"), "args").Elements())
    words += word.scalar() + " ";
  EXPECT_EQ(words, "run --step train --model minutes --project /srv/flights ");
}

TEST(Argo, AScheduleMakesACronWorkflow) {
  Workflow workflow = Sample();
  workflow.schedule = "0 3 * * *";
  const YamlNode root = *YamlNode::Parse(*ArgoWorkflow(workflow, {}), "workflow");
  EXPECT_EQ(Member(root, "kind").scalar(), "CronWorkflow");
  EXPECT_EQ(Member(Member(root, "spec"), "schedules").Elements()[0].scalar(), "0 3 * * *");
  EXPECT_EQ(Member(Member(Member(root, "spec"), "workflowSpec"), "entrypoint").scalar(), "pipeline");
}

TEST(Argo, OnlyTheStepThatTrainsGetsGpus) {
  const std::string text = *ArgoWorkflow(Sample(), {.cpu = "500m", .memory = "1.5Gi", .gpus = 2});
  const size_t gpu = text.find("nvidia.com/gpu: \"2\"");
  ASSERT_NE(gpu, std::string::npos);
  EXPECT_EQ(text.find("nvidia.com/gpu", gpu + 1), std::string::npos);
  EXPECT_GT(gpu, text.find("- name: train\n      retryStrategy"));
  EXPECT_THAT(text, HasSubstr("cpu: \"500m\"\n"));
}

TEST(Argo, WithoutRetriesThereIsNoStrategy) {
  Workflow workflow = Sample();
  workflow.retries = 0;
  EXPECT_THAT(*ArgoWorkflow(workflow, {}), Not(HasSubstr("retryStrategy")));
  EXPECT_THAT(*ArgoWorkflow(Sample(), {}), HasSubstr("asInt(lastRetry.exitCode) in [11, 13, 14, 130, 137, 143]"));
}

TEST(Argo, RefusesWhatKubernetesRefuses) {
  for (const char* bad : {"", "Flights", "a_b", "-a", "a-", "a..b", "a.-b", "ä", "a b", "a\n"}) {
    Workflow workflow = Sample();
    workflow.name = bad;
    EXPECT_TRUE(absl::IsInvalidArgument(ArgoWorkflow(workflow, {}).status())) << bad;
    if (*bad == '\0') continue;
    EXPECT_TRUE(absl::IsInvalidArgument(ArgoWorkflow(Sample(), {.volume = bad}).status())) << bad;
    EXPECT_TRUE(absl::IsInvalidArgument(ArgoWorkflow(Sample(), {.config_map = bad}).status())) << bad;
    EXPECT_TRUE(absl::IsInvalidArgument(ArgoWorkflow(Sample(), {.secret = bad}).status())) << bad;
    EXPECT_TRUE(absl::IsInvalidArgument(ArgoWorkflow(Sample(), {.service_account = bad}).status())) << bad;
  }
  for (const char* bad : {"", "x", "-1", "1.", ".5", "1GB", "2 Gi", "1e"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ArgoWorkflow(Sample(), {.memory = bad}).status())) << bad;
    EXPECT_TRUE(absl::IsInvalidArgument(ArgoWorkflow(Sample(), {.cpu = bad}).status())) << bad;
  }
  Workflow workflow = Sample();
  workflow.name = std::string(53, 'a');
  EXPECT_TRUE(absl::IsInvalidArgument(ArgoWorkflow(workflow, {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ArgoWorkflow(Sample(), {.volume = "a", .config_map = "b"}).status()));
}

TEST(Argo, NothingOfTheUsersIsReplacedByTheEngine) {
  Workflow workflow = Sample();
  workflow.image = "roost:{{workflow.name}}";
  EXPECT_EQ(MessageOf(ArgoWorkflow(workflow, {})), "image 'roost:{{workflow.name}}' has '{{', which Argo replaces");
  workflow = Sample();
  workflow.folder = "/{{x}}";
  EXPECT_TRUE(absl::IsInvalidArgument(ArgoWorkflow(workflow, {}).status()));
}

TEST(Argo, FilesOfAConfigMapLieInTheFolder) {
  const std::string text = *ArgoWorkflow(Sample(), {.config_map = "project", .files = {"roost.yaml", "schema.yaml"}});
  EXPECT_THAT(text, HasSubstr("mountPath: /srv/flights/schema.yaml\n            subPath: schema.yaml\n"));
  EXPECT_THAT(text, HasSubstr("configMap:\n        name: project\n"));
}

}  // namespace
}  // namespace roost::pipeline
