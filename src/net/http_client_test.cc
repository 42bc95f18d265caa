#include "net/http_client.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/testing.h"
#include "net/tls_testing.h"

namespace roost::net {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Url(const HttpServer& server, std::string_view path, std::string_view scheme = "http") {
  return std::string(scheme) + "://127.0.0.1:" + std::to_string(server.port()) + std::string(path);
}

absl::StatusOr<IncomingResponse> Send(const OutgoingRequest& request, const Context& context = {}) {
  auto client = HttpClient::Open();
  if (!client.ok()) return client.status();
  return client->Send(request, context);
}

TEST(HttpClient, MethodsHeadersAndBodiesArriveAndSoDoTheirAnswers) {
  const auto server = StartServer({}, [](const HttpRequest& request, HttpResponse& response) {
    Echo(request, response);
    response.body += "|" + std::string(request.Header("X-Word").value_or("none"));
    response.body += "|" + std::string(request.Header("Content-Type").value_or("none"));
    response.AddHeader("X-Answer", "here");
    if (request.path == "/gone") response.status = 404;
  });
  auto client = HttpClient::Open();
  ASSERT_TRUE(client.ok()) << client.status();
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    const auto answer = client->Send(
        {.method = method, .url = Url(*server, "/a"), .headers = {{"X-Word", "w"}}, .body = std::string("1\0002", 3)},
        {});
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, std::string(method) + std::string(" /a 1\0002|w|none", 14));
    EXPECT_EQ(answer->Header("x-answer"), "here");
    EXPECT_EQ(answer->Header("x-other"), "");
  }
  const auto gone = client->Send({.url = Url(*server, "/gone"), .headers = {{"Content-Type", "a/b"}}}, {});
  ASSERT_TRUE(gone.ok()) << gone.status();
  EXPECT_EQ(gone->status, 404);
  EXPECT_EQ(gone->body, "GET /gone |none|a/b");
  const auto empty = client->Send({.method = "POST", .url = Url(*server, "/a")}, {});
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_EQ(empty->body, "POST /a |none|none");
}

TEST(HttpClient, RedirectsAreAnswersAndNotFollowed) {
  const auto server = StartServer({}, [](const HttpRequest& request, HttpResponse& response) {
    response.status = request.path == "/a" ? 302 : 200;
    response.AddHeader("Location", "/b");
  });
  const auto answer = Send({.url = Url(*server, "/a")});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(answer->Header("location"), "/b");
}

TEST(HttpClient, ALongAnswerIsRefused) {
  const auto server = StartServer({}, [](const HttpRequest&, HttpResponse& response) { response.body.resize(5'000); });
  EXPECT_TRUE(Send({.url = Url(*server, "/"), .max_answer_bytes = 5'000}).ok());
  const auto answer = Send({.url = Url(*server, "/"), .max_answer_bytes = 4'999});
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kOutOfRange) << answer.status();
}

TEST(HttpClient, WhatCannotBeReachedIsUnavailableAndSecretsAreNotTold) {
  uint16_t port = 0;
  { port = StartServer()->port(); }
  const auto answer = Send({.url = "http://me:hush@127.0.0.1:" + std::to_string(port) + "/hook?token=hush"});
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr("http://127.0.0.1:" + std::to_string(port) + "/hook"));
  EXPECT_THAT(std::string(answer.status().message()), Not(HasSubstr("hush")));
  EXPECT_EQ(ShownUrl("https://u:p@h:1/a@b?c#d"), "https://h:1/a@b");
  EXPECT_EQ(ShownUrl("https://h/a"), "https://h/a");
}

TEST(HttpClient, AServerThatIsSilentIsNotWaitedForLongerThanTheLimit) {
  // The port takes connections, and nobody reads them.
  const auto listeners = Listen("127.0.0.1", 0, 1, Reach::kThisMachine);
  ASSERT_TRUE(listeners.ok()) << listeners.status();
  const std::string url = "http://127.0.0.1:" + std::to_string(listeners->port) + "/";
  const auto late = Send({.url = url, .timeout = absl::Milliseconds(50)});
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded) << late.status();

  Cancellation cancellation;
  cancellation.Cancel();
  const auto stopped = Send({.url = url}, {.cancellation = &cancellation});
  EXPECT_EQ(stopped.status().code(), absl::StatusCode::kCancelled) << stopped.status();
}

TEST(HttpClient, BadRequestsAreRefusedBeforeTheyLeave) {
  for (const char* url : {"", "ftp://127.0.0.1/", "file:///etc/passwd", "http://"}) {
    EXPECT_EQ(Send({.url = url}).status().code(), absl::StatusCode::kInvalidArgument) << url;
  }
  EXPECT_EQ(Send({.url = "http://127.0.0.1/", .headers = {{"X-A", "b\r\nX-C: d"}}}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(HttpClient, AServersCertificateIsChecked) {
  const std::string folder = std::filesystem::path(testing::TempDir()) / "http_client_tls/";
  std::filesystem::create_directories(folder);
  const auto write = [&](const char* name, const std::string& text) { std::ofstream(folder + name) << text; };
  const TestCertificate authority("authority"), other("other"), certificate("server", &authority);
  write("ca.pem", authority.CertificatePem());
  write("other.pem", other.CertificatePem());
  write("chain.pem", certificate.CertificatePem());
  write("key.pem", certificate.KeyPem());
  ServerOptions options;
  options.tls = TlsOptions{folder + "chain.pem", folder + "key.pem", ""};
  const auto server = StartServer(options);

  const std::string url = Url(*server, "/a", "https");
  const auto answer = Send({.method = "PUT", .url = url, .body = "b", .ca_file = folder + "ca.pem"});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->body, "PUT /a b");
  for (const std::string& ca_file : {std::string(), folder + "other.pem"}) {
    const absl::Status refused = Send({.url = url, .ca_file = ca_file}).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable) << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("certificate")) << refused;
  }
  EXPECT_EQ(Send({.url = url, .ca_file = folder + "none.pem"}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace roost::net
