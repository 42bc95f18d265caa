#include "access/guard.h"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "absl/time/clock.h"

namespace roost::access {
namespace {

using net::HttpResponse;
using testing::Test;

constexpr std::string_view kInfer = "/v2/models/m/infer";
constexpr std::string_view kStats = "/v2/models/stats";
constexpr std::string_view kLoad = "/v2/repository/models/m/load";

class GuardTest : public Test {
 protected:
  GuardTest() {
    for (const Role role : {Role::kInfer, Role::kRead, Role::kAdmin}) Add(std::string(RoleName(role)), role);
  }

  Token& Add(const std::string& consumer, Role role) {
    texts_[consumer] = NewTokenText();
    policy_.tokens.push_back(
        {.consumer = consumer, .role = role, .hash = Sha256(texts_[consumer]), .created = absl::UnixEpoch()});
    return policy_.tokens.back();
  }

  struct Sent {
    std::string_view path = kInfer;
    std::string authorization;
    std::string host = "localhost:80";
    std::string origin;
    std::string peer_name;
    bool grpc = false;
  };

  HttpResponse Call(const Sent& sent) {
    net::HttpRequest request;
    request.method = "POST";
    request.path = sent.path;
    request.host = sent.host;
    request.peer_name = sent.peer_name;
    request.http2 = sent.grpc;
    if (sent.grpc) request.headers.push_back({"content-type", "application/grpc+proto"});
    if (!sent.authorization.empty()) request.headers.push_back({"Authorization", sent.authorization});
    if (!sent.origin.empty()) request.headers.push_back({"Origin", sent.origin});
    HttpResponse response;
    Guard([](const net::HttpRequest&, HttpResponse& answer) { answer.body = "through"; }, control_)(request, response);
    if (!sent.grpc) {
      EXPECT_EQ(response.status == 200, response.body == "through") << response.body;
    }
    return response;
  }

  HttpResponse CallAs(const std::string& consumer, std::string_view path = kInfer) {
    return Call({.path = path, .authorization = "Bearer " + texts_[consumer]});
  }

  static std::string HeaderOf(const HttpResponse& response, std::string_view name) {
    for (const auto& [known, value] : response.headers) {
      if (known == name) return value;
    }
    return "";
  }

