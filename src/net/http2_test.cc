#include <array>
#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/http2_session.h"
#include "net/http2_testing.h"
#include "net/testing.h"

namespace roost::net {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Pair;
using testing::StartsWith;
using testing::UnorderedElementsAre;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

std::string Frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string frame;
  for (const int shift : {16, 8, 0}) frame += static_cast<char>(payload.size() >> shift);
  frame += static_cast<char>(type);
  frame += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(stream >> shift);
  return frame + std::string(payload);
}

/// The fields of GET https://localhost/ without compression.
std::string GetBlock() { return std::string("\x82\x84\x86\x01\x09", 5) + "localhost"; }

void Sleep(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

TEST(Http2, AnswersOnThePortOfHttp1) {
  const auto server = StartServer();
  Client socket(server->port());
  Http2Client client(socket);
  for (const char* path : {"/a", "/b", "/c"}) {
    const Http2Answer& answer = client.Wait(client.Get(path));
    EXPECT_EQ(answer.status(), "200");
    EXPECT_EQ(answer.body, "GET " + std::string(path) + " ");
    EXPECT_EQ(answer.error, 0U);
    EXPECT_EQ(answer.fields.at("content-type"), "text/plain");
    EXPECT_EQ(answer.fields.at("content-length"), std::to_string(answer.body.size()));
    EXPECT_THAT(answer.fields.at("date"), EndsWith("GMT"));
    EXPECT_FALSE(answer.fields.contains("connection"));
  }
  Client other(server->port());
  other.Send(Get("/old"));
  EXPECT_THAT(other.Answer(), EndsWith("GET /old "));
}

TEST(Http2, ThePrefaceMayComeInPieces) {
  const auto server = StartServer();
  Client socket(server->port());
  Http2Client client(socket);
  const int32_t id = client.Get("/a");
  for (const char byte : client.Bytes()) {
    socket.Send({&byte, 1});
    Sleep(1);
  }
  EXPECT_EQ(client.Wait(id).body, "GET /a ");
}

TEST(Http2, TheHandlerSeesTheRequestWhole) {
  const auto server = StartServer({}, [](const HttpRequest& request, HttpResponse& response) {
    EXPECT_TRUE(request.http2);
    EXPECT_FALSE(request.tls);
    EXPECT_EQ(request.peer_name, "");
    response.body = std::string(request.method) + "|" + std::string(request.path) + "|" + std::string(request.query) +
                    "|" + std::string(request.host) + "|" + std::string(request.Header("X-Mark").value_or("none")) +
                    "|" + std::to_string(request.headers.size()) + "|" + std::string(request.body);
  });
  Client socket(server->port());
  Http2Client client(socket);
  const int32_t both = client.Post("/p%20q?a=b?c", "body", {{"x-mark", "yes"}, {"te", "trailers"}});
  EXPECT_EQ(client.Wait(both).body, "POST|/p%20q|a=b?c|localhost|yes|2|body");
  EXPECT_EQ(client.Wait(client.Get("/", {{"host", "other:1"}})).body, "GET|/||other:1|none|1|");
}

TEST(Http2, TrailersFollowTheBodyAlsoAnEmptyOne) {
  const auto server = StartServer({}, [](const HttpRequest& request, HttpResponse& response) {
    response.body = request.body;
    response.AddHeader("X-Upper", "1");
    response.AddHeader("Connection", "close");
    response.AddTrailer("Grpc-Status", "0");
    response.AddTrailer("grpc-message", "a\r\nb");
  });
  Client socket(server->port());
  Http2Client client(socket);
  for (const std::string& body : {std::string(), std::string("x"), std::string(200'000, 'y')}) {
    const Http2Answer& answer = client.Wait(client.Post("/", body));
    EXPECT_EQ(answer.error, 0U);
    EXPECT_TRUE(answer.body == body) << answer.body.size();
    EXPECT_EQ(answer.fields.at("x-upper"), "1");
    EXPECT_FALSE(answer.fields.contains("connection"));
    EXPECT_FALSE(answer.fields.contains("content-length"));
    EXPECT_THAT(answer.trailers, UnorderedElementsAre(Pair("grpc-status", "0"), Pair("grpc-message", "a  b")));
  }
  const Http2Answer& head = client.Wait(client.Head("/"));
  EXPECT_EQ(head.status(), "200");
  EXPECT_TRUE(head.trailers.empty());
}

TEST(Http2, HeadHasTheLengthButNoBody) {
  const auto server = StartServer();
  Client socket(server->port());
  Http2Client client(socket);
  const Http2Answer& answer = client.Wait(client.Head("/a"));
  EXPECT_EQ(answer.fields.at("content-length"), "8");
  EXPECT_EQ(answer.body, "");
}

TEST(Http2, AnswersOfOneReadLeaveInOneWrite) {
  const auto server = StartServer();
  Client socket(server->port());
  Http2Client client(socket);
  client.Wait(client.Get("/greeting"));
  std::vector<int32_t> ids;
  for (int i = 0; i < 50; ++i) ids.push_back(client.Get("/" + std::to_string(i)));
  client.Turn();
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(client.answer(ids[static_cast<size_t>(i)]).body, "GET /" + std::to_string(i) + " ");
  }
}

TEST(Http2, ManyStreamsWithBigBodiesBothWays) {
  const auto server = StartServer(
      {}, [](const HttpRequest& request, HttpResponse& response) { response.body = std::string(request.body); });
  Client socket(server->port());
  Http2Client client(socket);
  std::vector<int32_t> ids;
  std::vector<std::string> bodies;
  for (size_t i = 0; i < 20; ++i) {
    std::string body(i * 60'000, 'x');
    for (size_t at = 0; at < body.size(); at += 991) body[at] = static_cast<char>('a' + (at + i) % 26);
    ids.push_back(client.Post("/", body));
    bodies.push_back(body);
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    EXPECT_TRUE(client.Wait(ids[i]).body == bodies[i]) << i << ": " << client.answer(ids[i]).body.size();
  }
}

TEST(Http2, ABodyLargerThanAllWindowsComesThrough) {
  const auto server = StartServer({}, [](const HttpRequest& request, HttpResponse& response) {
    response.body = std::to_string(request.body.size());
  });
  Client socket(server->port());
  Http2Client client(socket);
  EXPECT_EQ(client.Wait(client.Post("/", std::string(40 << 20, 'x'))).body, std::to_string(40 << 20));
}

// Ten bodies of which the limit lets two be in memory, sent evenly: the oldest ends first, then the others.
TEST(Http2, BodiesThatTogetherAreTooLargeComeOneAfterAnother) {
  ServerOptions options;
  options.limits.max_body_bytes = 2 << 20;
  const auto server = StartServer(options, [](const HttpRequest& request, HttpResponse& response) {
    response.body = std::to_string(request.body.size());
  });
  Client socket(server->port());
  Http2Client client(socket);
  std::vector<int32_t> ids;
  for (int i = 0; i < 10; ++i) ids.push_back(client.Post("/", std::string(2 << 20, 'x')));
  for (const int32_t id : ids) EXPECT_EQ(client.Wait(id).body, std::to_string(2 << 20));
}

TEST(Http2, TellsTheClientToContinue) {
  const auto server = StartServer();
  Client socket(server->port());
  Http2Client client(socket);
  const int32_t id = client.Open("POST", "/p", {{"expect", "100-continue"}});
  while (client.answer(id).status() != "100" && client.Turn()) {
  }
  client.Body(id, "abc", true);
  EXPECT_EQ(client.Wait(id).body, "POST /p abc");
  EXPECT_EQ(client.answer(id).statuses, (std::vector<std::string>{"100", "200"}));
}

TEST(Http2, BreachesOfTheRulesGetTheirStatusAndTheConnectionGoesOn) {
  ServerOptions options;
  options.limits.max_body_bytes = 1'000;
  options.limits.max_headers = 20;
  const auto server = StartServer(options);
  Client socket(server->port());
  Http2Client client(socket);
  Fields many;
  for (int i = 0; i < 30; ++i) many.emplace_back("x-" + std::to_string(i), "1");
  const auto check = [&](int32_t id, const std::string& status, const std::string& text) {
    const Http2Answer& answer = client.Wait(id);
    EXPECT_EQ(answer.status(), status);
    EXPECT_EQ(answer.error, 0U) << text;
    EXPECT_THAT(answer.body, StartsWith("{\"error\":\""));
    EXPECT_THAT(answer.body, HasSubstr(text));
  };
  check(client.Get("/", {{"x-big", std::string(17 << 10, 'x')}}), "431", "too large");
  check(client.Get("/", many), "431", "too many header fields");
  check(client.Get("/", {{":authority", "a"}, {"host", "b"}}), "400", "not the authority");
  check(client.Get("/a#b"), "400", "path");
  check(client.Get("/", {{"expect", "wonders"}}), "417", "100-continue");
  check(client.Get("/", {{"bad name", "x"}}), "400", "characters");
  check(client.Post("/", std::string(1'001, 'x')), "413", "larger");
  check(client.Post("/", std::string(500'000, 'x')), "413", "larger");
  const int32_t promised = client.Open("POST", "/", {{"content-length", "1001"}});
  check(promised, "413", "larger");
  EXPECT_EQ(client.Wait(client.Get("/good")).body, "GET /good ");
}

TEST(Http2, WhatIsNoHttp2EndsTheConnection) {
  const auto server = StartServer();
  const std::string settings = Frame(4, 0, 0, "");
  const std::vector<std::string> cases{
      "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",                                             // wrong preface
      std::string(kPreface) + Frame(0, 0, 0, "x"),                                    // DATA instead of SETTINGS
      std::string(kPreface) + settings + Frame(0, 0, 0, "x"),                         // DATA without a stream
      std::string(kPreface) + settings + Frame(1, 4, 2, GetBlock()),                  // a stream of the server's
      std::string(kPreface) + settings + Frame(1, 4, 1, "\xff\xff\xff\xff\xff\xff"),  // broken compression
      std::string(kPreface) + settings + Frame(9, 4, 1, ""),                          // CONTINUATION of nothing
      std::string(kPreface) + settings + Frame(6, 0, 0, "short"),                     // a PING of five bytes
      std::string(kPreface) + settings + Frame(4, 0, 0, std::string("\0\4\xff\xff\xff\xff", 6)),  // window too large
      std::string(kPreface) + settings + Frame(6, 0, 0, std::string(20'000, 'x')),                // frame too large
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    Client socket(server->port());
    socket.Send(cases[i]);
    socket.Rest();  // ends
    Client other(server->port());
    other.Send(Get("/good"));
    EXPECT_THAT(other.Answer(), EndsWith("GET /good ")) << i;
  }
}

TEST(Http2, MalformedRequestsAreReset) {
  const auto server = StartServer();
  Client socket(server->port());
  Http2Client client(socket);
  EXPECT_EQ(client.Wait(client.Get("relative")).error, static_cast<uint32_t>(NGHTTP2_PROTOCOL_ERROR));
  const int32_t liar = client.Open("POST", "/", {{"content-length", "5"}});
  client.Body(liar, "abc", true);
  EXPECT_EQ(client.Wait(liar).error, static_cast<uint32_t>(NGHTTP2_PROTOCOL_ERROR));
  EXPECT_EQ(client.Wait(client.Get("/good")).body, "GET /good ");
}

TEST(Http2, MoreStreamsThanAllowedAreRefusedOrWait) {
  ServerOptions options;
  options.max_streams = 4;
  const auto server = StartServer(options);
  Client socket(server->port());
  Http2Client client(socket);
  client.Wait(client.Get("/greeting"));  // from here on nghttp2's client keeps to the limit
  EXPECT_EQ(nghttp2_session_get_remote_settings(client.session(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS), 4U);
  std::vector<int32_t> ids;
  for (int i = 0; i < 40; ++i) ids.push_back(client.Post("/", std::to_string(i)));
  for (size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(client.Wait(ids[i]).body, "POST / " + std::to_string(i));
  Client rude(server->port());
  std::string bytes = std::string(kPreface) + Frame(4, 0, 0, "");
  for (uint32_t i = 0; i < 6; ++i) bytes += Frame(1, 4, 2 * i + 1, GetBlock());  // none of them ended
  rude.Send(bytes);
  rude.ShutDownWriting();
  EXPECT_THAT(rude.Rest(), HasSubstr(Frame(3, 0, 9, std::string("\0\0\0\7", 4))));  // REFUSED_STREAM
}

struct Flood {
  const char* name;
  std::string (*frames)(uint32_t i);
};

TEST(Http2, FloodsEndTheConnectionAndTroubleNobodyElse) {
  const auto server = StartServer();
  const std::array<Flood, 5> floods{{
      {"PING", [](uint32_t) { return Frame(6, 0, 0, "12345678"); }},
      {"SETTINGS", [](uint32_t) { return Frame(4, 0, 0, ""); }},
      {"PRIORITY", [](uint32_t i) { return Frame(2, 0, 2 * i + 1, std::string("\0\0\0\0\1", 5)); }},
      {"empty DATA", [](uint32_t i) { return i == 0 ? Frame(1, 4, 1, GetBlock()) : Frame(0, 0, 1, ""); }},
      {"rapid reset",
       [](uint32_t i) { return Frame(1, 5, 2 * i + 1, GetBlock()) + Frame(3, 0, 2 * i + 1, std::string(4, '\0')); }},
  }};
  for (const Flood& flood : floods) {
    Client socket(server->port());
    std::string bytes = std::string(kPreface) + Frame(4, 0, 0, "");
    for (uint32_t i = 0; i < 3'000; ++i) bytes += flood.frames(i);
    std::thread sender([&] { socket.Send(bytes); });
    const std::string rest = socket.Rest();
    sender.join();
    const std::string calm("\0\0\0\x0b", 4);  // ENHANCE_YOUR_CALM
    ASSERT_GE(rest.size(), 17U) << flood.name;
    EXPECT_NE(rest.rfind(calm), std::string::npos) << flood.name;
    EXPECT_EQ(rest.substr(rest.size() - 17 + 3, 1), "\7") << flood.name;  // the last frame is GOAWAY
    EXPECT_EQ(rest.substr(rest.size() - 4), calm) << flood.name;
    Client other(server->port());
    other.Send(Get("/good"));
    EXPECT_THAT(other.Answer(), EndsWith("GET /good ")) << flood.name;
  }
}

TEST(Http2, PatientPingsAreAnswered) {
  const auto server = StartServer();
  Client socket(server->port());
  Http2Client client(socket);
  for (int i = 0; i < 500; ++i) nghttp2_submit_ping(client.session(), NGHTTP2_FLAG_NONE, nullptr);
  while (client.pongs() < 500 && client.Turn()) {
  }
  EXPECT_EQ(client.pongs(), 500);
  EXPECT_EQ(client.Wait(client.Get("/a")).body, "GET /a ");
}

// Each answer is 300,000 bytes, the client lets none of it come: only the first few handlers run.
TEST(Http2, HandlersWaitUntilTheClientTakesTheAnswers) {
  std::atomic<int> handled = 0;
  const auto server = StartServer({}, [&](const HttpRequest&, HttpResponse& response) {
    ++handled;
    response.body.assign(300'000, 'y');
  });
  Client socket(server->port());
  Http2Client client(socket, {.stream_window = 0, .renews_windows = true});
  std::vector<int32_t> ids;
  for (int i = 0; i < 40; ++i) ids.push_back(client.Get("/"));
  client.Flush();
  Sleep(200);
  EXPECT_EQ(handled, 4);
  const nghttp2_settings_entry window{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20};
  nghttp2_submit_settings(client.session(), NGHTTP2_FLAG_NONE, &window, 1);
  for (const int32_t id : ids) EXPECT_EQ(client.Wait(id).body.size(), 300'000U);
  EXPECT_EQ(handled, 40);
}

TEST(Http2, AClientThatReadsNothingIsNotReadFrom) {
  std::atomic<int> handled = 0;
  const auto server = StartServer({}, [&](const HttpRequest&, HttpResponse& response) {
    ++handled;
    response.body.assign(200'000, 'y');
  });
  Client socket(server->port(), 8 << 10);
  Http2Client client(socket, {.stream_window = 1 << 30, .renews_windows = true});
  nghttp2_session_set_local_window_size(client.session(), NGHTTP2_FLAG_NONE, 0, 1 << 30);
  std::vector<int32_t> ids;
  for (int i = 0; i < 100; ++i) ids.push_back(client.Get("/"));
  client.Flush();
  Sleep(300);
  EXPECT_LT(handled, 60);  // what the kernel buffers, and a little more than a mebibyte
  for (const int32_t id : ids) EXPECT_EQ(client.Wait(id).body.size(), 200'000U);
}

TEST(Http2, AnAnswerThatIsNotTakenIsReset) {
  ServerOptions options = Impatient();
  options.idle_timeout = absl::Seconds(60);
  const auto server =
      StartServer(options, [](const HttpRequest&, HttpResponse& response) { response.body.assign(100'000, 'y'); });
  Client socket(server->port());
  Http2Client client(socket, {.stream_window = 65'535, .renews_windows = false});
  const Http2Answer& answer = client.Wait(client.Get("/"));
  EXPECT_EQ(answer.error, static_cast<uint32_t>(NGHTTP2_CANCEL));
  EXPECT_EQ(answer.body.size(), 65'535U);
}

TEST(Http2, AHeadThatDribblesEndsTheConnection) {
  const auto server = StartServer(Impatient());
  Client socket(server->port());
  const std::string block = GetBlock();
  socket.Send(std::string(kPreface) + Frame(4, 0, 0, "") + Frame(1, 0, 1, block.substr(0, 3)));  // no END_HEADERS
  const absl::Time start = absl::Now();
  EXPECT_THAT(socket.Rest(), EndsWith(std::string("\0\0\0\x0b", 4)));
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
}

TEST(Http2, AClientWithoutSettingsIsTurnedAway) {
  const auto server = StartServer(Impatient());
  Client socket(server->port());
  socket.Send(kPreface);
  EXPECT_THAT(socket.Rest(), EndsWith(std::string("\0\0\0\4", 4)));  // SETTINGS_TIMEOUT
  Client shorter(server->port());
  shorter.Send("PRI");
  EXPECT_EQ(shorter.Rest(), "");
}

TEST(Http2, ABodyThatDribblesIsTurnedAwayAndOthersGoOn) {
  ServerOptions options = Impatient();
  options.idle_timeout = absl::Seconds(60);
  const auto server = StartServer(options);
  Client socket(server->port());
  Http2Client client(socket);
  const int32_t slow = client.Open("POST", "/slow");
  for (int i = 0; i < 30; ++i) {
    client.Body(slow, "x", false);
    client.Flush();
    Sleep(10);
  }
  EXPECT_EQ(client.Wait(slow).status(), "408");
  EXPECT_EQ(client.Wait(client.Get("/a")).body, "GET /a ");
}

TEST(Http2, IdleConnectionsGetGoAway) {
  const auto server = StartServer(Impatient());
  Client socket(server->port());
  Http2Client client(socket);
  EXPECT_EQ(client.Wait(client.Get("/a")).body, "GET /a ");
  EXPECT_EQ(client.GoAway(), NGHTTP2_NO_ERROR);
}

TEST(Http2, AClientThatHasStoppedSendingGetsTheAnswersToWholeRequests) {
  const auto server = StartServer();
  Client socket(server->port());
  Http2Client client(socket);
  const int32_t whole = client.Post("/a", "1");
  const int32_t part = client.Open("POST", "/b");
  client.Flush();
  socket.ShutDownWriting();
  EXPECT_EQ(client.Wait(whole).body, "POST /a 1");
  EXPECT_EQ(client.Wait(part).error, static_cast<uint32_t>(NGHTTP2_CANCEL));
}

TEST(Http2, DrainAnswersWhatHasBegunAndWhatIsUnderWay) {
  const auto server = StartServer();
  Client idle_socket(server->port());
  Http2Client idle(idle_socket);
  idle.Wait(idle.Get("/a"));
  Client socket(server->port());
  Http2Client client(socket);
  const int32_t begun = client.Open("POST", "/begun");
  client.Body(begun, "a", false);
  client.Wait(client.Get("/greeting"));
  std::thread drain([&] { server->Drain(absl::Seconds(10)); });
  EXPECT_EQ(idle.GoAway(), NGHTTP2_NO_ERROR);
  Sleep(50);
  // This one leaves before the client has read the GOAWAY that waits in its socket.
  const int32_t late = client.Get("/late");
  client.Flush();
  EXPECT_EQ(client.Wait(late).body, "GET /late ");
  client.Body(begun, "b", true);
  EXPECT_EQ(client.Wait(begun).body, "POST /begun ab");
  EXPECT_EQ(client.GoAway(), NGHTTP2_NO_ERROR);
  socket.Close();
  idle_socket.Close();
  drain.join();
}

TEST(Http2, Serves4000RequestsOver8Connections) {
  const auto server = StartServer();
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      Client socket(server->port());
      Http2Client client(socket);
      for (int round = 0; round < 10; ++round) {
        std::vector<std::pair<int32_t, std::string>> sent;
        for (int i = 0; i < 50; ++i) {
          const std::string body = std::to_string(t * 1'000 + round * 50 + i);
          sent.emplace_back(client.Post("/p", body), body);
        }
        for (const auto& [id, body] : sent) good += client.Wait(id).body == "POST /p " + body ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 4'000);
}

/// What curl prints.
std::string Curl(const std::string& arguments) {
  const std::string command = "curl --silent --show-error --max-time 20 " + arguments + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  std::array<char, 4'096> buffer;
  while (const size_t size = fread(buffer.data(), 1, buffer.size(), pipe)) output.append(buffer.data(), size);
  pclose(pipe);
  return output;
}

TEST(Http2, CurlIsAnswered) {
  const auto server = StartServer();
  const std::string url = "http://127.0.0.1:" + std::to_string(server->port()) + "/a";
  EXPECT_EQ(Curl("--http2-prior-knowledge -w ' %{http_version} %{http_code}' -d hello " + url), "POST /a hello 2 200");
  EXPECT_EQ(Curl("-w ' %{http_version}' " + url), "GET /a  1.1");
}

}  // namespace
}  // namespace roost::net
