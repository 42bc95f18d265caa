#include "telemetry/log_line.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace roost::telemetry {
namespace {

constexpr timespec kTime{.tv_sec = 1'764'470'782, .tv_nsec = 7'999'999};

std::string Line(const Exchange& exchange) {
  std::string line;
  AppendLogLine(exchange, kTime, line);
  return line;
}

TEST(LogLine, SaysAllThatIsKnown) {
  const net::RequestNotes notes{
      .request_id = "order-17", .consumer = "billing", .model = "delay", .version = 3, .rows = 2};
  EXPECT_EQ(
      Line({.notes = notes,
            .trace_id = "0af7651916cd43dd8448eb211c80319c",
            .client = "2001:db8::7",
            .method = "POST",
            .path = "/v1/models/delay:score",
            .protocol = Protocol::kHttp2,
            .code = 200,
            .bytes_in = 80,
            .bytes_out = 120,
            .duration = std::chrono::nanoseconds(12'345)}),
      R"({"time":"2025-11-30T02:46:22.007Z","request_id":"order-17","trace_id":"0af7651916cd43dd8448eb211c80319c",)"
      R"("client":"2001:db8::7","consumer":"billing","model":"delay","version":3,"rows":2,"method":"POST","path":"/v1/models/delay:score",)"
      R"("protocol":"http/2","status":200,"bytes_in":80,"bytes_out":120,"duration_us":12.3})"
      "\n");
}

TEST(LogLine, LeavesOutWhatIsNotKnownAndTellsGrpcsCode) {
  const net::RequestNotes notes{.request_id = "1"};
  EXPECT_EQ(Line({.notes = notes,
                  .method = "POST",
                  .path = "/inference.GRPCInferenceService/ModelInfer",
                  .protocol = Protocol::kGrpc,
                  .code = 5,
                  .duration = std::chrono::seconds(2)}),
            R"({"time":"2025-11-30T02:46:22.007Z","request_id":"1","method":"POST",)"
            R"("path":"/inference.GRPCInferenceService/ModelInfer","protocol":"grpc","status":200,"grpc_status":5,)"
            R"("bytes_in":0,"bytes_out":0,"duration_us":2000000.0})"
            "\n");
}

TEST(LogLine, AnyPathIsOneLineOfJson) {
  const net::RequestNotes notes{.request_id = "a\"b\\c"};
  const auto path = [&](std::string_view text) {
    const std::string line = Line({.notes = notes, .path = text});
    EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
    const auto json = ParseJson(line, "line");
    EXPECT_TRUE(json.ok()) << json.status() << line;
    EXPECT_EQ((*json)["request_id"], "a\"b\\c");
    return (*json)["path"].get<std::string>();
  };
  EXPECT_EQ(path("/a\"b\\c\n\r\t\x01\x7f"), "/a\"b\\c\n\r\t\x01\x7f");
  EXPECT_EQ(path("/caf\xc3\xa9"), "/caf\xc3\xa9");
  EXPECT_EQ(path("/\xff\xc3"), "/\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(path("/" + std::string(1'000, 'x')), "/" + std::string(255, 'x'));
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  EXPECT_EQ(path(all).substr(0, 128), all.substr(0, 128));
}

}  // namespace
}  // namespace roost::telemetry
