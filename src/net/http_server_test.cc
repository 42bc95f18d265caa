#include "net/http_server.h"

#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "net/testing.h"

namespace roost::net {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(HttpServer, KeepsTheConnectionForFurtherRequests) {
  const auto server = StartServer();
  Client client(server->port());
  for (const char* path : {"/a", "/b", "/c"}) {
    client.Send(Get(path));
    const std::string answer = client.Answer();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: text/plain\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: keep-alive\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\nGET " + std::string(path) + " "));
  }
}

TEST(HttpServer, ClosesWhenTheClientAsksForIt) {
  const auto server = StartServer();
  Client client(server->port());
  client.Send(Get("/a", "Connection: close\r\n") + Get("/never"));
  const std::string all = client.Rest();
  EXPECT_THAT(all, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(all, EndsWith("GET /a "));
}

TEST(HttpServer, AnswersPipelinedRequestsInTheirOrder) {
  const auto server = StartServer();
  Client client(server->port());
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += i % 3 == 0 ? Post(std::to_string(i)) : Get("/" + std::to_string(i));
  std::thread sender([&] { client.Send(requests); });
  for (int i = 0; i < 500; ++i) {
    const std::string number = std::to_string(i);
    EXPECT_THAT(client.Answer(), EndsWith(i % 3 == 0 ? "POST /p " + number : "GET /" + number + " "));
  }
  sender.join();
}

TEST(HttpServer, AnswersAClientThatHasStoppedSending) {
  const auto server = StartServer();
  Client client(server->port());
  client.Send(Get("/a") + Get("/b"));
  client.ShutDownWriting();
  const std::string all = client.Rest();
  EXPECT_THAT(all, HasSubstr("GET /a "));
  EXPECT_THAT(all, EndsWith("GET /b "));
}

TEST(HttpServer, HeadHasTheLengthButNoBody) {
  const auto server = StartServer();
  Client client(server->port());
  client.Send("HEAD /a HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(client.Answer(false), HasSubstr("Content-Length: 8\r\n"));
  client.Send(Get("/b"));
  EXPECT_THAT(client.Answer(), EndsWith("GET /b "));
}

TEST(HttpServer, TakesAndReturnsABigBody) {
  const auto server = StartServer();
  Client client(server->port());
  std::string body(30 << 20, 'x');
  for (size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>('a' + i % 26);
  std::thread sender([&] { client.Send(Post(body)); });
  const std::string answer = client.Answer();
  sender.join();
  ASSERT_GT(answer.size(), body.size());
  EXPECT_TRUE(answer.substr(answer.size() - body.size()) == body);
}

TEST(HttpServer, TakesChunkedBodies) {
  const auto server = StartServer();
  Client client(server->port());
  client.Send("POST /p HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  client.Send("2\r\nde\r\n0\r\n\r\n");
  EXPECT_THAT(client.Answer(), EndsWith("POST /p abcde"));
}

TEST(HttpServer, TellsTheClientToContinue) {
  const auto server = StartServer();
  Client client(server->port());
  client.Send("POST /p HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.Answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("abc");
  EXPECT_THAT(client.Answer(), EndsWith("POST /p abc"));
}

TEST(HttpServer, ASlowClientOfManyAnswersGetsThemAll) {
  const std::string big(300'000, 'y');
  const auto server = StartServer(
      {}, [&](const HttpRequest& request, HttpResponse& response) { response.body = std::string(request.path) + big; });
  Client client(server->port(), 8 << 10);
  std::string requests;
  for (int i = 0; i < 60; ++i) requests += Get("/" + std::to_string(i));
  client.Send(requests);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  for (int i = 0; i < 60; ++i) {
    const std::string answer = client.Answer();
    EXPECT_TRUE(answer.ends_with("\r\n/" + std::to_string(i) + big)) << i << ": " << answer.size();
  }
}

TEST(HttpServer, BreachesOfTheRulesGetTheirStatusAndTheConnectionCloses) {
  ServerOptions options;
  options.limits.max_body_bytes = 1'000;
  const auto server = StartServer(options);
  const std::vector<std::pair<std::string, std::string>> cases{
      {"nonsense\r\n\r\n", "400 Bad Request"},
      {Get("/", "Bad Name: x\r\n"), "400 Bad Request"},
      {Post(std::string(500'000, 'x')), "413 Content Too Large"},
      {Get("/" + std::string(17 << 10, 'x')), "431 Request Header Fields Too Large"},
      {"GET / HTTP/3.0\r\n\r\n", "505 HTTP Version Not Supported"},
  };
  for (const auto& [bytes, status] : cases) {
    Client client(server->port());
    client.Send(Get("/good") + bytes);
    EXPECT_THAT(client.Answer(), EndsWith("GET /good "));
    const std::string rest = client.Rest();
    EXPECT_THAT(rest, StartsWith("HTTP/1.1 " + status + "\r\n"));
    EXPECT_THAT(rest, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_THAT(rest, HasSubstr("\r\n\r\n{\"error\":\""));
  }
}

TEST(HttpServer, AClientThatDribblesItsHeadIsTurnedAway) {
  const auto server = StartServer(Impatient());
  Client client(server->port());
  std::thread dribble([&] {
    client.Send("GET / HTTP/1.1\r\nHost: localhost\r\n");
    for (int i = 0; i < 40; ++i) {
      client.Send("X: y\r\n");
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });
  EXPECT_THAT(client.Answer(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  dribble.join();
}

TEST(HttpServer, AClientThatDribblesItsBodyIsTurnedAway) {
  const auto server = StartServer(Impatient());
  Client client(server->port());
  std::thread dribble([&] {
    client.Send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n");
    for (int i = 0; i < 40; ++i) {
      client.Send("x");
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });
  EXPECT_THAT(client.Answer(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  dribble.join();
}

TEST(HttpServer, IdleConnectionsAreClosedWithoutAWord) {
  const auto server = StartServer(Impatient());
  Client fresh(server->port());
  EXPECT_EQ(fresh.Rest(), "");
  Client used(server->port());
  used.Send(Get("/a"));
  EXPECT_THAT(used.Rest(), EndsWith("GET /a "));
}

TEST(HttpServer, AClientThatTakesNoAnswerIsClosed) {
  const std::string big(8 << 20, 'y');
  const auto server =
      StartServer(Impatient(), [&](const HttpRequest&, HttpResponse& response) { response.body = big; });
  Client client(server->port(), 8 << 10);
  client.Send(Get("/"));
  std::this_thread::sleep_for(std::chrono::milliseconds(900));
  EXPECT_LT(client.Rest().size(), big.size());
}

TEST(HttpServer, ConnectionsAboveTheMaximumGet503) {
  ServerOptions options;
  options.max_connections = 2;
  const auto server = StartServer(options);
  Client first(server->port());
  Client second(server->port());
  for (Client* client : {&first, &second}) {
    client->Send(Get("/a"));
    EXPECT_THAT(client->Answer(), StartsWith("HTTP/1.1 200"));
  }
  Client third(server->port());
  third.Send(Get("/a"));
  EXPECT_THAT(third.Rest(), StartsWith("HTTP/1.1 503 Service Unavailable"));
  first.Send(Get("/b"));
  EXPECT_THAT(first.Answer(), StartsWith("HTTP/1.1 200"));
}

TEST(HttpServer, Serves1000RequestsOver8Connections) {
  const auto server = StartServer();
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      Client client(server->port());
      for (int i = 0; i < 125; ++i) {
        const std::string body = std::to_string(t * 1000 + i);
        client.Send(Post(body));
        if (client.Answer().ends_with("POST /p " + body)) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 1000);
}

TEST(HttpServer, RequestsOfManyConnectionsThatWaitedTogetherAreAllAnswered) {
  ServerOptions options;
  options.num_threads = 1;
  std::atomic<bool> held = false;
  std::latch go(1);
  const auto server = StartServer(options, [&](const HttpRequest& request, HttpResponse& response) {
    if (!held.exchange(true)) go.wait();
    Echo(request, response);
  });
  Client first(server->port());
  first.Send(Get("/first"));
  while (!held) std::this_thread::yield();
  // Small and larger ones, more than a turn holds back; every fourth client leaves without its answer.
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::string> bodies;
  for (size_t i = 0; i < 60; ++i) {
    bodies.push_back(std::to_string(i) + std::string(i % 5 == 0 ? 9'000 : 0, 'x'));
    clients.push_back(std::make_unique<Client>(server->port()));
    clients.back()->Send(Post(bodies.back()));
    if (i % 4 == 3) clients.back().reset();
  }
  go.count_down();
  EXPECT_THAT(first.Answer(), EndsWith("GET /first "));
  for (size_t i = 0; i < clients.size(); ++i) {
    if (clients[i] == nullptr) continue;
    EXPECT_THAT(clients[i]->Answer(), EndsWith("POST /p " + bodies[i]));
  }
}

TEST(HttpServer, AllThatAreReadyWereReceivedInOneTurn) {
  ServerOptions options;
  options.num_threads = 1;
  std::latch go(1);
  std::atomic<bool> holding = false;
  std::set<std::chrono::steady_clock::time_point> turns;  // used by the server's one thread, until the end
  const auto server = StartServer(options, [&](const HttpRequest& request, HttpResponse& response) {
    if (request.path == "/hold") {
      holding = true;
      go.wait();
    }
    if (request.path == "/waiting") turns.insert(request.received);
    Echo(request, response);
  });
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 600; ++i) {
    clients.push_back(std::make_unique<Client>(server->port()));
    clients.back()->Send(Get("/first"));
    EXPECT_THAT(clients.back()->Answer(), EndsWith("GET /first "));
  }
  Client first(server->port());
  first.Send(Get("/hold"));
  while (!holding) std::this_thread::yield();
  for (const auto& client : clients) client->Send(Get("/waiting"));
  go.count_down();
  for (const auto& client : clients) EXPECT_THAT(client->Answer(), EndsWith("GET /waiting "));
  EXPECT_EQ(turns.size(), 1u);
}

TEST(HttpServer, DrainFinishesWhatHasBegunAndClosesTheRest) {
  const auto server = StartServer();
  Client idle(server->port());
  Client busy(server->port());
  busy.Send(Get("/a"));
  EXPECT_THAT(busy.Answer(), EndsWith("GET /a "));
  busy.Send("POST /p HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\na");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  std::thread drain([&] { server->Drain(absl::Seconds(10)); });
  // Each thread closes its own listener, so another than the idle connection's may be open for a moment more.
  const absl::Time patience = absl::Now() + absl::Seconds(5);
  while (Client(server->port()).connected() && absl::Now() < patience) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_FALSE(Client(server->port()).connected());
  busy.Send("bc");
  const std::string answer = busy.Answer();
  EXPECT_THAT(answer, EndsWith("POST /p abc"));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  busy.ShutDownWriting();
  EXPECT_EQ(idle.Rest(), "");
  drain.join();
}

TEST(HttpServer, ARequestThatCrossesTheDrainIsAnswered) {
  ServerOptions options;
  options.idle_drain_time = absl::Milliseconds(500);
  const auto server = StartServer(options);
  Client used(server->port());
  Client unused(server->port());
  Client silent(server->port());
  used.Send(Get("/a"));
  EXPECT_THAT(used.Answer(), EndsWith("GET /a "));
  std::thread drain([&] { server->Drain(absl::Seconds(10)); });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  for (Client* client : {&used, &unused}) {
    client->Send(Get("/b"));
    const std::string answer = client->Answer();
    EXPECT_THAT(answer, EndsWith("GET /b "));
    EXPECT_THAT(answer, HasSubstr("Connection: close"));
    client->ShutDownWriting();
  }
  const absl::Time start = absl::Now();
  EXPECT_EQ(silent.Rest(), "");
  EXPECT_GT(absl::Now() - start, absl::Milliseconds(100));
  drain.join();
}

TEST(HttpServer, DrainGivesUpWhenItsPatienceIsOver) {
  const auto server = StartServer();
  Client client(server->port());
  client.Send("GET /never");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const absl::Time start = absl::Now();
  server->Drain(absl::Milliseconds(200));
  EXPECT_LT(absl::Now() - start, absl::Seconds(3));
  server->Drain(absl::Seconds(10));  // a stopped server has nothing to wait for
}

TEST(HttpServer, APortInUseIsALimitOfThisMachine) {
  const auto server = StartServer();
  ServerOptions options;
  options.port = server->port();
  const auto second = HttpServer::Start(options, Echo);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ExitCodeOf(second.status()), 14);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(std::to_string(server->port())));
  EXPECT_THAT(HintOf(second.status()), HasSubstr("--port 0"));
}

TEST(HttpServer, APortIsFreeAgainAfterTheServer) {
  ServerOptions options;
  options.port = StartServer()->port();
  EXPECT_TRUE(HttpServer::Start(options, Echo).ok());
}

TEST(HttpServer, OnlyLoopbackHostsAreServed) {
  for (const char* host : {"0.0.0.0", "::", "10.1.2.3", "example.com", ""}) {
    ServerOptions options;
    options.host = host;
    EXPECT_EQ(HttpServer::Start(options, Echo).status().code(), absl::StatusCode::kInvalidArgument) << host;
  }
  ServerOptions options;
  options.host = "localhost";
  EXPECT_TRUE(HttpServer::Start(options, Echo).ok());
}

TEST(HttpServer, FieldsOfAnAnswerCannotBeginNewOnes) {
  const auto server =
      StartServer({}, [](const HttpRequest&, HttpResponse& response) { response.AddHeader("X", "a\r\nEvil: yes"); });
  Client client(server->port());
  client.Send(Get("/"));
  EXPECT_THAT(client.Answer(), Not(HasSubstr("\r\nEvil")));
}

}  // namespace
}  // namespace roost::net
