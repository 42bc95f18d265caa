#include "telemetry/observe.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "net/later_reply.h"

namespace roost::telemetry {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using testing::MatchesRegex;

std::string HeaderOf(const HttpResponse& response, std::string_view name) {
  std::string value;
  for (const auto& [header, text] : response.headers) {
    if (header != name) continue;
    EXPECT_EQ(value, "") << name << " comes twice";
    value = text;
  }
  return value;
}

class ObserveTest : public testing::Test {
 protected:
  ~ObserveTest() override { std::filesystem::remove(path_); }

  HttpRequest Request(std::vector<net::HttpHeader> headers = {}) {
    HttpRequest request;
    request.method = "POST";
    request.path = "/v1/models/delay:score";
    request.body = "{}";
    request.headers = std::move(headers);
    return request;
  }

  /// Ends the log, and returns its lines.
  std::vector<Json> Lines() {
    log_.reset();
    std::vector<Json> lines;
    std::ifstream file(path_);
    for (std::string line; std::getline(file, line);) lines.push_back(*ParseJson(line, "line"));
    return lines;
  }

  const std::string path_ = testing::TempDir() + "observe_test." + std::to_string(getpid());
  serving::ModelManager models_;
  Traffic traffic_{models_};
  std::unique_ptr<AccessLog> log_ = *AccessLog::Open({.path = path_, .sample = 1, .tell = nullptr});
};

TEST_F(ObserveTest, ARequestIsNamedCountedAndLogged) {
  const net::Handler handler = Observe(
      [](const HttpRequest&, HttpResponse& response) {
        EXPECT_EQ(response.notes.request_id, "order-17") << "the handler finds it";
        response.notes.consumer = "billing";
        response.notes.rows = 3;
        response.status = 404;
        response.body = "no";
      },
      traffic_, log_.get());
  HttpResponse response;
  HttpRequest request = Request(
      {{"x-request-id", "order-17"}, {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}});
  request.peer_address = "192.0.2.7";
  handler(request, response);
  EXPECT_EQ(HeaderOf(response, "X-Request-Id"), "order-17");
  EXPECT_THAT(HeaderOf(response, "traceparent"), MatchesRegex("00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01"));
  EXPECT_EQ(traffic_.Sum().at({"", 0, "billing", Protocol::kHttp1, 404}).requests(), 1);
  EXPECT_EQ(traffic_.InFlight(), 0);
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["request_id"], "order-17");
  EXPECT_EQ(lines[0]["trace_id"], "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(lines[0]["client"], "192.0.2.7");
  EXPECT_EQ(lines[0]["status"], 404);
  EXPECT_EQ(lines[0]["bytes_in"], 2);
  EXPECT_EQ(lines[0]["bytes_out"], 2);
}

TEST_F(ObserveTest, WithoutHeadersThereIsANewIdAndNoTrace) {
  const net::Handler handler = Observe([](const HttpRequest&, HttpResponse&) {}, traffic_, nullptr);
  HttpResponse response;
  handler(Request(), response);
  EXPECT_THAT(HeaderOf(response, "X-Request-Id"), MatchesRegex("[0-9a-f]{32}"));
  EXPECT_EQ(HeaderOf(response, "traceparent"), "");
}

TEST_F(ObserveTest, TheCodeOfGrpcIsThatOfItsTrailer) {
  std::optional<std::string> code = "5";
  const net::Handler handler = Observe(
      [&](const HttpRequest&, HttpResponse& response) {
        response.content_type = "application/grpc";
        if (code.has_value()) response.AddTrailer("grpc-status", *code);
      },
      traffic_, log_.get());
  HttpRequest request = Request();
  request.http2 = true;
  for (const auto& next : {std::optional<std::string>("5"), std::optional<std::string>("0"),
                           std::optional<std::string>("99"), std::optional<std::string>()}) {
    code = next;
    HttpResponse response;
    handler(request, response);
  }
  const Traffic::Totals totals = traffic_.Sum();
  EXPECT_EQ(totals.at({"", 0, "", Protocol::kGrpc, 5}).requests(), 1);
  EXPECT_EQ(totals.at({"", 0, "", Protocol::kGrpc, 0}).requests(), 1);
  EXPECT_EQ(totals.at({"", 0, "", Protocol::kGrpc, 2}).requests(), 2) << "what is no code of gRPC's is UNKNOWN";
  EXPECT_EQ(Lines()[0]["grpc_status"], 5);
}

TEST_F(ObserveTest, AnAnswerThatComesLaterIsCountedWhenItComes) {
  std::optional<net::LaterReply> reply;
  const net::Handler handler = Observe(
      [&](const HttpRequest& request, HttpResponse& response) {
        response.notes.model = "slow";
        response.notes.version = 2;
        response.notes.rows = 7;
        reply.emplace(request.AnswerLater());
      },
      traffic_, log_.get());
  net::LaterSlot slot{.mailbox = *net::Mailbox::Make()};
  {
    std::string path = "/v2/models/slow/infer", address = "2001:db8:0:1:2:3:4:5";
    HttpRequest request = Request({{"x-request-id", "later-1"}});
    request.path = path;
    request.peer_address = address;
    request.later_slot = &slot;
    HttpResponse response;
    handler(request, response);
    address.assign(address.size(), 'x');
    path.assign(path.size(), 'x');  // the request's memory is used for another one
  }
  EXPECT_EQ(slot.observer, nullptr);
  EXPECT_EQ(traffic_.InFlight(), 1);
  EXPECT_EQ(traffic_.Pending().at({"slow", 2}), 1);
  EXPECT_TRUE(traffic_.Sum().empty());
  HttpResponse answer;
  answer.status = 503;
  reply->Send(std::move(answer));
  EXPECT_EQ(traffic_.InFlight(), 0);
  EXPECT_EQ(traffic_.Pending().at({"slow", 2}), 0);
  EXPECT_EQ(traffic_.Sum().at({"slow", 2, "", Protocol::kHttp1, 503}).rows, 7);
  const auto letters = slot.mailbox->Take();
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(HeaderOf(letters[0].response, "X-Request-Id"), "later-1");
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["path"], "/v2/models/slow/infer");
  EXPECT_EQ(lines[0]["client"], "2001:db8:0:1:2:3:4:5");
  EXPECT_EQ(lines[0]["method"], "POST");
}

}  // namespace
}  // namespace roost::telemetry
