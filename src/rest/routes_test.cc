#include "rest/routes.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "rest/compression.h"
#include "rest/routes_fixture.h"
#include "serving/infer.h"
#include "serving/test_model.h"

namespace roost::rest {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

constexpr char kTwoRows[] =
    R"({"id":"7","inputs":[{"name":"distance","datatype":"FP64","shape":[2],"data":[418,null]},)"
    R"({"name":"origin","datatype":"BYTES","shape":[2],"data":["SFO","OAK"]},)"
    R"({"name":"date","datatype":"BYTES","shape":[2],"data":["2001-05-01T12:00:00Z",null]}]})";

TEST_F(RoutesTest, AnswerTheGoldenTexts) {
  EXPECT_EQ(
      Get("/v2"),
      R"({"name":"roost","version":"0.1.0","extensions":["binary_tensor_data","classification","model_configuration",)"
      R"("model_repository","parameters","schedule_policy","statistics"]})");
  EXPECT_EQ(Get("/v2/"), Get("/v2"));
  EXPECT_EQ(Get("/v2/health/live"), R"({"live":true})");
  EXPECT_EQ(Get("/v2/health/ready"), R"({"ready":true})");
  EXPECT_EQ(Get("/v2/models"), R"({"models":["class","delay","value"]})");
  const std::string metadata =
      R"({"name":"delay","versions":["3","4"],"platform":"roost",)"
      R"("inputs":[{"name":"distance","datatype":"FP64","shape":[-1]},{"name":"origin","datatype":"BYTES","shape":[-1]},)"
      R"({"name":"date","datatype":"INT64","shape":[-1]}],)"
      R"("outputs":[{"name":"probability","datatype":"FP64","shape":[-1]}]})";
  EXPECT_EQ(Get("/v2/models/delay"), metadata);
  EXPECT_EQ(Get("/v2/models/del%61y/versions/3"), metadata);
  EXPECT_EQ(Get("/v2/models/delay/ready"), R"({"name":"delay","ready":true})");
  EXPECT_EQ(Get("/v2/models/delay/versions/4/ready"), R"({"name":"delay","ready":true})");
}

TEST_F(RoutesTest, InferAnswersInTheFormOfTheProtocol) {
  const net::HttpResponse newest = Call("POST", "/v2/models/delay/infer", kTwoRows);
  ASSERT_EQ(newest.status, 200) << newest.body;
  Json json = *ParseJson(newest.body, "answer");
  ASSERT_EQ(json["outputs"][0]["data"].size(), 2u);
  json["outputs"][0]["data"] = nullptr;
  EXPECT_EQ(ToLine(json), R"({"model_name":"delay","model_version":"4","id":"7",)"
                          R"("outputs":[{"name":"probability","datatype":"FP64","shape":[2],"data":null}]})");
  const net::HttpResponse older = Call("POST", "/v2/models/delay/versions/3/infer", kTwoRows);
  EXPECT_THAT(older.body, HasSubstr(R"("model_version":"3")"));
  EXPECT_NE(older.body, newest.body);
}

TEST_F(RoutesTest, WithoutModelsTheServerIsLiveButNotReady) {
  const serving::ModelManager none;
  handler_ = MakeHandler(none, nullptr);
  EXPECT_EQ(Get("/v2/health/live"), R"({"live":true})");
  EXPECT_EQ(Get("/v2/models"), R"({"models":[]})");
  const net::HttpResponse ready = Call("GET", "/v2/health/ready");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(ready.body, R"({"ready":false})");
}

TEST_F(RoutesTest, UnknownPathsAndModelsAre404) {
  for (const char* path :
       {"//", "/v1", "/openapi.json/x", "/v2/x", "/v2/health", "/v2/health/live/x", "/v2//models", "/v2/models/delay/x",
        "/v2/models/%zz", "/v2/models/delay/versions", "/v2/models/delay/versions/x", "/v2/models/delay/versions/4/x",
        "/v2/models/delay/ready/x", "/v2/models/fraud", "/v2/models/delay/versions/5", "/v2/models/fraud/ready"}) {
    const net::HttpResponse response = Call("GET", path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_TRUE(ParseJson(response.body, "answer")->contains("error")) << response.body;
  }
  EXPECT_EQ(
      Call("GET", "/v2/models/delai").body,
      R"json({"error":"model 'delai' is not loaded; loaded are: class, delay, value (did you mean 'delay'?)"})json");
}

TEST_F(RoutesTest, WrongMethodsAre405WithThoseThatAreRight) {
  const auto allowed = [&](std::string_view method, std::string_view path) {
    const net::HttpResponse response = Call(method, path);
    EXPECT_EQ(response.status, 405) << path;
    return response.headers.empty() ? "" : response.headers[0].first + ": " + response.headers[0].second;
  };
  EXPECT_EQ(allowed("POST", "/v2"), "Allow: GET, HEAD");
  EXPECT_EQ(allowed("DELETE", "/v2/models/delay"), "Allow: GET, HEAD");
  EXPECT_EQ(allowed("GET", "/v2/models/delay/infer"), "Allow: POST");
  EXPECT_EQ(Call("HEAD", "/v2/health/ready").status, 200);
}

TEST_F(RoutesTest, BadBodiesAre400) {
  EXPECT_EQ(Call("POST", "/v2/models/delay/infer", "").status, 400);
  EXPECT_EQ(Call("POST", "/v2/models/delay/infer", R"({"inputs":[]})").status, 400);
  EXPECT_EQ(Call("POST", "/v2/models/delay/infer", kTwoRows, {{"Content-Encoding", "gzip"}}).status, 400);
  const net::HttpResponse brotli = Call("POST", "/v2/models/delay/infer", kTwoRows, {{"Content-Encoding", "br"}});
  EXPECT_EQ(brotli.status, 415);
  EXPECT_EQ(brotli.headers.at(0).second, "gzip, deflate");
  EXPECT_EQ(Call("POST", "/v2/models/delay/infer", kTwoRows, {{"inference-header-content-length", "x"}}).status, 400);
  EXPECT_EQ(Call("POST", "/v2/models/delay/infer", kTwoRows, {{"inference-header-content-length", "9999"}}).status,
            400);
}

TEST_F(RoutesTest, ABadInferCallIsAnsweredWithOneThatWorks) {
  const Json answer = *ParseJson(Call("POST", "/v2/models/delay/infer", R"({"inputs":[]})").body, "answer");
  const std::string example = answer["example"];
  const size_t begin = example.find('\'') + 1;
  EXPECT_EQ(example.substr(0, begin), "curl -s http://localhost:8080/v2/models/delay/infer -d '");
  const std::string body = example.substr(begin, example.size() - begin - 1);
  const net::HttpResponse repeated = Call("POST", "/v2/models/delay/infer", body);
  EXPECT_EQ(repeated.status, 200) << repeated.body;
}

TEST_F(RoutesTest, TheCallThatWorksHasATokenWhereTheOtherHadOne) {
  const auto example = [&](std::vector<net::HttpHeader> headers) {
    const auto response = Call("POST", "/v1/models/delay:score", "7", std::move(headers));
    return (*ParseJson(response.body, "answer"))["example"].get<std::string>();
  };
  EXPECT_TRUE(example({{"authorization", "bearer roost_secret"}})
                  .starts_with("curl -s -H \"Authorization: Bearer $ROOST_TOKEN\" http://localhost:8080/v1/"));
  EXPECT_EQ(example({{"Authorization", "Bearer roost_secret"}}).find("roost_secret"), std::string::npos);
  for (const char* other : {"", "Basic dXNlcg==", "Bearer"}) {
    EXPECT_TRUE(example({{"Authorization", other}}).starts_with("curl -s http://localhost:8080/v1/")) << other;
  }
}

TEST_F(RoutesTest, BodiesMayBeCompressedBothWays) {
  const std::string plain = Call("POST", "/v2/models/delay/infer", kTwoRows).body;
  for (const Coding coding : {Coding::kGzip, Coding::kDeflate}) {
    const std::string name(CodingName(coding));
    const net::HttpResponse response =
        Call("POST", "/v2/models/delay/infer", Compress(kTwoRows, coding), {{"Content-Encoding", name}});
    EXPECT_EQ(response.body, plain);
  }
  const std::string openapi = Get("/openapi.json");
  const net::HttpResponse gzip = Call("GET", "/openapi.json", "", {{"Accept-Encoding", "deflate;q=0.5, gzip, br"}});
  EXPECT_EQ(gzip.headers.back(), (std::pair<std::string, std::string>{"Content-Encoding", "gzip"}));
  EXPECT_LT(gzip.body.size(), openapi.size() / 2);
  EXPECT_EQ(*Decompress(gzip.body, Coding::kGzip, 1 << 20), openapi);
  const net::HttpResponse small = Call("GET", "/v2", "", {{"Accept-Encoding", "gzip"}});
  EXPECT_TRUE(small.headers.empty()) << "a small answer is not compressed";
}

TEST_F(RoutesTest, ABombIsRefused) {
  const std::string bomb = Compress(std::string((64 << 20) + 1, ' '), Coding::kGzip);
  EXPECT_LT(bomb.size(), 1u << 20);
  for (const char* path : {"/v2/models/delay/infer", "/v1/models/delay:score", "/v1/models/delay:predict"}) {
    EXPECT_EQ(Call("POST", path, bomb, {{"Content-Encoding", "gzip"}}).status, 413) << path;
  }
}

TEST_F(RoutesTest, ARawBinaryRequestIsTheOnlyInput) {
  const double distance = 1'700;
  const std::string body(reinterpret_cast<const char*>(&distance), sizeof distance);
  const auto raw = [&](std::string_view model, std::string_view bytes) {
    return Call("POST", "/v2/models/" + std::string(model) + "/infer", bytes,
                {{"Inference-Header-Content-Length", "0"}});
  };
  const net::HttpResponse response = raw("value", body);
  ASSERT_EQ(response.status, 200) << response.body;
  double value = 0;
  std::memcpy(&value, response.body.data() + response.body.size() - sizeof value, sizeof value);
  EXPECT_EQ(value, 3 + 2 * (1'700 - 700) / 500.0);
  EXPECT_EQ(raw("value", body.substr(1)).status, 400);
  EXPECT_THAT(raw("delay", body).body, HasSubstr("for models of one input; model 'delay' has 3"));
}

TEST_F(RoutesTest, ClassificationNamesTheGreatestValues) {
  const auto infer = [&](std::string_view output, std::string_view count) {
    return Call(
        "POST", "/v2/models/class/infer",
        R"({"inputs":[{"name":"distance","datatype":"FP64","shape":[2],"data":[700,1700]}],"outputs":[{"name":")" +
            std::string(output) + R"(","parameters":{"classification":)" + std::string(count) + "}}]}");
  };
  const net::HttpResponse response = infer("probabilities", "2");
  ASSERT_EQ(response.status, 200) << response.body;
  const Json output = (*ParseJson(response.body, "answer"))["outputs"][0];
  EXPECT_EQ(output["datatype"], "BYTES");
  EXPECT_EQ(output["shape"], Json::array({2, 2}));
  EXPECT_THAT(output["data"][0].get<std::string>(), EndsWith(":1:on time"));
  EXPECT_THAT(output["data"][1].get<std::string>(), EndsWith(":2:late"));
  EXPECT_THAT(output["data"][2].get<std::string>(), EndsWith(":0:early"));
  EXPECT_EQ(infer("probabilities", "0").status, 400);
  EXPECT_EQ(infer("probabilities", "\"a\"").status, 400);
  EXPECT_EQ(infer("class", "1").status, 400);
}

