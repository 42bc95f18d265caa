#include "base/declared_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/declared.h"
#include "base/status.h"

namespace roost {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

enum class Kind { kLinear, kTrees };

struct Trainer {
  Kind kind = Kind::kLinear;
  double l2 = 1;
  int64_t rounds = 100;
};

struct Slice {
  std::string column;
  int64_t least = 10;
};

struct Gate {
  double confidence = 0.95;
};

struct Keys {
  std::string mine;
};

struct Project {
  std::string name;
  std::string note;
  bool loud = false;
  Trainer trainer;
  std::optional<Gate> gate;
  Keys keys;
  std::vector<std::string> files;
};

Declaration<Slice> DeclaredSlice() {
  Declaration<Slice> slice;
  slice.Text("column", &Slice::column, "a column", Presence::kRequired)
      .Integer("least", &Slice::least, {.min = 1}, "rows at least");
  return slice;
}

Declaration<Project> Declared() {
  Declaration<Trainer> trainer;
  trainer.Choice("kind", &Trainer::kind, {{"linear", Kind::kLinear}, {"trees", Kind::kTrees}}, "how")
      .When("kind", {"linear"})
      .Number("l2", &Trainer::l2, {.min = 0}, "penalty")
      .When("kind", {"trees"})
      .Integer("rounds", &Trainer::rounds, {.min = 1, .max = 1000}, "trees");
  Declaration<Gate> gate;
  gate.Number("confidence", &Gate::confidence, {.min = 0.5, .max = 1}, "how sure");
  Declaration<Keys> keys;
  keys.Text("mine", &Keys::mine, "a file");
  const auto nothing = [](const YamlNode&, Project&) { return absl::OkStatus(); };
  Declaration<Project> project;
  project.Text("name", &Project::name, "its name", Presence::kRequired)
      .Text("note", &Project::note, "a note")
      .Flag("loud", &Project::loud, "whether")
      .Section("trainer", &Project::trainer, trainer, "how it learns")
      .Section("gate", &Project::gate, gate, "what it keeps")
      .Section("keys", &Project::keys, keys, "who vouches")
      .Texts("files", &Project::files, "files")
      .Custom("slices", "list", "", "parts of the rows", Presence::kOptional, nothing, DeclaredSlice().keys())
      .Shaped(ValueShape::List(ValueShape::Section(DeclaredSlice().keys(), "column")))
      .Custom("served", "mapping", "", "by name", Presence::kOptional, nothing)
      .Shaped(ValueShape::Named(ValueShape::Section(gate.keys())))
      .Custom("amount", "number, or a text", "0", "how much", Presence::kOptional, nothing)
      .Shaped(ValueShape::Either({ValueShape::Number({}), ValueShape::Text()}))
      .Custom("options", "mapping", "", "whatever", Presence::kOptional, nothing)
      .Shaped(ValueShape::Any());
  return project;
}

DeclaredValues Resolved(std::string_view text) {
  const auto root = YamlNode::Parse(text, "f.yaml");
  EXPECT_TRUE(root.ok()) << root.status();
  return ResolveValues(*Declared().keys(), *root);
}

std::vector<std::string> ErrorsOf(std::string_view text) {
  std::vector<std::string> errors;
  for (const absl::Status& error : Resolved(text).errors) errors.emplace_back(error.message());
  return errors;
}

TEST(DeclaredValues, DefaultsOfWhatIsLeftOutAreFilledIn) {
  EXPECT_EQ(ToLine(Resolved("name: a\n").values),
            R"({"name":"a","loud":false,"trainer":{"kind":"linear","l2":1.0},"amount":0.0})");
}

TEST(DeclaredValues, KeysThatBelongToAnotherValueAreLeftOut) {
  EXPECT_EQ(ToLine(Resolved("name: a\ntrainer: {kind: trees}\n").values["trainer"]),
            R"({"kind":"trees","rounds":100})");
}

TEST(DeclaredValues, WhatMeansTheSameIsTheSame) {
  const Json plain = Resolved("name: a\nslices: [origin]\noptions: {b: 1, a: [x, 2.5, true]}\n").values;
  for (const char* other : {"# why\nslices:\n  - column: origin\noptions: {b: 1, a: [x, 2.5, true]}\nname: 'a'\n",
                            "name: a\nloud: false\nnote: ''\ntrainer: {l2: 1, kind: linear}\nslices: [{least: 10, "
                            "column: origin}]\namount: 0.0\noptions: {b: 1, a: [x, 2.5, true]}\n"}) {
    const DeclaredValues resolved = Resolved(other);
    EXPECT_THAT(resolved.errors, IsEmpty());
    EXPECT_EQ(ToLine(resolved.values), ToLine(plain)) << other;
  }
}

TEST(DeclaredValues, TheFirstShapeThatFitsCounts) {
  EXPECT_EQ(Resolved("name: a\namount: 2\n").values["amount"], Json(2.0));
  EXPECT_EQ(Resolved("name: a\namount: delay\n").values["amount"], Json("delay"));
}

TEST(DeclaredValues, AllErrorsAreToldWithTheirLines) {
  EXPECT_THAT(ErrorsOf("nmae: a\nloud: 1\ntrainer: {l2: -1, rounds: 5}\nslices: [{least: 1}]\nserved: [x]\n"),
              ElementsAre("f.yaml:1: unknown key 'nmae'", "f.yaml:2: want true or false, got '1'",
                          "f.yaml:3: want a number of at least 0, got '-1'",
                          "f.yaml:3: key 'rounds' belongs to 'kind: trees', not to 'linear'",
                          "f.yaml:4: key 'column' is missing: a column", "f.yaml:5: want a mapping from names",
                          "f.yaml:1: key 'name' is missing: its name"));
  EXPECT_THAT(ErrorsOf("name: a\ntrainer: {rounds: 5, kind: forest}\n"),
              ElementsAre("f.yaml:2: want one of linear, trees, got 'forest'"));
  EXPECT_THAT(ErrorsOf("just a text\n"), ElementsAre("f.yaml:1: want a mapping of keys, got 'just a text'"));
}

TEST(DeclaredValues, WrittenKeysKnowTheirLineAndWhetherTheyAreTheDefault) {
  const DeclaredValues resolved =
      Resolved("name: a\ntrainer:\n  kind: linear\n  l2: 2\namount: 0\nslices: [{column: x, least: 10}]\n");
  EXPECT_THAT(
      resolved.written,
      ElementsAre(WrittenKey{"name", 1, false}, WrittenKey{"trainer", 2, false}, WrittenKey{"trainer.kind", 3, true},
                  WrittenKey{"trainer.l2", 4, false}, WrittenKey{"amount", 5, true}, WrittenKey{"slices", 6, false},
                  WrittenKey{"slices[0].column", 6, false}, WrittenKey{"slices[0].least", 6, true}));
}

TEST(DeclaredValues, AnEmptySectionIsThere) {
  EXPECT_EQ(ToLine(Resolved("name: a\ngate:\n").values["gate"]), R"({"confidence":0.95})");
  EXPECT_FALSE(Resolved("name: a\n").values.contains("gate"));
}

TEST(DeclaredValues, ASectionThatIsFilledIsLeftOutWhereItSaysNothing) {
  const std::string nothing = ToLine(Resolved("name: a\n").values);
  EXPECT_EQ(ToLine(Resolved("name: a\nkeys:\n").values), nothing);
  EXPECT_EQ(ToLine(Resolved("name: a\nkeys: {mine: ''}\n").values), nothing);
  EXPECT_EQ(ToLine(Resolved("name: a\nkeys: {mine: x}\n").values["keys"]), R"({"mine":"x"})");
}

TEST(DeclaredValues, NamesHaveNoOrder) {
  EXPECT_EQ(ToLine(Resolved("name: a\nserved: {b: , a: {confidence: 0.5}}\n").values["served"]),
            R"({"a":{"confidence":0.5},"b":{"confidence":0.95}})");
}

TEST(FlatValues, EveryScalarHasItsWay) {
  EXPECT_THAT(FlatValues(Json::parse(R"({"a":{"b":[1,2.5,3.0,"x"],"c":true},"d":[],"e":null})")),
              ElementsAre(Pair("a.b[0]", "1"), Pair("a.b[1]", "2.5"), Pair("a.b[2]", "3"), Pair("a.b[3]", "x"),
                          Pair("a.c", "true"), Pair("d", "[]"), Pair("e", "null")));
  EXPECT_THAT(FlatValues(Json::object()), IsEmpty());
}

}  // namespace
}  // namespace roost
