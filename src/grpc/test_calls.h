#pragma once

#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "grpc/framing.h"
#include "grpc/handler.h"
#include "serving/test_model.h"

namespace roost::grpc {

/// What a client sees of a call.
struct Outcome {
  int code = -1;        ///< grpc-status
  std::string message;  ///< grpc-message, as sent
  std::string answer;   ///< the bytes of the answer's message
};

inline std::string Frame(std::string_view message) {
  std::string frame(kPrefixBytes, '\0');
  WritePrefix(message.size(), frame.data());
  return frame.append(message);
}

/// For tests: a server of the test model, "delay" in versions 3 and 4 with the alias "champion" at 3.
class CallsTest : public testing::Test {
 protected:
  CallsTest() : handler_(MakeHandler(models_)) {
    EXPECT_TRUE(models_.Load("delay", 3, serving::TestModelJson(3)).ok());
    EXPECT_TRUE(models_.Load("delay", 4, serving::TestModelJson(4)).ok());
    models_.SetAliases("delay", {{"champion", 3}});
  }

  net::HttpResponse Send(net::HttpRequest request) {
    net::HttpResponse response;
    handler_(request, response);
    return response;
  }

  /// A call as a client of gRPC sends it.
  static net::HttpRequest RequestOf(std::string_view path, std::string_view body,
                                    std::vector<net::HttpHeader> headers = {}) {
    net::HttpRequest request;
    request.method = "POST";
    request.path = path;
    request.body = body;
    request.http2 = true;
    request.headers = std::move(headers);
    request.headers.push_back({"content-type", "application/grpc"});
    return request;
  }

  static Outcome OutcomeOf(const net::HttpResponse& response) {
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.content_type, "application/grpc");
    Outcome outcome;
    for (const auto& [name, value] : response.trailers) {
      if (name == "grpc-status") std::from_chars(value.data(), value.data() + value.size(), outcome.code);
      if (name == "grpc-message") outcome.message = value;
    }
    if (outcome.code != 0) {
      EXPECT_EQ(response.body, "");
      return outcome;
    }
    std::string storage;
    const auto message = ReadMessage(response.body, "", storage);
    EXPECT_TRUE(message.ok()) << message.status();
    outcome.answer = message.value_or("");
    return outcome;
  }

  Outcome Call(std::string_view path, std::string_view body, std::vector<net::HttpHeader> headers = {}) {
    return OutcomeOf(Send(RequestOf(path, body, std::move(headers))));
  }

  /// A call with a message that must succeed.
  template <typename Answer, typename Request>
  Answer Ask(std::string_view path, const Request& request) {
    const Outcome outcome = Call(path, Frame(request.SerializeAsString()));
    EXPECT_EQ(outcome.code, 0) << outcome.message;
    Answer answer;
    EXPECT_TRUE(answer.ParseFromString(outcome.answer));
    return answer;
  }

  template <typename Request>
  Outcome Fail(std::string_view path, const Request& request) {
    return Call(path, Frame(request.SerializeAsString()));
  }

  serving::ModelManager models_;
  net::Handler handler_;
};

}  // namespace roost::grpc