TEST_F(RoutesTest, StatisticsCountEveryProtocol) {
  const auto statistics = [&](const std::string& path) { return (*ParseJson(Get(path), "answer"))["model_stats"]; };
  EXPECT_EQ(statistics("/v2/models/stats").size(), 4u);
  Post("/v2/models/delay/infer", kTwoRows);
  Post("/v1/models/delay:score", R"({"rows":[{},{},{}]})");
  Post("/v1/models/delay:predict", R"({"instances":[{}]})");
  Refused(400, "/v1/models/delay:score", "7");
  Refused(400, "/v2/models/delay/infer", R"({"inputs":[]})");
  const Json of_version = statistics("/v2/models/delay/versions/4/stats");
  ASSERT_EQ(of_version.size(), 1u);
  EXPECT_EQ(of_version[0]["inference_count"], 6);
  EXPECT_EQ(of_version[0]["execution_count"], 3);
  EXPECT_GT(of_version[0]["last_inference"], 0);
  const Json& figures = of_version[0]["inference_stats"];
  EXPECT_EQ(figures["success"]["count"], 3);
  EXPECT_GE(figures["success"]["ns"], figures["compute_infer"]["ns"]);
  EXPECT_EQ(figures["fail"]["count"], 2);
  const Json of_model = statistics("/v2/models/delay/stats");
  ASSERT_EQ(of_model.size(), 2u);
  EXPECT_EQ(of_model[0]["inference_count"], 0);
  EXPECT_EQ(Call("GET", "/v2/models/none/stats").status, 404);
}

