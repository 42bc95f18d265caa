#include "mlflow/registry_json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace roost::mlflow {
namespace {

ModelView Late() {
  const absl::Time made = absl::FromUnixMillis(1'000);
  return {.name = "late",
          .versions = {{.name = "late",
                        .version = 1,
                        .author = "ada",
                        .created = made,
                        .aliases = {"champion", "canary"},
                        .tags = {{"dataset", "flights@3"}}},
                       {.name = "late", .version = 2, .author = "bob", .created = made, .retired = true}}};
}

TEST(RegistryJson, AVersionIsMlflowsModelVersion) {
  const Json json = ToJson(Late().versions[0]);
  EXPECT_EQ(json["name"], "late");
  EXPECT_EQ(json["version"], "1") << "MLflow's versions are texts";
  EXPECT_EQ(json["creation_timestamp"], 1'000);
  EXPECT_EQ(json["source"], "mlflow-artifacts:/models/late/1");
  EXPECT_EQ(json["status"], "READY");
  EXPECT_EQ(json["aliases"], Json::array({"champion", "canary"}));
  EXPECT_EQ(json["tags"][0], (Json{{"key", "dataset"}, {"value", "flights@3"}}));
}

TEST(RegistryJson, RetiredVersionsSaySoAndAreNotTheLatest) {
  const ModelView late = Late();
  EXPECT_EQ(ToJson(late.versions[1])["tags"][0], (Json{{"key", "retired"}, {"value", "true"}}));
  EXPECT_EQ(late.Latest()->version, 1);
  const Json model = ToJson(late);
  EXPECT_EQ(model["latest_versions"][0]["version"], "1");
  EXPECT_EQ(model["aliases"][1], (Json{{"alias", "canary"}, {"version", "1"}}));
}

TEST(RegistryJson, FieldsOfFilters) {
  const ModelView late = Late();
  EXPECT_EQ(FieldOf(late.versions[1], "version_number"), "2");
  EXPECT_EQ(FieldOf(late.versions[0], "tags.dataset"), "flights@3");
  EXPECT_EQ(FieldOf(late.versions[1], "tag.dataset"), std::nullopt);
  EXPECT_EQ(FieldOf(late, "tags.dataset"), "flights@3");
  EXPECT_EQ(FieldOf(late, "version_number"), std::nullopt);
  EXPECT_EQ(FieldOf(late, "tag.mlflow.prompt.is_prompt"), "false") << "by this MLflow's client asks for models";
}

}  // namespace
}  // namespace roost::mlflow
