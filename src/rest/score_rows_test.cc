#include "rest/score_rows.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/allocation_counter.h"
#include "rest/json_body.h"
#include "rest/routes_fixture.h"
#include "rest/row_scorer.h"
#include "serving/infer.h"

namespace roost::rest {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

constexpr char kScore[] = "/v1/models/delay:score";
constexpr char kRow[] = R"({"distance":418,"origin":"SFO","date":"2001-05-01T14:00:00+02:00"})";

class ScoreRows : public RoutesTest {
 protected:
  /// What v2 says of one row of delay.
  double Probability(std::string distance, std::string origin, std::string date) {
    const Json json = Post("/v2/models/delay/infer",
                           R"({"inputs":[{"name":"distance","datatype":"FP64","shape":[1],"data":[)" + distance +
                               R"(]},{"name":"origin","datatype":"BYTES","shape":[1],"data":[)" + origin +
                               R"(]},{"name":"date","datatype":"BYTES","shape":[1],"data":[)" + date + "]}]}");
    return json["outputs"][0]["data"][0];
  }
};

TEST_F(ScoreRows, OneRowIsAnsweredInOneObject) {
  Json answer = Post(kScore, kRow);
  EXPECT_EQ(answer["probability"], Probability("418", "\"SFO\"", "\"2001-05-01T12:00:00Z\""));
  EXPECT_EQ(answer["decision"], answer["probability"] >= 0.5);
  answer["probability"] = answer["decision"] = nullptr;
  EXPECT_EQ(ToLine(answer), R"({"probability":null,"decision":null,"threshold":0.5,"model":"delay","version":4,)"
                            R"("request_id":"call-1"})");
  EXPECT_EQ(Post("/v1/models/delay/versions/3:score", kRow)["version"], 3);
}

TEST_F(ScoreRows, SeveralRowsAreAnsweredInTheirOrder) {
  const Json answer = Post(kScore, std::string(R"({"rows":[)") + kRow + R"(,{},{"origin":null,"distance":true}]})");
  ASSERT_EQ(answer["rows"].size(), 3u);
  EXPECT_EQ(answer["rows"][0]["probability"], Post(kScore, kRow)["probability"]);
  EXPECT_EQ(answer["rows"][1]["probability"], Probability("null", "null", "null"));
  EXPECT_EQ(answer["rows"][2]["probability"], Probability("1", "null", "null"));
  EXPECT_EQ(answer["threshold"], 0.5);
  EXPECT_EQ(Post(kScore, R"({"rows":[]})")["rows"].size(), 0u);
}

TEST_F(ScoreRows, ManyRowsAreScoredInPieces) {
  std::string body = R"({"rows":[)";
  for (int row = 0; row < 2'500; ++row) body += (row == 0 ? "" : ",") + fmt::format(R"({{"distance":{}}})", row);
  const Json answer = Post("/v1/models/value:score", body + "]}");
  ASSERT_EQ(answer["rows"].size(), 2'500u);
  for (int row = 0; row < 2'500; ++row) EXPECT_EQ(answer["rows"][row]["value"], 3 + 2 * ((row - 700) / 500.0));
  EXPECT_THAT(Refused(400, "/v1/models/value:score", body + R"(,{"distance":"far"}]})"), HasSubstr("row 2500: "));
}

TEST_F(ScoreRows, TheThresholdMayBeTheCallers) {
  const double probability = Post(kScore, kRow)["probability"];
  for (const double threshold : {0.0, probability, std::nextafter(probability, 1.0), 1.0}) {
    const Json answer = Post(kScore, fmt::format(R"({{"threshold":{},"rows":[{}]}})", threshold, kRow));
    EXPECT_EQ(answer["rows"][0]["decision"], probability >= threshold);
    EXPECT_EQ(answer["threshold"], threshold);
  }
  for (const char* threshold : {"-0.1", "1.1", "\"a\"", "null"}) {
    EXPECT_THAT(Refused(400, kScore, fmt::format(R"({{"threshold":{},"rows":[]}})", threshold)),
                HasSubstr("from 0 to 1"));
  }
}

TEST_F(ScoreRows, ElseItIsTheModels) {
  Json model = Json::parse(serving::TestModelJson(4));
  model["threshold"] = 0.125;
  ASSERT_TRUE(models_.Load("delay", 5, model.dump()).ok());
  const Json answer = Post(kScore, kRow);
  EXPECT_EQ(answer["version"], 5);
  EXPECT_EQ(answer["threshold"], 0.125);
  EXPECT_EQ(answer["decision"], answer["probability"].get<double>() >= 0.125);
  EXPECT_EQ(Post("/v1/models/delay/versions/4:score", kRow)["threshold"], 0.5);
  EXPECT_THAT(Get("/openapi.json"), HasSubstr(R"("default":0.125)"));
}

TEST_F(ScoreRows, ModelsOfOtherTasksAnswerWithTheirOwnOutputs) {
  EXPECT_EQ(Post("/v1/models/value:score", R"({"distance":1700})")["value"], 7);
  const Json answer = Post("/v1/models/class:score", R"({"distance":1700})");
  EXPECT_EQ(answer["class"], "early");
  EXPECT_EQ(answer["probabilities"].size(), 3u);
  EXPECT_NEAR(answer["probabilities"]["early"].get<double>() / answer["probabilities"]["late"].get<double>(),
              std::exp(2 - (0.5 - 2)), 1e-9);
  EXPECT_FALSE(answer.contains("threshold"));
  EXPECT_THAT(Refused(400, "/v1/models/value:score", R"({"rows":[],"threshold":0.5})"), HasSubstr("two outcomes only"));
}

TEST_F(ScoreRows, ARowIsExplained) {
  const Json row = Post(kScore, std::string(R"({"explain":true,"rows":[)") + kRow + "]}")["rows"][0];
  const Json& explanation = row["explanation"];
  EXPECT_EQ(explanation["outputs"]["probability"], row["probability"]);
  double margin = explanation["intercepts"][0];
  for (const Json& adds : explanation["contributions"]) {
    margin += adds["value"].get<double>() * adds["weights"][0].get<double>();
  }
  EXPECT_NEAR(1 / (1 + std::exp(-margin)), row["probability"].get<double>(), 1e-12);
  EXPECT_EQ(explanation["features"][1]["inputs"][0]["value"], "SFO");
  std::string many = R"({"explain":true,"rows":[{})";
  for (int64_t i = 0; i < kMaxExplainedRows; ++i) many += ",{}";
  EXPECT_THAT(Refused(400, kScore, many + "]}"), HasSubstr("at most 100 rows are explained"));
}

TEST_F(ScoreRows, EveryWayToScoreIsNoted) {
  const auto noted = [&](std::string_view path, std::string_view body) {
    const net::RequestNotes notes = Call("POST", path, body).notes;
    return fmt::format("{}@{} {}", notes.model, notes.version, notes.rows);
  };
  EXPECT_EQ(noted(kScore, kRow), "delay@4 1");
  EXPECT_EQ(noted(kScore, R"({"rows":[{},{},{}]})"), "delay@4 3");
  EXPECT_EQ(noted("/v1/models/delay/versions/3:predict", R"({"instances":[{},{}]})"), "delay@3 2");
  EXPECT_EQ(noted("/v1/models/delay:classify", R"({"examples":[{},{}]})"), "delay@4 2");
  EXPECT_EQ(noted("/v1/models/value:regress", R"({"examples":[{}]})"), "value@2 1");
  EXPECT_EQ(
      noted("/v2/models/value/infer", R"({"inputs":[{"name":"distance","datatype":"FP64","shape":[2],"data":[1,2]}]})"),
      "value@2 2");
  EXPECT_EQ(noted(kScore, "{"), "delay@4 0") << "what fails is its model's too";
  EXPECT_EQ(noted("/v1/models/nobody:score", kRow), "@0 0") << "no name from the wire is noted";
}

TEST_F(ScoreRows, ErrorsNameRowKeyAndWhatWasExpected) {
  struct Case {
    std::string body, says;
  };
  const std::vector<Case> cases{
      {"", "not JSON"},
      {"{", "not JSON"},
      {"[]", "the request is an array; it must be a row, an object, or {\"rows\": [row, ...]}"},
      {"7", "the request is an integer"},
      {R"({"orgin":"SFO"})",
       "row 0: the model takes no column 'orgin'; it takes distance, origin, date (did you mean 'origin'?)"},
      {R"({"airline":"UA"})", "it takes distance, origin, date (leave it out)"},
      {R"({"distance":"far"})", "row 0: 'distance' is \"far\"; it takes a number"},
      {R"({"distance":[1]})", "'distance' is an array; it takes a number"},
      {R"({"origin":7.5})", "'origin' is 7.5; it takes a text"},
      {R"({"origin":{"b64":"U0ZP"}})", "'origin' is an object; it takes a text"},
      {R"({"date":"yesterday"})", "'date' is \"yesterday\"; it takes a time such as \"2001-05-01T13:45:00Z\""},
      {R"({"date":1.5})", "'date' is 1.5"},
      {R"({"distance":1,"distance":2})", "row 0: 'distance' comes twice"},
      {R"({"distance":NaN})", "not JSON"},
      {R"({"distance":1e999})", "not JSON"},
      {R"({"rows":{}})", "'rows' must be an array"},
      {R"({"rows":[{},7]})", "row 1: it is an integer; a row is an object"},
      {R"({"rows":[{}],"explain":1})", "'explain' must be true or false"},
      {R"({"rows":[{}],"explan":true})",
       "has no member 'explan'; it has rows, explain, threshold (did you mean 'explain'?)"},
      {R"({"rows":[{}],"origin":"SFO"})", "(columns belong into the rows)"},
      {"{\"origin\":\"\xff\"}", "not JSON"},
      {std::string(100'000, '['), "not JSON"},
  };
  for (const Case& c : cases) EXPECT_THAT(Refused(400, kScore, c.body), HasSubstr(c.says)) << c.body.substr(0, 80);
}

TEST_F(ScoreRows, ABadRowIsAnsweredWithACallThatWorks) {
  for (const char* model : {"delay", "class", "value"}) {
    const std::string path = fmt::format("/v1/models/{}:score", model);
    const Json answer = *ParseJson(Call("POST", path, "7").body, "answer");
    const std::string example = answer["example"];
    const size_t begin = example.find('\'') + 1;
    EXPECT_EQ(example.substr(0, begin), fmt::format("curl -s http://localhost:8080{} -d '", path));
    Post(path, example.substr(begin, example.size() - begin - 1));
  }
}

TEST_F(ScoreRows, UnknownModelsVersionsLabelsAndVerbsAreNotFound) {
  EXPECT_THAT(Refused(404, "/v1/models/delai:score", kRow), HasSubstr("did you mean 'delay'?"));
  EXPECT_THAT(Refused(404, "/v1/models/delay/versions/9:score", kRow), HasSubstr("no version 9"));
  EXPECT_THAT(Refused(404, "/v1/models/delay/labels/champion:score", kRow), HasSubstr("'champion'"));
  for (const char* path : {"/v1/models/delay:scores", "/v1/models/:score", "/v1/models/delay/versions/x:score",
                           "/v1/models/delay/versions:score", "/v1/models/delay/x/4:score", "/v1/model/delay:score"}) {
    EXPECT_EQ(Call("POST", path, kRow).status, 404) << path;
  }
  EXPECT_EQ(Call("GET", kScore).status, 405);
}

TEST_F(ScoreRows, SpoiltBodiesAreRefusedWithoutCrash) {
  const std::string good = std::string(R"({"rows":[)") + kRow + R"(],"explain":true})";
  std::mt19937_64 random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::string body = good;
    for (size_t flips = 1 + random() % 3; flips > 0; --flips)
      body[random() % body.size()] = static_cast<char>(random());
    const int status = Call("POST", kScore, body).status;
    EXPECT_TRUE(status == 200 || status == 400) << body;
  }
}

TEST_F(ScoreRows, PlainRowsAllocateNothingAfterWarmUp) {
  const auto servable = *models_.Find("delay", std::nullopt);
  double sum = 0;
  const auto add = [&](const ScoredRows& rows) {
    for (const double score : rows.scores) sum += score;
    return absl::OkStatus();
  };
  const auto score = [&] {
    const auto json = JsonBody::Parse(kRow);
    RowScorer scorer(*servable, Dialect::kRoost, serving::Clock::now(), add);
    const simdjson::dom::element row = json->root();
    ASSERT_TRUE(scorer.Add({&row, 1}).ok());
    ASSERT_TRUE(scorer.Finish().ok());
  };
  score();
  const int64_t before = num_allocations;
  for (int i = 0; i < 10; ++i) score();
  EXPECT_EQ(num_allocations - before, 0);
  EXPECT_GT(sum, 0);
}

}  // namespace
}  // namespace roost::rest