TEST_F(RoutesTest, TheConfigurationNamesTypes) {
  EXPECT_EQ(Get("/v2/models/value/config"),
            R"({"name":"value","platform":"roost","backend":"roost","max_batch_size":0,)"
            R"("input":[{"name":"distance","data_type":"TYPE_FP64","dims":[-1]}],)"
            R"("output":[{"name":"value","data_type":"TYPE_FP64","dims":[-1]}]})");
}

TEST_F(RoutesTest, TheIndexTellsWhatIsLoadedAndWhatFailed) {
  models_.SetState({.name = "value", .version = 3, .state = serving::State::kEnd, .reason = "damaged"});
  const Json index = Post("/v2/repository/index", "");
  ASSERT_EQ(index.size(), 5u);
  EXPECT_EQ(ToLine(index[0]), R"({"name":"class","version":"1","state":"READY","reason":""})");
  EXPECT_EQ(ToLine(index[4]), R"({"name":"value","version":"3","state":"UNAVAILABLE","reason":"damaged"})");
  EXPECT_EQ(Post("/v2/repository/index", R"({"ready":true})").size(), 4u);
  for (const char* body : {"{", "[]", R"({"ready":1})"}) Refused(400, "/v2/repository/index", body);
  EXPECT_EQ(Call("GET", "/v2/repository/index").status, 405);
  EXPECT_EQ(Call("POST", "/v2/repository/models/delay/unload").status, 404) << "nothing is there that could do it";
}

