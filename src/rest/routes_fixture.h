#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "rest/routes.h"
#include "serving/test_model.h"

namespace roost::rest {

/// For tests: the routes over delay@3 and delay@4 (binary; distance, origin, date), class@1 and value@2 (distance).
class RoutesTest : public testing::Test {
 protected:
  RoutesTest() : handler_(MakeHandler(models_, nullptr)) {
    EXPECT_TRUE(models_.Load("delay", 3, serving::TestModelJson(3)).ok());
    EXPECT_TRUE(models_.Load("delay", 4, serving::TestModelJson(4)).ok());
    EXPECT_TRUE(models_.Load("class", 1, serving::TestClassesJson()).ok());
    EXPECT_TRUE(models_.Load("value", 2, serving::TestValueJson()).ok());
  }

  net::HttpResponse Call(std::string_view method, std::string_view path, std::string_view body = "",
                         std::vector<net::HttpHeader> headers = {}, std::string_view host = "localhost:8080") {
    net::HttpRequest request;
    request.method = method;
    request.path = path;
    request.host = host;
    request.body = body;
    request.headers = std::move(headers);
    net::HttpResponse response;
    response.notes.request_id = "call-1";
    handler_(request, response);
    return response;
  }

  /// Body of a call that must succeed.
  std::string Get(std::string_view path) { return Checked(Call("GET", path)); }
  Json Post(std::string_view path, std::string_view body) {
    return *ParseJson(Checked(Call("POST", path, body)), "answer");
  }

  /// The text of the error that a call is answered with, whose status must be `status`.
  std::string Refused(int status, std::string_view path, std::string_view body) {
    const net::HttpResponse response = Call("POST", path, body);
    EXPECT_EQ(response.status, status) << response.body;
    const auto json = ParseJson(response.body, "answer");
    return json.ok() && json->contains("error") ? (*json)["error"].get<std::string>() : response.body;
  }

  static std::string Checked(const net::HttpResponse& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.content_type, "application/json");
    return response.body;
  }

  serving::ModelManager models_;
  net::Handler handler_;
};

}  // namespace roost::rest
