#include "base/declared_schema.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/declared.h"

namespace roost {
namespace {

enum class Kind { kLinear, kTrees };

struct Trainer {
  std::string name;
  Kind kind = Kind::kLinear;
  double l2 = 1;
  int64_t rounds = 100;
};

Declaration<Trainer> Declared() {
  const auto nothing = [](const YamlNode&, Trainer&) { return absl::OkStatus(); };
  Declaration<Trainer> trainer;
  trainer.Text("name", &Trainer::name, "its name", Presence::kRequired)
      .Shaped(ValueShape::Text("^[a-z]+$"))
      .Choice("kind", &Trainer::kind, {{"linear", Kind::kLinear}, {"trees", Kind::kTrees}}, "how")
      .When("kind", {"linear"})
      .Number("l2", &Trainer::l2, {.min = 0}, "penalty")
      .When("kind", {"trees"})
      .Integer("rounds", &Trainer::rounds, {.min = 1, .max = 1000}, "trees")
      .When("", {})
      .Custom("features", "`auto`, or a list", "", "what it sees", Presence::kOptional, nothing)
      .Shaped(ValueShape::Either({ValueShape::Choice({"auto"}), ValueShape::List(ValueShape::Number({.max = 5}))}))
      .Custom("served", "mapping", "", "by name", Presence::kOptional, nothing)
      .Shaped(ValueShape::Named(ValueShape::Flag(), "^[a-z]"));
  return trainer;
}

TEST(JsonSchema, SaysWhatTheDeclarationSays) {
  const Json schema = JsonSchemaOf(*Declared().keys(), "trainer.yaml");
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema["title"], "trainer.yaml");
  EXPECT_EQ(ToLine(schema["type"]), R"("object")");
  EXPECT_EQ(ToLine(schema["additionalProperties"]), "false");
  EXPECT_EQ(ToLine(schema["required"]), R"(["name"])");
  const Json& properties = schema["properties"];
  EXPECT_EQ(ToLine(properties["name"]),
            R"({"description":"its name","type":["string","number","boolean"],"pattern":"^[a-z]+$"})");
  EXPECT_EQ(ToLine(properties["kind"]), R"({"description":"how","enum":["linear","trees"],"default":"linear"})");
  EXPECT_EQ(ToLine(properties["l2"]),
            R"({"description":"`linear`: penalty","type":"number","minimum":0.0,"default":1.0})");
  EXPECT_EQ(ToLine(properties["rounds"]),
            R"({"description":"`trees`: trees","type":"integer","minimum":1,"maximum":1000,"default":100})");
  EXPECT_EQ(ToLine(properties["features"]),
            R"({"description":"what it sees","anyOf":[{"enum":["auto"]},)"
            R"({"type":"array","minItems":1,"items":{"type":"number","maximum":5.0}}]})");
  EXPECT_EQ(ToLine(properties["served"]),
            R"({"description":"by name","type":"object","minProperties":1,)"
            R"("propertyNames":{"pattern":"^[a-z]"},"additionalProperties":{"type":"boolean"}})");
}

TEST(JsonSchema, AKeyBelongsToAValueOfAnother) {
  const Json conditions = JsonSchemaOf(*Declared().keys(), "t")["allOf"];
  ASSERT_EQ(conditions.size(), 2u);
  // Without 'kind' it is linear, so l2 may stand alone and rounds may not.
  EXPECT_EQ(ToLine(conditions[0]), R"({"if":{"required":["l2"]},"then":{"properties":{"kind":{"enum":["linear"]}}}})");
  EXPECT_EQ(ToLine(conditions[1]), R"({"if":{"required":["rounds"]},)"
                                   R"("then":{"properties":{"kind":{"enum":["trees"]}},"required":["kind"]}})");
}

}  // namespace
}  // namespace roost
