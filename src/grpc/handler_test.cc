#include "grpc/handler.h"

#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <health.pb.h>

#include <inference.pb.h>
#include "grpc/test_calls.h"

namespace roost::grpc {
namespace {

using testing::HasSubstr;
using HandlerTest = CallsTest;

constexpr char kLive[] = "/inference.GRPCInferenceService/ServerLive";
constexpr char kInfer[] = "/inference.GRPCInferenceService/ModelInfer";
constexpr char kCheck[] = "/grpc.health.v1.Health/Check";

TEST_F(HandlerTest, AnswersWithAFrameAndTrailers) {
  const net::HttpResponse response = Send(RequestOf(kLive, Frame("")));
  EXPECT_EQ(response.body, Frame("\x08\x01"));
  ASSERT_EQ(response.trailers.size(), 1u);
  EXPECT_EQ(response.trailers[0], std::make_pair(std::string("grpc-status"), std::string("0")));
}

TEST_F(HandlerTest, UnknownMethodsAreUnimplemented) {
  for (const char* path :
       {"/", "/x/y", "/inference.GRPCInferenceService/", "/inference.GRPCInferenceService/serverlive",
        "/grpc.health.v1.Health/Watch", "/inference.GRPCInferenceService/ModelStreamInfer"}) {
    EXPECT_EQ(Call(path, Frame("")).code, 12) << path;
  }
}

TEST_F(HandlerTest, WhatIsNoCallIsAnErrorOfHttp) {
  net::HttpRequest request = RequestOf(kLive, Frame(""));
  request.method = "GET";
  EXPECT_EQ(Send(request).status, 405);
  request.method = "POST";
  request.headers = {{"content-type", "application/json"}};
  EXPECT_EQ(Send(request).status, 415);
  request.headers.clear();
  EXPECT_EQ(Send(request).status, 415);
  request = RequestOf(kLive, Frame(""));
  request.http2 = false;
  EXPECT_EQ(Send(request).status, 505);
}

TEST_F(HandlerTest, DeadlinesThatAreOverAreExceeded) {
  EXPECT_EQ(Call(kLive, Frame(""), {{"grpc-timeout", "0m"}}).code, 4);
  EXPECT_EQ(Call(kLive, Frame(""), {{"grpc-timeout", "1n"}}).code, 4);
  EXPECT_EQ(Call(kLive, Frame(""), {{"grpc-timeout", "1H"}}).code, 0);
  EXPECT_EQ(Call(kLive, Frame(""), {{"grpc-timeout", "soon"}}).code, 3);
}

TEST_F(HandlerTest, EncodingsThatAreNotTakenComeWithThoseThatAre) {
  std::string frame = Frame("");
  frame[0] = 1;
  const net::HttpResponse response = Send(RequestOf(kLive, frame, {{"grpc-encoding", "br"}}));
  EXPECT_EQ(OutcomeOf(response).code, 12);
  ASSERT_EQ(response.headers.size(), 1u);
  EXPECT_EQ(response.headers[0].first, "grpc-accept-encoding");
  EXPECT_EQ(response.headers[0].second, "identity,deflate,gzip");
}

TEST_F(HandlerTest, HealthFollowsTheModels) {
  ::grpc::health::v1::HealthCheckRequest request;
  using Answer = ::grpc::health::v1::HealthCheckResponse;
  EXPECT_EQ(Ask<Answer>(kCheck, request).status(), Answer::SERVING);
  request.set_service("inference.GRPCInferenceService");
  EXPECT_EQ(Ask<Answer>(kCheck, request).status(), Answer::SERVING);
  request.set_service("no.Service");
  EXPECT_EQ(Fail(kCheck, request).code, 5);
  const serving::ModelManager none;
  handler_ = MakeHandler(none);
  EXPECT_EQ(Ask<Answer>(kCheck, ::grpc::health::v1::HealthCheckRequest()).status(), Answer::NOT_SERVING);
}

TEST_F(HandlerTest, AStreamGoesOnUntilAnError) {
  constexpr char kReflect[] = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
  EXPECT_THAT(Streams().paths, testing::Contains(kReflect));
  EXPECT_TRUE(Send(RequestOf(kReflect, Frame(""))).goes_on);
  EXPECT_FALSE(Send(RequestOf(kLive, Frame(""))).goes_on) << "a unary call has one message";
  for (const std::string& wrong : {Frame("\xff"), Frame("").substr(1), Frame("") + Frame("")}) {
    const net::HttpResponse response = Send(RequestOf(kReflect, wrong));
    EXPECT_EQ(OutcomeOf(response).code, 3);
    EXPECT_FALSE(response.goes_on);
  }
  const net::HttpResponse nothing = Send(RequestOf(kReflect, ""));
  EXPECT_EQ(nothing.body, "") << "no message, no answer to one";
  EXPECT_EQ(nothing.trailers[0].second, "0");
}

TEST_F(HandlerTest, GarbageIsAnErrorAndNothingElse) {
  std::mt19937 random(7);
  inference::ModelInferRequest seed;
  seed.set_model_name("delay");
  auto& input = *seed.add_inputs();
  input.set_name("distance");
  input.set_datatype("FP64");
  input.add_shape(1);
  seed.add_raw_input_contents("12345678");
  const std::string message = seed.SerializeAsString();
  testing::internal::CaptureStderr();
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = message;
    for (int change = 0; change < 1 + round % 4; ++change) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (round % 5 == 0) bytes.resize(random() % bytes.size());
    const Outcome outcome = Call(kInfer, Frame(bytes));
    EXPECT_NE(outcome.code, 0);
    EXPECT_NE(outcome.message, "");
  }
  EXPECT_THAT(Call(kInfer, Frame("\xff")).message, HasSubstr("inference.ModelInferRequest"));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(HandlerTest, AnswersManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 1000; ++i) {
        const net::HttpResponse response = Send(RequestOf(kLive, Frame("")));
        wrong[static_cast<size_t>(thread)] += response.body == Frame("\x08\x01") ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

}  // namespace
}  // namespace roost::grpc
