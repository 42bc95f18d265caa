#include "net/later_reply.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/http2_testing.h"
#include "net/testing.h"

namespace roost::net {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

void Sleep(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

bool Eventually(const std::function<bool()>& condition) {
  const absl::Time patience = absl::Now() + absl::Seconds(10);
  while (!condition() && absl::Now() < patience) Sleep(1);
  return condition();
}

HttpResponse Text(std::string body) {
  HttpResponse response;
  response.content_type = "text/plain";
  response.body = std::move(body);
  return response;
}

/// Keeps the replies to requests below /later/; answers all others at once.
class Desk {
 public:
  Handler handler() {
    return [this](const HttpRequest& request, HttpResponse& response) {
      Echo(request, response);
      if (!request.path.starts_with("/later/")) return;
      const std::lock_guard lock(mutex_);
      replies_.emplace(std::string(request.path), request.AnswerLater());
    };
  }

  bool Has(const std::string& path) {
    const std::lock_guard lock(mutex_);
    return replies_.contains(path);
  }

  /// Waits for the request.
  LaterReply Take(const std::string& path) {
    EXPECT_TRUE(Eventually([&] { return Has(path); })) << path;
    const std::lock_guard lock(mutex_);
    auto node = replies_.extract(path);
    return std::move(node.mapped());
  }

 private:
  std::mutex mutex_;
  std::map<std::string, LaterReply> replies_;  // guarded by mutex_
};

TEST(LaterReply, PipelinedRequestsWaitBehindIt) {
  Desk desk;
  const auto server = StartServer({}, desk.handler());
  Client client(server->port());
  client.Send(Get("/a") + Get("/later/b") + Get("/c") + Get("/later/d") + Get("/e"));
  EXPECT_THAT(client.Answer(), EndsWith("GET /a "));
  LaterReply b = desk.Take("/later/b");
  Sleep(50);
  EXPECT_FALSE(desk.Has("/later/d"));
  EXPECT_FALSE(b.cancelled());
  b.Send(Text("b comes later"));
  EXPECT_THAT(client.Answer(), EndsWith("b comes later"));
  EXPECT_THAT(client.Answer(), EndsWith("GET /c "));
  desk.Take("/later/d").Send(Text("d too"));
  EXPECT_THAT(client.Answer(), EndsWith("d too"));
  EXPECT_THAT(client.Answer(), EndsWith("GET /e "));
}

TEST(LaterReply, OtherStreamsGoOnMeanwhile) {
  Desk desk;
  const auto server = StartServer({}, desk.handler());
  Client socket(server->port());
  Http2Client client(socket);
  const int32_t first = client.Get("/later/1");
  const int32_t second = client.Post("/later/2", "body");
  EXPECT_EQ(client.Wait(client.Get("/a")).body, "GET /a ");
  LaterReply one = desk.Take("/later/1");
  desk.Take("/later/2").Send(Text("two"));
  EXPECT_EQ(client.Wait(second).body, "two");
  EXPECT_FALSE(client.answer(first).closed);
  HttpResponse response = Text("one");
  response.AddTrailer("grpc-status", "0");
  one.Send(std::move(response));
  EXPECT_EQ(client.Wait(first).body, "one");
  EXPECT_EQ(client.answer(first).trailers.at("grpc-status"), "0");
}

TEST(LaterReply, GivenUpWithoutAnAnswerIs500) {
  Desk desk;
  const auto server = StartServer({}, desk.handler());
  Client client(server->port());
  client.Send(Get("/later/a"));
  { const LaterReply dropped = desk.Take("/later/a"); }
  EXPECT_THAT(client.Answer(), StartsWith("HTTP/1.1 500 "));
  Client socket(server->port());
  Http2Client other(socket);
  const int32_t id = other.Get("/later/b");
  other.Flush();
  { const LaterReply dropped = desk.Take("/later/b"); }
  EXPECT_EQ(other.Wait(id).status(), "500");
}

/// A handler around another one that sees its later answers.
class Watcher final : public LaterObserver {
 public:
  Watcher(const HttpRequest& request, const HttpResponse& response) : request_(request), response_(response) {
    request_.ObserveLater(this);
  }
  ~Watcher() override { request_.ObserveLater(nullptr); }

  std::function<void(HttpResponse&)> OnAnswerLater() override {
    return [model = response_.notes.model](HttpResponse& answer) {
      answer.AddHeader("X-Seen", model + " " + std::to_string(answer.status));
    };
  }

 private:
  const HttpRequest& request_;
  const HttpResponse& response_;
};

TEST(LaterReply, AHandlerAroundSeesTheAnswer) {
  Desk desk;
  const Handler inner = desk.handler();
  const auto server = StartServer({}, [inner](const HttpRequest& request, HttpResponse& response) {
    const Watcher watcher(request, response);
    response.notes.model = "m";
    inner(request, response);
  });
  Client client(server->port());
  client.Send(Get("/later/a") + Get("/later/b") + Get("/c"));
  desk.Take("/later/a").Send(Text("first"));
  EXPECT_THAT(client.Answer(), HasSubstr("X-Seen: m 200\r\n"));
  { const LaterReply dropped = desk.Take("/later/b"); }
  EXPECT_THAT(client.Answer(), HasSubstr("X-Seen: m 500\r\n"));
  EXPECT_THAT(client.Answer(), Not(HasSubstr("X-Seen")));
}

TEST(LaterReply, ASecondAnswerIsIgnored) {
  Desk desk;
  const auto server = StartServer({}, desk.handler());
  Client client(server->port());
  client.Send(Get("/later/a"));
  LaterReply reply = desk.Take("/later/a");
  reply.Send(Text("first"));
  reply.Send(Text("second"));
  EXPECT_THAT(client.Answer(), EndsWith("first"));
  client.Send(Get("/b"));
  EXPECT_THAT(client.Answer(), EndsWith("GET /b "));
}

TEST(LaterReply, IsCancelledWhenTheClientIsGone) {
  Desk desk;
  const auto server = StartServer({}, desk.handler());
  Client client(server->port());
  client.Send(Get("/later/a"));
  LaterReply reply = desk.Take("/later/a");
  EXPECT_FALSE(reply.cancelled());
  client.Close();
  EXPECT_TRUE(Eventually([&] { return reply.cancelled(); }));
  reply.Send(Text("to nobody"));

  Client socket(server->port());
  Http2Client over2(socket);
  over2.Get("/later/b");
  over2.Flush();
  LaterReply second = desk.Take("/later/b");
  EXPECT_FALSE(second.cancelled());
  socket.Close();
  EXPECT_TRUE(Eventually([&] { return second.cancelled(); }));
  second.Send(Text("to nobody"));

  Client other(server->port());
  other.Send(Get("/good"));
  EXPECT_THAT(other.Answer(), EndsWith("GET /good "));
}

TEST(LaterReply, AClientThatOnlyStoppedSendingStillGetsTheAnswer) {
  Desk desk;
  const auto server = StartServer({}, desk.handler());
  Client client(server->port());
  client.Send(Get("/later/a") + Get("/b"));
  client.ShutDownWriting();
  LaterReply reply = desk.Take("/later/a");
  EXPECT_TRUE(Eventually([&] { return reply.cancelled(); }));
  reply.Send(Text("all the same"));
  const std::string rest = client.Rest();
  EXPECT_THAT(rest, HasSubstr("all the same"));
  EXPECT_THAT(rest, EndsWith("GET /b "));
}

TEST(LaterReply, IsCancelledWhenItsStreamIsReset) {
  Desk desk;
  const auto server = StartServer({}, desk.handler());
  Client socket(server->port());
  Http2Client client(socket);
  const int32_t id = client.Get("/later/a");
  client.Flush();
  LaterReply reply = desk.Take("/later/a");
  nghttp2_submit_rst_stream(client.session(), NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
  client.Flush();
  EXPECT_TRUE(Eventually([&] { return reply.cancelled(); }));
  reply.Send(Text("to nobody"));
  EXPECT_EQ(client.Wait(client.Get("/b")).body, "GET /b ");
}

TEST(LaterReply, MayOutliveItsServer) {
  Desk desk;
  std::vector<LaterReply> replies;
  {
    const auto server = StartServer({}, desk.handler());
    Client client(server->port());
    client.Send(Get("/later/a"));
    replies.push_back(desk.Take("/later/a"));
    Client socket(server->port());
    Http2Client over2(socket);
    over2.Get("/later/b");
    over2.Get("/later/c");
    over2.Flush();
    replies.push_back(desk.Take("/later/b"));
    replies.push_back(desk.Take("/later/c"));
  }
  for (LaterReply& reply : replies) EXPECT_TRUE(reply.cancelled());
  replies[0].Send(Text("to nobody"));
  replies[1].Send(Text("to nobody"));
}

TEST(LaterReply, DrainWaitsForIt) {
  Desk desk;
  const auto server = StartServer({}, desk.handler());
  Client client(server->port());
  client.Send(Get("/later/a"));
  Client socket(server->port());
  Http2Client over2(socket);
  const int32_t id = over2.Get("/later/b");
  over2.Flush();
  LaterReply a = desk.Take("/later/a");
  LaterReply b = desk.Take("/later/b");
  std::atomic<bool> drained = false;
  std::thread drain([&] {
    server->Drain(absl::Seconds(10));
    drained = true;
  });
  Sleep(100);
  EXPECT_FALSE(drained);
  a.Send(Text("a at last"));
  b.Send(Text("b at last"));
  const std::string answer = client.Answer();
  EXPECT_THAT(answer, EndsWith("a at last"));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  EXPECT_EQ(over2.Wait(id).body, "b at last");
  EXPECT_EQ(over2.GoAway(), NGHTTP2_NO_ERROR);
  client.Close();
  socket.Close();
  drain.join();
}

// Answers from other threads, over both protocols at once, to clients some of which give up.
TEST(LaterReply, ManyThreadsAnswerManyClients) {
  std::mutex mutex;
  std::condition_variable more;
  std::vector<std::pair<LaterReply, std::string>> queue;
  bool over = false;
  const auto server = StartServer({}, [&](const HttpRequest& request, HttpResponse&) {
    const std::lock_guard lock(mutex);
    queue.emplace_back(request.AnswerLater(), std::string(request.body));
    more.notify_one();
  });
  std::vector<std::thread> workers;
  for (int i = 0; i < 3; ++i) {
    workers.emplace_back([&] {
      while (true) {
        std::unique_lock lock(mutex);
        more.wait(lock, [&] { return over || !queue.empty(); });
        if (queue.empty()) return;
        auto [reply, body] = std::move(queue.back());
        queue.pop_back();
        lock.unlock();
        reply.Send(Text("got " + body));
      }
    });
  }
  std::atomic<int> good = 0;
  std::vector<std::thread> clients;
  for (int t = 0; t < 4; ++t) {
    clients.emplace_back([&, t] {
      for (int round = 0; round < 20; ++round) {
        Client client(server->port());
        Client socket(server->port());
        Http2Client over2(socket);
        const std::string body = std::to_string(t * 100 + round);
        std::vector<int32_t> ids;
        for (int i = 0; i < 20; ++i) ids.push_back(over2.Post("/", body));
        over2.Flush();
        client.Send(Post(body));
        if (round % 4 == 3) continue;  // gives up
        good += client.Answer().ends_with("got " + body) ? 1 : 0;
        for (const int32_t id : ids) good += over2.Wait(id).body == "got " + body ? 1 : 0;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  {
    const std::lock_guard lock(mutex);
    over = true;
  }
  more.notify_all();
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(good, 4 * 15 * 21);
}

}  // namespace
}  // namespace roost::net
