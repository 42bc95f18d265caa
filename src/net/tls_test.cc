#include "net/tls.h"

#include <sys/fsuid.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "net/http2_testing.h"
#include "net/testing.h"
#include "net/tls_testing.h"

namespace roost::net {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

void Sleep(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

void Tell(const HttpRequest& request, HttpResponse& response) {
  response.content_type = "text/plain";
  response.body = std::string(request.http2 ? "2" : "1") + (request.tls ? " tls " : " clear ") +
                  std::string(request.peer_name) + " " + std::string(request.path) + " " + std::string(request.body);
}

class Tls : public testing::Test {
 protected:
  Tls()
      : folder_(std::filesystem::path(testing::TempDir()) /
                (std::string("tls-") + testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
    Install(server_);
    Write("ca.pem", authority_.CertificatePem());
  }
  ~Tls() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  void Write(const std::string& name, const std::string& text) const { std::ofstream(Path(name)) << text; }
  void Install(const TestCertificate& certificate) const {
    Write("chain.pem", certificate.CertificatePem() + authority_.CertificatePem());
    Write("key.pem", certificate.KeyPem());
  }

  ServerOptions Options(bool mutual = false) const {
    ServerOptions options;
    options.tls = TlsOptions{Path("chain.pem"), Path("key.pem"), mutual ? Path("ca.pem") : ""};
    return options;
  }

  std::filesystem::path folder_;
  const TestCertificate authority_{"Test Authority"};
  const TestCertificate server_{"server", &authority_};
};

TEST_F(Tls, ServesBothProtocolsByAlpn) {
  const auto server = StartServer(Options(), Tell);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient old(server->port(), {&authority_, nullptr, "\x08http/1.1", version});
    EXPECT_EQ(old.alpn(), "http/1.1");
    old.Send(Get("/a"));
    EXPECT_THAT(old.Answer(), EndsWith("1 tls  /a "));
    TlsClient socket(server->port(), {&authority_, nullptr, std::string("\x08http/1.1\x02h2", 12), version});
    EXPECT_EQ(socket.alpn(), "h2");
    Http2Client client(socket);
    EXPECT_EQ(client.Wait(client.Post("/b", "body")).body, "2 tls  /b body");
    TlsClient silent(server->port(), {&authority_, nullptr, "", version});
    silent.Send(Get("/c"));
    EXPECT_THAT(silent.Answer(), EndsWith("1 tls  /c "));
  }
}

TEST_F(Tls, RefusesOldVersionsUnknownProtocolsAndClearText) {
  const auto server = StartServer(Options(), Tell);
  EXPECT_FALSE(TlsClient(server->port(), {&authority_, nullptr, "", TLS1_1_VERSION}).handshaken());
  EXPECT_FALSE(TlsClient(server->port(), {&authority_, nullptr, "\3foo"}).handshaken());
  Client clear(server->port());
  clear.Send(Get("/a"));
  EXPECT_THAT(clear.Rest(), testing::Not(HasSubstr("HTTP/1.1")));
  TlsClient good(server->port(), {&authority_});
  good.Send(Get("/a"));
  EXPECT_THAT(good.Answer(), EndsWith("1 tls  /a "));
}

TEST_F(Tls, BigBodiesBothWays) {
  const auto server = StartServer(Options());
  std::string body(12 << 20, 'x');
  for (size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>('a' + i % 26);
  TlsClient client(server->port(), {&authority_});
  client.Send(Post(body));
  const std::string answer = client.Answer();
  EXPECT_TRUE(answer.ends_with("POST /p " + body)) << answer.size();
  TlsClient socket(server->port(), {&authority_, nullptr, "\x02h2"});
  Http2Client over2(socket);
  EXPECT_TRUE(over2.Wait(over2.Post("/p", body)).body == "POST /p " + body);
}

TEST_F(Tls, AClientThatReadsLateGetsAllAnswers) {
  const std::string big(300'000, 'y');
  const auto server = StartServer(Options(), [&](const HttpRequest& request, HttpResponse& response) {
    response.body = std::string(request.path) + big;
  });
  TlsClient client(server->port(), {&authority_});
  std::string requests;
  for (int i = 0; i < 40; ++i) requests += Get("/" + std::to_string(i));
  client.Send(requests);
  Sleep(200);
  for (int i = 0; i < 40; ++i) {
    EXPECT_TRUE(client.Answer().ends_with("\r\n/" + std::to_string(i) + big)) << i;
  }
}

TEST_F(Tls, TheEndIsToldByBothSides) {
  const auto server = StartServer(Options(), Tell);
  TlsClient client(server->port(), {&authority_});
  client.Send(Get("/a") + Get("/b"));
  SSL_shutdown(client.ssl());  // the client sends nothing more, but reads on
  EXPECT_THAT(client.Answer(), EndsWith("/a "));
  EXPECT_THAT(client.Answer(), EndsWith("/b "));
  TlsClient other(server->port(), {&authority_});
  other.Send(Get("/a", "Connection: close\r\n"));
  EXPECT_THAT(other.Rest(), EndsWith("/a "));
  EXPECT_EQ(SSL_get_shutdown(other.ssl()) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);  // no truncation
}

TEST_F(Tls, MutualTlsNamesTheClient) {
  const auto server = StartServer(Options(true), Tell);
  const TestCertificate consumer("billing-\xc3\xa9", &authority_);
  TlsClient known(server->port(), {&authority_, &consumer});
  known.Send(Get("/a"));
  EXPECT_THAT(known.Answer(), EndsWith("1 tls billing-\xc3\xa9 /a "));
  TlsClient socket(server->port(), {&authority_, &consumer, "\x02h2"});
  Http2Client client(socket);
  EXPECT_EQ(client.Wait(client.Get("/b")).body, "2 tls billing-\xc3\xa9 /b ");

  const TestCertificate strange_authority("Strange Authority");
  const TestCertificate stranger("billing", &strange_authority);
  for (const TestCertificate* shown : {static_cast<const TestCertificate*>(nullptr), &stranger}) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      TlsClient unknown(server->port(), {&authority_, shown, "", version});
      unknown.Send(Get("/a"));
      EXPECT_EQ(unknown.Rest(), "");
    }
  }
}

TEST_F(Tls, ReloadedCertificatesAreForNewConnections) {
  const auto server = StartServer(Options(), Tell);
  TlsClient before(server->port(), {&authority_});
  const TestCertificate renewed("renewed", &authority_);
  const auto name_of = [](TlsClient& client) {
    const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(client.ssl()), X509_free);
    char text[64] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName, text, sizeof text);
    return std::string(text);
  };
  Write("chain.pem", renewed.CertificatePem());
  const absl::Status mismatch = server->ReloadCertificates();  // the key is still the old one
  EXPECT_EQ(mismatch.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(mismatch.message()), HasSubstr("key.pem"));
  TlsClient still(server->port(), {&authority_});
  EXPECT_EQ(name_of(still), "server");
  Install(renewed);
  EXPECT_TRUE(server->ReloadCertificates().ok());
  TlsClient after(server->port(), {&authority_});
  EXPECT_EQ(name_of(after), "renewed");
  before.Send(Get("/a"));
  EXPECT_THAT(before.Answer(), EndsWith("1 tls  /a "));
  EXPECT_EQ(StartServer()->ReloadCertificates().code(), absl::StatusCode::kFailedPrecondition);
}