/// 1,000 generated rows; the same as JSON and as binary data.
struct Rows {
  serving::InferRequest request;
  std::string json;
  std::string binary;
  size_t header_length = 0;
};

Rows GenerateRows() {
  std::mt19937_64 random(5);
  serving::Tensor distance{.name = "distance", .datatype = serving::Datatype::kFp64, .shape = {1000}};
  serving::Tensor origin{.name = "origin", .datatype = serving::Datatype::kBytes, .shape = {1000}};
  serving::Tensor date{.name = "date", .datatype = serving::Datatype::kInt64, .shape = {1000}};
  Json distances = Json::array(), origins = Json::array(), dates = Json::array();
  for (int row = 0; row < 1000; ++row) {
    const double miles = static_cast<double>(random() % 1'000'000'007) / 333'667.0;
    const std::string airport = row % 3 == 0 ? "SFO" : row % 3 == 1 ? "JFK" : "X" + std::to_string(row);
    const int64_t micros = static_cast<int64_t>(random() % 1'000'000'000'000'000);
    distance.Append(miles);
    origin.texts.push_back(airport);
    date.Append(micros);
    distances.push_back(miles);
    origins.push_back(airport);
    dates.push_back(micros);
  }
  Rows rows;
  const auto input = [](const char* name, const char* datatype) {
    return Json{{"name", name}, {"datatype", datatype}, {"shape", Json::array({1000})}};
  };
  Json inputs = Json::array({input("distance", "FP64"), input("origin", "BYTES"), input("date", "INT64")});
  std::string tail;
  Json binary_inputs = inputs;
  for (const serving::Tensor* tensor : {&distance, &origin, &date}) {
    std::string bytes = tensor->bytes;
    for (const std::string& text : tensor->texts) {
      const auto size = static_cast<uint32_t>(text.size());
      bytes.append(reinterpret_cast<const char*>(&size), sizeof size).append(text);
    }
    const size_t index = tensor == &distance ? 0 : tensor == &origin ? 1 : 2;
    binary_inputs[index]["parameters"] = Json{{"binary_data_size", bytes.size()}};
    tail += bytes;
  }
  inputs[0]["data"] = std::move(distances);
  inputs[1]["data"] = std::move(origins);
  inputs[2]["data"] = std::move(dates);
  rows.json = ToLine(Json{{"inputs", std::move(inputs)}});
  const Json parameters{{"binary_data_output", true}};
  rows.binary = ToLine(Json{{"parameters", parameters}, {"inputs", std::move(binary_inputs)}});
  rows.header_length = rows.binary.size();
  rows.binary += tail;
  rows.request = {.model_name = "delay", .inputs = {distance, origin, date}};
  return rows;
}

TEST_F(RoutesTest, ProbabilitiesKeepTheirBitsThroughJsonAndBinary) {
  const Rows rows = GenerateRows();
  const auto direct = serving::Infer(models_, rows.request);
  ASSERT_TRUE(direct.ok()) << direct.status();
  const std::string& bits = direct->outputs[0].bytes;

  const net::HttpResponse as_json = Call("POST", "/v2/models/delay/infer", rows.json);
  ASSERT_EQ(as_json.status, 200) << as_json.body;
  std::string from_json;
  const Json answer = *ParseJson(as_json.body, "answer");
  for (const Json& value : answer["outputs"][0]["data"]) {
    const double probability = value.get<double>();
    from_json.append(reinterpret_cast<const char*>(&probability), sizeof probability);
  }
  EXPECT_TRUE(from_json == bits);

  const std::string header_length = std::to_string(rows.header_length);
  const net::HttpResponse as_binary =
      Call("POST", "/v2/models/delay/infer", rows.binary, {{"Inference-Header-Content-Length", header_length}});
  ASSERT_EQ(as_binary.status, 200) << as_binary.body;
  EXPECT_EQ(as_binary.content_type, "application/octet-stream");
  ASSERT_EQ(as_binary.headers.at(0).first, "Inference-Header-Content-Length");
  const size_t begin = std::stoul(as_binary.headers[0].second);
  EXPECT_EQ(as_binary.body.substr(0, begin),
            R"({"model_name":"delay","model_version":"4","outputs":[{"name":"probability","datatype":"FP64",)"
            R"("shape":[1000],"parameters":{"binary_data_size":8000}}]})");
  EXPECT_TRUE(as_binary.body.substr(begin) == bits);
}

TEST_F(RoutesTest, AnOutputMayOverrideTheFormOfAll) {
  std::string body = kTwoRows;
  body.pop_back();
  body +=
      R"(,"parameters":{"binary_data_output":true},"outputs":[{"name":"probability","parameters":{"binary_data":false}}]})";
  EXPECT_THAT(Call("POST", "/v2/models/delay/infer", body).body, HasSubstr(R"("data":[)"));
}

TEST_F(RoutesTest, AreServedOverASocket) {
  net::ServerOptions options;
  options.num_threads = 1;
  const auto server = net::HttpServer::Start(options, MakeHandler(models_, nullptr));
  ASSERT_TRUE(server.ok()) << server.status();
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons((*server)->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const std::string body = kTwoRows;
  const std::string request =
      "POST /v2/models/delay/infer HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  ASSERT_EQ(send(fd, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t size; (size = recv(fd, buffer, sizeof buffer, 0)) > 0;) answer.append(buffer, static_cast<size_t>(size));
  close(fd);
  EXPECT_EQ(answer.substr(answer.find("\r\n\r\n") + 4), Call("POST", "/v2/models/delay/infer", body).body);
}

}  // namespace
}  // namespace roost::rest
