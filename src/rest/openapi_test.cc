#include "rest/openapi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rest/routes_fixture.h"

namespace roost::rest {
namespace {

TEST_F(RoutesTest, EveryExampleOfOpenApiWorks) {
  const Json openapi = *ParseJson(Get("/openapi.json"), "openapi.json");
  EXPECT_EQ(openapi["openapi"], "3.1.0");
  EXPECT_EQ(openapi["servers"][0]["url"], "http://localhost:8080");
  EXPECT_FALSE(openapi.contains("security"));
  size_t examples = 0;
  for (const auto& [path, operations] : openapi["paths"].items()) {
    for (const auto& [name, example] :
         operations["post"]["requestBody"]["content"]["application/json"]["examples"].items()) {
      Post(path, ToLine(example["value"]));
      ++examples;
    }
  }
  EXPECT_EQ(examples, 3u * 4u);
}

TEST_F(RoutesTest, WhoAsksWithATokenIsToldThatCallsNeedOne) {
  const net::HttpResponse response = Call("GET", "/openapi.json", "", {{"Authorization", "Bearer roost_secret"}});
  const Json openapi = *ParseJson(response.body, "openapi.json");
  ASSERT_EQ(openapi["security"].size(), 1u);
  const std::string name = openapi["security"][0].begin().key();
  EXPECT_EQ(openapi["components"]["securitySchemes"][name], (Json{{"type", "http"}, {"scheme", "bearer"}}));
  EXPECT_EQ(response.body.find("roost_secret"), std::string::npos);
}

TEST_F(RoutesTest, OpenApiDescribesColumnsAndTimes) {
  const Json openapi = *ParseJson(Get("/openapi.json"), "openapi.json");
  const Json& row = openapi["components"]["schemas"]["delay.row"];
  EXPECT_EQ(row["properties"]["distance"]["type"], Json::array({"number", "boolean", "null"}));
  EXPECT_EQ(row["properties"]["date"]["format"], "date-time");
  EXPECT_EQ(row["additionalProperties"], false);
  const Json& answer =
      openapi["paths"]["/v1/models/class:score"]["post"]["responses"]["200"]["content"]["application/json"]["schema"];
  EXPECT_EQ(answer["properties"]["probabilities"]["properties"].size(), 3u);
}

}  // namespace
}  // namespace roost::rest
