#include "base/declared.h"

#include <gtest/gtest.h>

#include "base/status.h"

namespace roost {
namespace {

enum class Loss { kLogistic, kSquared };

struct Trainer {
  Loss loss = Loss::kLogistic;
  double l2 = 1.0;
};

struct Feature {
  std::string column;
  int64_t buckets = 10;
};

struct Project {
  std::string name;
  Trainer trainer;
  std::vector<Feature> features;
};

Declaration<Project> Declared() {
  Declaration<Trainer> trainer;
  trainer
      .Choice("loss", &Trainer::loss, {{"logistic", Loss::kLogistic}, {"squared", Loss::kSquared}}, "what is minimised")
      .Number("l2", &Trainer::l2, {.min = 0, .max = 10}, "penalty on the weights");
  Declaration<Feature> feature;
  feature.Text("column", &Feature::column, "a column of the dataset", Presence::kRequired)
      .Integer("buckets", &Feature::buckets, {.min = 2, .max = 100}, "how many");
  Declaration<Project> project;
  project.Text("name", &Project::name, "the project's name", Presence::kRequired)
      .Section("trainer", &Project::trainer, trainer, "how the model learns")
      .List("features", &Project::features, feature, "what the model sees");
  return project;
}

struct Refusal {
  std::string text;
  std::string message;
  std::string hint;
};

TEST(Declared, ReadsWhatIsThereAndKeepsDefaults) {
  const auto project = Declared().Parse(
      "name: flights  # a comment\ntrainer: {loss: squared}\nfeatures:\n  - column: date\n  - {column: x, buckets: "
      "3}\n",
      "roost.yaml");
  ASSERT_TRUE(project.ok()) << project.status();
  EXPECT_EQ(project->name, "flights");
  EXPECT_EQ(project->trainer.loss, Loss::kSquared);
  EXPECT_EQ(project->trainer.l2, 1.0);
  ASSERT_EQ(project->features.size(), 2u);
  EXPECT_EQ(project->features[0].buckets, 10);
  EXPECT_EQ(project->features[1].buckets, 3);
}

struct Shape {
  std::optional<Loss> loss;
  bool round = false;
  std::vector<std::string> names;
  std::vector<double> sizes;
  std::optional<double> weight;
  int64_t sides = 0;
};

Declaration<Shape> DeclaredShape() {
  Declaration<Shape> shape;
  shape
      .OptionalChoice("loss", &Shape::loss, {{"logistic", Loss::kLogistic}, {"squared", Loss::kSquared}},
                      "what is lost")
      .Flag("round", &Shape::round, "whether it rolls")
      .Texts("names", &Shape::names, "what it is called")
      .Numbers("sizes", &Shape::sizes, {.min = 0}, "how large")
      .When("loss", {"squared"})
      .OptionalNumber("weight", &Shape::weight, {.min = 0}, "how heavy")
      .When("", {})
      .Custom("sides", "whole number or many", "", "how many sides", Presence::kOptional,
              [](const YamlNode& node, Shape& target) -> absl::Status {
                if (node.IsScalar() && node.scalar() == "many") {
                  target.sides = 1000;
                  return absl::OkStatus();
                }
                TRY_ASSIGN(target.sides, ReadInteger(node, {.min = 1, .max = 10}));
                return absl::OkStatus();
              });
  return shape;
}

TEST(Declared, FlagsListsAndKeysOfOneKind) {
  const auto shape = DeclaredShape().Parse(
      "loss: squared\nround: true\nnames: [a, b]\nsizes: [1, 2.5]\nweight: 3\nsides: many\n", "f");
  ASSERT_TRUE(shape.ok()) << shape.status();
  EXPECT_EQ(shape->loss, Loss::kSquared);
  EXPECT_TRUE(shape->round);
  EXPECT_EQ(shape->names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(shape->sizes, (std::vector<double>{1, 2.5}));
  EXPECT_EQ(shape->weight, 3.0);
  EXPECT_EQ(shape->sides, 1000);
  const auto none = DeclaredShape().Parse("", "f");
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_FALSE(none->loss.has_value());
  EXPECT_FALSE(none->weight.has_value());
  const std::vector<Refusal> refusals = {
      {"round: yes\n", "f:1: want true or false, got 'yes'", ""},
      {"names: a\n", "f:1: want a list with one entry or more", ""},
      {"sizes: [1, -1]\n", "f:1: want a number of at least 0, got '-1'", ""},
      {"loss: logistic\nweight: 1\n", "f:2: key 'weight' belongs to 'loss: squared', not to 'logistic'", ""},
      {"weight: 1\n", "f:1: key 'weight' belongs to 'loss: squared', not to 'nothing'", ""},
      {"sides: 11\n", "f:1: want a whole number from 1 to 10, got '11'", ""},
  };
  for (const Refusal& refusal : refusals) {
    EXPECT_EQ(DeclaredShape().Parse(refusal.text, "f").status().message(), refusal.message) << refusal.text;
  }
}

TEST(Declared, EveryRefusalNamesTheLine) {
  const std::vector<Refusal> refusals = {
      {"nam: flights\n", "roost.yaml:1: unknown key 'nam'", "did you mean 'name'?"},
      {"name: a\ntrainer:\n  weather: 3\n", "roost.yaml:3: unknown key 'weather'", "the keys here are loss, l2"},
      {"name: a\ntrainer: {loss: logistc}\n", "roost.yaml:2: want one of logistic, squared, got 'logistc'",
       "did you mean 'logistic'?"},
      {"name: a\ntrainer: {l2: 11}\n", "roost.yaml:2: want a number from 0 to 10, got '11'", ""},
      {"name: a\ntrainer: {l2: \"1\"}\n", "roost.yaml:2: want a number from 0 to 10, got '1'", ""},
      {"name: a\nfeatures:\n  - {column: x, buckets: 1}\n", "roost.yaml:3: want a whole number from 2 to 100, got '1'",
       ""},
      {"name: a\nfeatures: []\n", "roost.yaml:2: want a list with one entry or more", ""},
      {"trainer: {}\n", "roost.yaml:1: key 'name' is missing: the project's name", ""},
      {"name: a\nname: b\n", "roost.yaml:2: key 'name' stands here twice", ""},
      {"name: [a\n", "roost.yaml:2: not YAML: end of sequence flow not found", ""},
      {"name: &x a\ntrainer: *x\n", "roost.yaml:2: aliases (*name) are not allowed", ""},
      {"- name\n", "roost.yaml:1: want a mapping of keys, got a list", ""},
      {"", "roost.yaml:1: key 'name' is missing: the project's name", ""},
  };
  for (const Refusal& refusal : refusals) {
    const absl::Status status = Declared().Parse(refusal.text, "roost.yaml").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << refusal.text;
    EXPECT_EQ(std::string(status.message()), refusal.message) << refusal.text;
    EXPECT_EQ(HintOf(status), refusal.hint) << refusal.text;
  }
}

TEST(Declared, DeepNestingIsRefused) {
  const std::string deep = std::string(60, '[') + std::string(60, ']');
  EXPECT_EQ(YamlNode::Parse(deep, "x").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Declared, TheReferencePageComesFromTheDeclaration) {
  const std::string page = Declared().keys()->Reference("roost.yaml");
  EXPECT_NE(page.find("| `name` | text | required | the project's name |"), std::string::npos) << page;
  EXPECT_NE(page.find("## `trainer`"), std::string::npos) << page;
  EXPECT_NE(page.find("| `l2` | number from 0 to 10 | `1` | penalty on the weights |"), std::string::npos) << page;
}

}  // namespace
}  // namespace roost