  std::map<std::string, std::string> texts_;
  Policy policy_;
  AccessControl control_{Policy{}};
};

TEST_F(GuardTest, ARoleOpensWhatThoseBelowItOpen) {
  control_.Replace(policy_);
  const std::vector<std::string_view> paths{kInfer, kStats, kLoad};
  const std::vector<std::string> consumers{"infer", "read", "admin"};
  for (size_t role = 0; role < 3; ++role) {
    for (size_t path = 0; path < 3; ++path) {
      const HttpResponse response = CallAs(consumers[role], paths[path]);
      EXPECT_EQ(response.status, role >= path ? 200 : 403) << consumers[role] << " " << paths[path];
      EXPECT_EQ(response.notes.consumer, consumers[role]);
    }
  }
  EXPECT_EQ(CallAs("infer", kStats).body,
            "{\"error\":\"consumer 'infer' has the role infer; this call needs read (use a token of that role; 'roost "
            "token create infer --role read' makes one)\"}");
}

TEST_F(GuardTest, WhoIsNotKnownIsRefused) {
  control_.Replace(policy_);
  const HttpResponse none = Call({});
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(HeaderOf(none, "WWW-Authenticate"), "Bearer realm=\"roost\"");
  EXPECT_NE(none.body.find("this call needs a token of the role infer"), std::string::npos) << none.body;
  EXPECT_NE(Call({.authorization = "Bearer " + NewTokenText()}).body.find("is not known"), std::string::npos);
  EXPECT_NE(Call({.authorization = "Bearer roost_abc"}).body.find("cut, mistyped"), std::string::npos);
  for (const char* field : {"Basic dXNlcg==", "Bearer", "Bearer ", "Bearer   ", "roost", ""}) {
    EXPECT_EQ(Call({.authorization = field}).status, 401) << field;
  }
  EXPECT_EQ(Call({.authorization = "bearer   " + texts_["infer"]}).status, 200);
  EXPECT_EQ(Call({.path = "/v2/health/live"}).status, 200);
}

TEST_F(GuardTest, AnybodyMayCallWhereThatIsAllowed) {
  policy_.anonymous = Role::kInfer;
  control_.Replace(policy_);
  EXPECT_EQ(Call({}).status, 200);
  EXPECT_EQ(Call({}).notes.consumer, "");
  EXPECT_EQ(Call({.path = kStats}).status, 401) << "a token would help";
  EXPECT_EQ(CallAs("read", kStats).status, 200);
  EXPECT_EQ(Call({.authorization = "Bearer " + NewTokenText()}).status, 401) << "a bad token is nobody's";
  EXPECT_EQ(Call({.authorization = "Basic dXNlcg=="}).status, 200);
}

TEST_F(GuardTest, TokensEnd) {
  Add("late", Role::kAdmin).expires = absl::Now() - absl::Seconds(1);
  Add("early", Role::kAdmin).expires = absl::Now() + absl::Hours(1);
  Add("gone", Role::kAdmin).revoked = absl::FromUnixSeconds(1'700'000'000);
  Add("soon", Role::kAdmin).expires = absl::Now() + absl::Seconds(2);
  policy_.anonymous = Role::kAdmin;
  control_.Replace(policy_);
  EXPECT_EQ(CallAs("soon").status, 200);
  EXPECT_EQ(CallAs("early").status, 200);
  const HttpResponse late = CallAs("late");
  EXPECT_EQ(late.status, 401);
  EXPECT_NE(late.body.find("the token of 'late' expired at 2"), std::string::npos) << late.body;
  EXPECT_NE(CallAs("gone").body.find("was revoked at 2023-11-14T22:13:20Z"), std::string::npos);
  absl::SleepFor(absl::Milliseconds(2'050));
  EXPECT_EQ(CallAs("soon").status, 401) << "while nothing was reloaded";
}

TEST_F(GuardTest, ACertificateNamesAConsumer) {
  policy_.certificates = {{"fleet", Role::kRead}};
  control_.Replace(policy_);
  EXPECT_EQ(Call({.path = kStats, .peer_name = "fleet"}).notes.consumer, "fleet");
  EXPECT_EQ(Call({.path = kLoad, .peer_name = "fleet"}).status, 403);
  EXPECT_EQ(Call({.path = kStats, .peer_name = "stranger"}).status, 401);
  const HttpResponse both = Call({.path = kLoad, .authorization = "Bearer " + texts_["admin"], .peer_name = "fleet"});
  EXPECT_EQ(both.notes.consumer, "admin") << "a token goes before a certificate";
  EXPECT_EQ(both.status, 200);
}

TEST_F(GuardTest, OnlyOwnHostsAreAnswered) {
  policy_.anonymous = Role::kAdmin;
  control_.Replace(policy_);
  EXPECT_EQ(Call({.host = ""}).status, 200) << "HTTP/1.0";
  EXPECT_EQ(Call({.host = "evil.example"}).status, 403);
  EXPECT_EQ(Call({.path = "/v2/health/ready", .host = "10.0.0.7:8080"}).status, 200) << "probes call by address";
  policy_.any_host = true;
  control_.Replace(policy_);
  EXPECT_EQ(Call({.host = "10.0.0.7:8080"}).status, 200);
}

TEST_F(GuardTest, PagesOfOtherSitesChangeNothing) {
  policy_.any_host = true;
  policy_.hosts = {"ops.example.com"};
  control_.Replace(policy_);
  const auto load = [&](const std::string& origin, std::string_view path) {
    return Call({.path = path, .authorization = "Bearer " + texts_["admin"], .host = "m.example.com", .origin = origin})
        .status;
  };
  EXPECT_EQ(load("", kLoad), 200);
  EXPECT_EQ(load("https://ops.example.com", kLoad), 200);
  EXPECT_EQ(load("http://localhost:3000", kLoad), 200);
  EXPECT_EQ(load("https://example.com", kLoad), 403);
  EXPECT_EQ(load("https://m.example.com", kLoad), 403) << "any host is no reason to trust its pages";
  EXPECT_EQ(load("null", kLoad), 403);
  EXPECT_EQ(load("https://example.com", kInfer), 200);
  EXPECT_EQ(load("https://example.com", "/inference.GRPCInferenceService/RepositoryModelLoad"), 403);
}

TEST_F(GuardTest, WhoCallsTooOftenIsToldWhenToCome) {
  policy_.rates = {{"infer", {.per_second = 0.5, .burst = 2}}, {std::string(kAnonymous), {.per_second = 0.001}}};
  policy_.anonymous = Role::kInfer;
  control_.Replace(policy_);
  EXPECT_EQ(CallAs("infer").status, 200);
  EXPECT_EQ(CallAs("infer").status, 200);
  const HttpResponse refused = CallAs("infer");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(HeaderOf(refused, "Retry-After"), "2");
  EXPECT_EQ(refused.notes.consumer, "infer");
  EXPECT_NE(refused.body.find("consumer 'infer' may make 0.5 calls a second, and 2 at once"), std::string::npos);
  EXPECT_EQ(CallAs("read").status, 200) << "others have no limit";
  EXPECT_EQ(Call({}).status, 200);
  EXPECT_EQ(Call({}).status, 429);
  EXPECT_EQ(Call({.path = "/v2/health/live"}).status, 200);
}

TEST_F(GuardTest, CallsOfGrpcAreRefusedInItsOwnWay) {
  policy_.rates = {{"infer", {.per_second = 0.5, .burst = 1}}};
  control_.Replace(policy_);
  const auto refused = [&](const Sent& sent) {
    const HttpResponse response = Call(sent);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.content_type, "application/grpc");
    EXPECT_EQ(response.body, "");
    return response.trailers;
  };
  const std::string path = "/inference.GRPCInferenceService/ModelInfer";
  EXPECT_EQ(refused({.path = path, .grpc = true}).at(0), (std::pair<std::string, std::string>("grpc-status", "16")));
  const std::string token = "Bearer " + texts_["infer"];
  EXPECT_EQ(refused({.path = "/inference.GRPCInferenceService/ModelStatistics", .authorization = token, .grpc = true})
                .at(0)
                .second,
            "7");
  EXPECT_EQ(Call({.path = path, .authorization = token, .grpc = true}).body, "through");
  const auto often = refused({.path = path, .authorization = token, .grpc = true});
  EXPECT_EQ(often.at(0).second, "8");
  EXPECT_EQ(often.at(2).first, "grpc-retry-pushback-ms");
  EXPECT_GT(std::stoi(often.at(2).second), 1'000);
  for (const auto& [name, value] : often) {
    EXPECT_EQ(value.find('%'), std::string::npos) << value;
  }
  EXPECT_EQ(Call({.path = "/grpc.health.v1.Health/Check", .grpc = true}).body, "through");
}

}  // namespace
}  // namespace roost::access
