#include "rest/v1_routes.h"

#include <cmath>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rest/routes_fixture.h"

namespace roost::rest {
namespace {

using testing::HasSubstr;

constexpr char kPredict[] = "/v1/models/delay:predict";

class V1Routes : public RoutesTest {
 protected:
  /// The probability that the rows form gives.
  double Score(std::string_view row) { return Post("/v1/models/delay:score", row)["probability"]; }
};

TEST_F(V1Routes, PredictTakesRowsAndColumns) {
  const std::string first = R"({"distance":418,"origin":"SFO","date":"2001-05-01T12:00:00Z"})";
  const std::string second = R"({"distance":null,"origin":"JFK","date":0})";
  const Json wanted = Json::array({Score(first), Score(second)});
  EXPECT_EQ(ToLine(Post(kPredict, R"({"instances":[)" + first + "," + second + "]}")),
            ToLine({{"predictions", wanted}}));
  EXPECT_EQ(ToLine(Post(kPredict, R"({"signature_name":"serving_default","inputs":{"origin":["SFO","JFK"],)"
                                  R"("distance":[[418],[null]],"date":["2001-05-01T12:00:00Z",0]}})")),
            ToLine({{"outputs", wanted}}));
}

TEST_F(V1Routes, AModelOfOneColumnTakesBareValues) {
  const char* path = "/v1/models/value:predict";

  EXPECT_EQ(ToLine(Post(path, R"({"instances":[1700,null,1200]})")), R"({"predictions":[7.0,3.0,5.0]})");
  EXPECT_EQ(ToLine(Post(path, R"({"instances":[{"distance":1700},{},{"distance":[1200]}]})")),
            R"({"predictions":[7.0,3.0,5.0]})");
  EXPECT_EQ(ToLine(Post(path, R"({"instances":[[1700],[null],[1200]]})")), R"({"predictions":[7.0,3.0,5.0]})");
  EXPECT_EQ(ToLine(Post(path, R"({"inputs":[1700,null,1200]})")), R"({"outputs":[7.0,3.0,5.0]})");
  EXPECT_EQ(ToLine(Post(path, R"({"inputs":{"distance":[[1700],[1200]]}})")), R"({"outputs":[7.0,5.0]})");
  EXPECT_EQ(ToLine(Post(path, R"({"instances":[]})")), R"({"predictions":[]})");
}

TEST_F(V1Routes, NotANumberIsAToken) {
  EXPECT_EQ(ToLine(Post("/v1/models/value:predict", R"({"instances":[NaN,{"distance":-Infinity},Infinity]})")),
            R"({"predictions":[3.0,3.0,3.0]})");
  EXPECT_THAT(Refused(400, kPredict, R"({"instances":[{"origin":NaN}]})"), HasSubstr("'origin' is an object"));
  EXPECT_THAT(Refused(400, kPredict, R"({"instances":[NaN)"), HasSubstr("not JSON"));
}

TEST_F(V1Routes, TextsMayBeBase64) {
  EXPECT_EQ(Post(kPredict, R"({"instances":[{"origin":{"b64":"U0ZP"}}]})")["predictions"][0],
            Score(R"({"origin":"SFO"})"));
  EXPECT_THAT(Refused(400, kPredict, R"({"instances":[{"origin":{"b64":"%"}}]})"), HasSubstr("not base64"));
  EXPECT_THAT(Refused(400, kPredict, R"({"instances":[{"origin":{"b64":"/w=="}}]})"), HasSubstr("UTF-8"));
  EXPECT_THAT(Refused(400, kPredict, R"({"instances":[{"origin":{"b64":7}}]})"), HasSubstr("an object"));
}

TEST_F(V1Routes, SeveralOutputsComeByName) {
  const Json rows = Post("/v1/models/class:predict", R"({"instances":[700,7000]})")["predictions"];
  EXPECT_EQ(rows[0]["class"], "on time");
  EXPECT_EQ(rows[1]["class"], "early");
  const Json columns = Post("/v1/models/class:predict", R"({"inputs":[700,7000]})")["outputs"];
  EXPECT_EQ(columns["class"], Json::array({"on time", "early"}));
  EXPECT_EQ(columns["probabilities"][1], rows[1]["probabilities"]);
  EXPECT_EQ(columns["probabilities"][1].size(), 3u);
}

TEST_F(V1Routes, ClassifyAndRegressTakeExamplesWithAContext) {
  const Json classes = Post("/v1/models/class:classify", R"({"examples":[{"distance":700},{"distance":[7000]}]})");
  ASSERT_EQ(classes["results"].size(), 2u);
  EXPECT_EQ(classes["results"][1][0][0], "early");
  EXPECT_GT(classes["results"][1][0][1], 0.9);
  const Json binary = Post("/v1/models/delay:classify",
                           R"({"context":{"origin":"SFO"},"examples":[{"distance":418},{"distance":2000}]})");
  const double probability = Score(R"({"origin":"SFO","distance":418})");
  EXPECT_EQ(ToLine(binary["results"][0]),
            ToLine(Json::array({Json::array({"false", 1 - probability}), Json::array({"true", probability})})));
  EXPECT_EQ(ToLine(Post("/v1/models/value:regress", R"({"examples":[{"distance":1700},{}]})")),
            R"({"results":[7.0,3.0]})");
  EXPECT_THAT(Refused(400, "/v1/models/value:classify", R"({"examples":[{}]})"), HasSubstr("use :regress"));
  EXPECT_THAT(Refused(400, "/v1/models/class:regress", R"({"examples":[{}]})"), HasSubstr("use :classify"));
  EXPECT_THAT(Refused(400, "/v1/models/delay:classify", R"({"context":{"origin":"a"},"examples":[{"origin":"a"}]})"),
              HasSubstr("row 0: 'origin' comes twice"));
  EXPECT_THAT(Refused(400, "/v1/models/delay:classify", R"({"context":7,"examples":[{}]})"), HasSubstr("an integer"));
  EXPECT_THAT(Refused(400, "/v1/models/delay:regress", R"({"instances":[{}]})"), HasSubstr("'examples' must be"));
}

TEST_F(V1Routes, BadPredictCallsAreNamed) {
  struct Case {
    std::string body, says;
  };
  const std::vector<Case> cases{
      {"", "not JSON"},
      {"[]", "not a JSON object"},
      {"{}", "either 'instances' or 'inputs'"},
      {R"({"instances":[],"inputs":{}})", "either 'instances' or 'inputs'"},
      {R"({"instances":{}})", "'instances' must be an array"},
      {R"({"instances":[418]})", "row 0: it is an integer; a row is an object"},
      {R"({"instances":[{"orgin":"SFO"}]})", "did you mean 'origin'?"},
      {R"({"instances":[{"distance":[1,2]}]})", "'distance' is an array"},
      {R"({"signature_name":"other","instances":[]})", "no signature 'other'"},
      {R"({"signature_name":7,"instances":[]})", "'signature_name' must be a string"},
      {R"({"inputs":[1]})", "'inputs' must be an object of arrays"},
      {R"({"inputs":{"distance":[1]}})", "the column 'origin' is missing"},
      {R"({"inputs":{"distance":1}})", "'distance' is an integer; it must be an array"},
      {R"({"inputs":{"distance":[1],"distance":[2]}})", "'distance' comes twice"},
      {R"({"inputs":{"distanc":[1]}})", "did you mean 'distance'?"},
      {R"({"inputs":{"distance":[1,2],"origin":["a"],"date":[0,0]}})", "not of the same length: some end after 1 rows"},
      {R"({"inputs":{"distance":[1],"origin":["a"],"date":["x"]}})", "row 0: 'date' is \"x\""},
      {std::string(100'000, '['), "not JSON"},
  };
  for (const Case& c : cases) EXPECT_THAT(Refused(400, kPredict, c.body), HasSubstr(c.says)) << c.body.substr(0, 80);
}

TEST_F(V1Routes, StatusIsOfTensorFlowServingAndOfKServe) {
  const auto version = [](int number) {
    return fmt::format(R"({{"version":"{}","state":"AVAILABLE","status":{{"error_code":"OK","error_message":""}}}})",
                       number);
  };
  EXPECT_EQ(Get("/v1/models/delay"),
            fmt::format(R"({{"model_version_status":[{},{}],"name":"delay","ready":true}})", version(3), version(4)));
  EXPECT_EQ(Get("/v1/models/delay/versions/3"),
            fmt::format(R"({{"model_version_status":[{}],"name":"delay","ready":true}})", version(3)));
  EXPECT_EQ(Get("/v1/models"), R"({"models":["class","delay","value"]})");
  EXPECT_EQ(Call("GET", "/v1/models/delay/labels/champion").status, 404);
  EXPECT_EQ(Call("GET", "/v1/models/none").status, 404);
}

TEST_F(V1Routes, LabelsAreAliases) {
  models_.SetAliases("delay", {{"champion", 3}});
  EXPECT_EQ(Post("/v1/models/delay/labels/champion:score", "{}")["version"], 3);
  EXPECT_EQ(Get("/v1/models/delay/labels/champion"), Get("/v1/models/delay/versions/3"));
  EXPECT_THAT(Get("/v1/models/delay/labels/champion/metadata"), HasSubstr(R"("version":"3")"));
}

TEST_F(V1Routes, TheStatusOfAVersionThatFailedSaysWhy) {
  models_.SetState({.name = "fraud", .version = 7, .state = serving::State::kEnd, .reason = "damaged"});
  EXPECT_EQ(Get("/v1/models/fraud"),
            R"({"model_version_status":[{"version":"7","state":"END","status":{"error_code":"UNKNOWN",)"
            R"("error_message":"damaged"}}],"name":"fraud","ready":false})");
}

TEST_F(V1Routes, MetadataIsASignature) {
  const Json metadata = *ParseJson(Get("/v1/models/delay/versions/4/metadata"), "answer");
  EXPECT_EQ(metadata["model_spec"]["version"], "4");
  const Json& signature = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"];
  EXPECT_EQ(signature["inputs"]["distance"]["dtype"], "DT_DOUBLE");
  EXPECT_EQ(signature["inputs"]["origin"]["dtype"], "DT_STRING");
  EXPECT_EQ(signature["inputs"]["date"]["dtype"], "DT_INT64");
  EXPECT_EQ(signature["outputs"]["probability"]["tensor_shape"]["dim"][0]["size"], "-1");
  EXPECT_EQ(Get("/v1/models/delay/metadata"), Get("/v1/models/delay/versions/4/metadata"));
}

TEST_F(V1Routes, SpoiltBodiesAreRefusedWithoutCrash) {
  const std::vector<std::string> good{R"({"instances":[{"distance":NaN,"origin":{"b64":"U0ZP"},"date":[0]}]})",
                                      R"({"inputs":{"distance":[1,-Infinity],"origin":["a",null],"date":[[0],[1]]}})"};
  std::mt19937_64 random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::string body = good[random() % 2];
    for (size_t flips = 1 + random() % 3; flips > 0; --flips)
      body[random() % body.size()] = static_cast<char>(random());
    const int status = Call("POST", kPredict, body).status;
    EXPECT_TRUE(status == 200 || status == 400) << body;
  }
}

}  // namespace
}  // namespace roost::rest
