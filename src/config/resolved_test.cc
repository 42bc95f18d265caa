#include "config/resolved.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "config/project.h"
#include "config/templates.h"

namespace roost::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kProject[] = R"(project: flights
dataset: flights
model:
  name: late
  label: delay > 15
  split: {column: date}
  features:
    - {column: origin, use: one_hot}
  trainer: {kind: linear, l2: 2}
  evaluation:
    slices: [origin, [origin, month]]
)";

Json Values(const std::string& text) {
  EXPECT_TRUE(ParseProject(text, "roost.yaml").ok()) << ParseProject(text, "roost.yaml").status();
  const auto resolved = ResolveProject(text, "roost.yaml");
  EXPECT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_THAT(resolved->errors, IsEmpty());
  return resolved->values;
}

void ExpectShapes(const DeclaredKeys& keys, const std::string& path);

void ExpectShape(const ValueShape& shape, const std::string& path) {
  EXPECT_NE(shape.kind, ValueShape::Kind::kUnknown) << path << " wants a .Shaped(...)";
  if (shape.keys != nullptr) ExpectShapes(*shape.keys, path);
  for (const ValueShape& part : shape.parts) ExpectShape(part, path);
}

void ExpectShapes(const DeclaredKeys& keys, const std::string& path) {
  for (const DeclaredKeys::Key& key : keys.keys()) ExpectShape(key.shape, path + "." + key.name);
}

TEST(Resolved, EveryKeySaysItsShape) { ExpectShapes(*DeclareProject().keys(), "roost.yaml"); }

TEST(Resolved, EveryDefaultIsOne) {
  // A default that is written for people only would be lost.
  const auto check = [](const auto& self, const DeclaredKeys& keys, const std::string& path) -> void {
    for (const DeclaredKeys::Key& key : keys.keys()) {
      EXPECT_EQ(key.standard.empty(), StandardOf(key).is_null()) << path << key.name;
      if (key.shape.keys != nullptr) self(self, *key.shape.keys, path + key.name + ".");
    }
  };
  check(check, *DeclareProject().keys(), "");
}

TEST(Resolved, DefaultsAreFilledIn) {
  const std::map<std::string, std::string> flat = FlatValues(Values(kProject));
  EXPECT_EQ(flat.at("model.trainer.l2"), "2");
  EXPECT_EQ(flat.at("model.trainer.solver"), "auto");
  EXPECT_EQ(flat.at("model.split.evaluate_share"), "0.25");
  EXPECT_EQ(flat.at("model.features[0].top"), "1000");
  EXPECT_EQ(flat.at("model.evaluation.slices[1][1].column"), "month");
  EXPECT_EQ(flat.at("serve.port"), "8080");
  EXPECT_EQ(flat.count("model.trainer.rounds"), 0u);  // of boosted_trees
  EXPECT_EQ(flat.count("model.gate.confidence"), 0u);
}

TEST(Resolved, CommentsOrderAndWrittenDefaultsMakeNoDifference) {
  const Json other = Values(R"(# of the team
dataset: flights
project: "flights"
serve: {port: 8080}
model:
  label: delay > 15
  trainer: {l2: 2.0, solver: auto}  # kind is linear
  split: {column: date, by: time}
  name: late
  features: [{use: one_hot, column: origin, top: 1000}]
  evaluation:
    slices: [{column: origin}, [origin, {column: month}]]
)");
  EXPECT_THAT(CompareResolved(Values(kProject), other), IsEmpty());
}

TEST(Resolved, DifferencesAreToldByKey) {
  std::string text = kProject;
  text.replace(text.find("l2: 2"), 5, "l1: 1");
  text += "  threshold: 0.4\n";
  EXPECT_THAT(
      CompareResolved(Values(kProject), Values(text)),
      ElementsAre(ConfigDifference{"model.threshold", "0.5", "0.4"}, ConfigDifference{"model.trainer.l1", "0", "1"},
                  ConfigDifference{"model.trainer.l2", "2", "1"}));
}

TEST(Resolved, TemplatesResolve) {
  for (const std::string& name : TemplateNames()) {
    const auto files = FilesOfTemplate(name);
    ASSERT_TRUE(files.ok());
    for (const TemplateFile& file : *files) {
      if (file.path != std::string_view("roost.yaml")) continue;
      EXPECT_FALSE(Values(std::string(file.content)).empty()) << name;
    }
  }
}

TEST(Resolved, WhatIsKeptComesBack) {
  const Json values = Values(kProject);
  const auto read = ReadResolved(WriteResolved(values));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ToLine(*read), ToLine(values));
  for (const char* damaged : {"", "[]", "{}", R"({"version":1})", R"({"version":"1","configuration":{}})",
                              R"({"version":2,"configuration":{}})"}) {
    EXPECT_EQ(ReadResolved(damaged).status().code(), absl::StatusCode::kDataLoss) << damaged;
  }
}

TEST(Resolved, WhatIsNoYamlIsRefused) {
  EXPECT_EQ(ResolveProject("a: [\n", "roost.yaml").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace roost::config