absl::Status StartWith(const TlsOptions& tls) {
  ServerOptions options;
  options.tls = tls;
  return HttpServer::Start(options, Tell).status();
}

TEST_F(Tls, FilesThatCannotBeUsedAreNamed) {
  Write("garbage.pem", "no certificate");
  Write("locked.pem", server_.KeyPem("secret"));
  Write("other-key.pem", TestCertificate("other").KeyPem());
  Write("empty.pem", "");
  const std::string absent = "absent.pem' cannot be used: No such file or directory";
  const std::string no_certificate = "cannot be used: there is no certificate in PEM form in it";
  const std::string no_key = "cannot be used: there is no key in PEM form in it";
  const std::vector<std::pair<TlsOptions, std::string>> cases{
      {{Path("absent.pem"), Path("key.pem"), ""}, absent},
      {{Path("key.pem/x"), Path("key.pem"), ""}, "key.pem/x' cannot be used: Not a directory"},
      {{Path("garbage.pem"), Path("key.pem"), ""}, "garbage.pem' " + no_certificate},
      {{Path("empty.pem"), Path("key.pem"), ""}, "empty.pem' " + no_certificate},
      {{Path(""), Path("key.pem"), ""}, no_certificate},
      {{Path("key.pem"), Path("chain.pem"), ""}, "key.pem' " + no_certificate},
      {{Path("chain.pem"), Path("absent.pem"), ""}, absent},
      {{Path("chain.pem"), Path("garbage.pem"), ""}, "garbage.pem' " + no_key},
      {{Path("chain.pem"), Path("chain.pem"), ""}, "chain.pem' " + no_key},
      {{Path("chain.pem"), Path("locked.pem"), ""}, "locked.pem' cannot be used: "},
      {{Path("chain.pem"), Path("other-key.pem"), ""}, "other-key.pem' cannot be used: key values mismatch"},
      {{Path("chain.pem"), Path("key.pem"), Path("absent.pem")}, absent},
      {{Path("chain.pem"), Path("key.pem"), Path("garbage.pem")}, "garbage.pem' " + no_certificate},
  };
  for (const auto& [tls, expected] : cases) {
    const absl::Status status = StartWith(tls);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << expected;
    EXPECT_THAT(std::string(status.message()), HasSubstr(expected));
    EXPECT_THAT(HintOf(status), HasSubstr("name ")) << expected;
  }
}

TEST_F(Tls, AFileThatMayNotBeReadSaysSo) {
  std::filesystem::permissions(Path("key.pem"), std::filesystem::perms::none);
  // Root may read everything, but no other user, as whom this thread then looks at files.
  const int user = setfsuid(geteuid() == 0 ? 65'534 : geteuid());
  const absl::Status status = StartWith({Path("chain.pem"), Path("key.pem"), ""});
  setfsuid(static_cast<uid_t>(user));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("key.pem' cannot be used: Permission denied"));
  EXPECT_THAT(HintOf(status), HasSubstr("let the user who runs the server read it"));
}

TEST_F(Tls, HandshakesHaveATimeLimit) {
  ServerOptions options = Options();
  options.head_timeout = absl::Milliseconds(150);
  const auto server = StartServer(options, Tell);
  Client silent(server->port());
  Client dribbling(server->port());
  std::thread dribble([&] {
    for (int i = 0; i < 60; ++i) {
      dribbling.Send(i == 0 ? "\x16" : "\x03");
      Sleep(10);
    }
  });
  const absl::Time start = absl::Now();
  silent.Rest();
  dribbling.Rest();
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
  dribble.join();
}

TEST_F(Tls, IdleConnectionsAreClosedAndDrained) {
  ServerOptions options = Options();
  options.idle_timeout = absl::Milliseconds(150);
  const auto server = StartServer(options, Tell);
  TlsClient client(server->port(), {&authority_});
  client.Send(Get("/a"));
  EXPECT_THAT(client.Answer(), EndsWith("/a "));
  EXPECT_EQ(client.Rest(), "");
  const auto other = StartServer(Options(), Tell);
  TlsClient idle(other->port(), {&authority_});
  idle.Send(Get("/a"));
  EXPECT_THAT(idle.Answer(), EndsWith("/a "));
  const absl::Time start = absl::Now();
  other->Drain(absl::Seconds(10));
  EXPECT_LT(absl::Now() - start, absl::Seconds(3));
}

TEST_F(Tls, RecordsThatAreBrokenEndOnlyTheirConnection) {
  const auto server = StartServer(Options(), Tell);
  TlsClient good(server->port(), {&authority_});
  for (const char* junk : {"\x17\x03\x03\x00\x05hello", "\x16\x03\x01\xff\xff", "GET / HTTP/1.1\r\n\r\n"}) {
    TlsClient client(server->port(), {&authority_});
    client.Send(Get("/a"));
    EXPECT_THAT(client.Answer(), EndsWith("/a "));
    client.Client::Send(std::string(junk) + std::string(100, 'x'));
    client.Rest();
  }
  good.Send(Get("/b"));
  EXPECT_THAT(good.Answer(), EndsWith("/b "));
}

}  // namespace
}  // namespace roost::net
