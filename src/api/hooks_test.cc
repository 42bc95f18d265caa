#include "api/hooks.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "api/releases.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "net/http_server.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// A server that keeps what it is sent, and answers what it is told to.
class Receiver {
 public:
  struct Got {
    std::string event, delivery, signature, body;
  };

  Receiver() {
    auto started = net::HttpServer::Start(
        {.num_threads = 1}, [this](const net::HttpRequest& request, net::HttpResponse& response) {
          const std::lock_guard lock(mutex_);
          const auto field = [&](const char* name) { return std::string(request.Header(name).value_or("")); };
          got_.push_back({field("X-Roost-Event"), field("X-Roost-Delivery"), field("X-Roost-Signature"),
                          std::string(request.body)});
          response.status = status_;
        });
    server_ = std::move(started).value();
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()) + "/hook"; }
  void Answer(int status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
  }
  std::vector<Got> got() {
    const std::lock_guard lock(mutex_);
    return got_;
  }

 private:
  std::mutex mutex_;
  int status_ = 204;
  std::vector<Got> got_;
  std::unique_ptr<net::HttpServer> server_;
};

class HooksTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              (std::string("roost_hooks_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Project Open(const std::string& hooks) const {
    std::ofstream(folder_ / "roost.yaml") << "project: p\ndataset: d\nhooks:\n" << hooks;
    EXPECT_TRUE(Init({.folder = folder_.string()}).ok());
    return *Project::Open(folder_.string());
  }

  void Register(Project& project) const {
    ASSERT_TRUE(project.registry().Register("delay", {{{"model.json", "x"}}}, "ada", context_).ok());
  }

  std::string FileText(const std::string& name) const {
    std::ifstream file(folder_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// Later by `duration`.
  void Wait(absl::Duration duration) {
    now_ += duration;
    context_.now = [now = now_] { return now; };
  }

  fs::path folder_;
  ThreadPool pool_{1};
  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
  Context context_{.pool = &pool_, .now = [now = now_] { return now; }};
};

TEST_F(HooksTest, AServerIsToldWithASignature) {
  Receiver receiver;
  std::ofstream(folder_ / "secret") << "key\n";
  Project project = Open("  - {on: [promoted], url: '" + receiver.url() + "', secret: secret}\n");
  Register(project);
  ASSERT_TRUE(PromoteModel(project, {.reference = "delay@1", .reason = "the first"}, context_).ok());
  EXPECT_THAT(receiver.got(), IsEmpty());  // it is written down, and sent when the work is done
  const auto outcomes = SendHooks(project, Resend::kDue, context_);
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  ASSERT_THAT(*outcomes, SizeIs(1));
  EXPECT_TRUE(outcomes->front().status.ok()) << outcomes->front().status;
  ASSERT_THAT(receiver.got(), SizeIs(1));
  const Receiver::Got got = receiver.got().front();
  EXPECT_EQ(got.event, "promoted");
  EXPECT_EQ(got.signature.substr(0, 7), "sha256=");
  EXPECT_EQ(got.signature.size(), 7u + 64);
  const Json body = ParseJson(got.body, "body").value();
  EXPECT_EQ(body["id"], got.delivery);
  EXPECT_EQ(body["event"], "promoted");
  EXPECT_EQ(body["project"], "p");
  EXPECT_EQ(body["model"], "delay");
  EXPECT_EQ(body["version"], 1);
  EXPECT_EQ(body["alias"], "champion");
  EXPECT_TRUE(body["from"].is_null());
  EXPECT_EQ(body["reason"], "the first");
  EXPECT_THAT(*SendHooks(project, Resend::kAll, context_), IsEmpty());
}

TEST_F(HooksTest, AProgramGetsTheEventOnItsStdin) {
  Project project =
      Open("  - on: [retired, deleted]\n    run: [/bin/sh, -c, 'cat >> told; echo $ROOST_EVENT >> names']\n");
  Register(project);
  ASSERT_TRUE(RetireModel(project, {.reference = "delay@1", .reason = "old"}, context_).ok());
  ASSERT_TRUE(DeleteModel(project, {.reference = "delay@1", .reason = "older"}, context_).ok());
  ASSERT_TRUE(SendHooks(project, Resend::kDue, context_).ok());
  EXPECT_EQ(FileText("names"), "retired\ndeleted\n");
  EXPECT_THAT(FileText("told"), HasSubstr("\"reason\":\"old\""));
  EXPECT_THAT(FileText("told"), HasSubstr("\"reason\":\"older\""));
}

TEST_F(HooksTest, WhatFailsIsKeptAndSentAgainWithTheSameId) {
  Receiver receiver;
  receiver.Answer(503);
  Project project = Open("  - {name: chat, on: [registered], url: '" + receiver.url() + "', tries: 2}\n");
  QueueEvent(project, config::HookEvent::kRegistered, {{"model", "delay"}}, context_);
  const auto failed = SendHooks(project, Resend::kDue, context_);
  ASSERT_THAT(*failed, SizeIs(1));
  EXPECT_THAT(std::string(failed->front().status.message()), HasSubstr("answered 503"));
  ASSERT_THAT(receiver.got(), SizeIs(2));
  EXPECT_EQ(receiver.got()[0].delivery, receiver.got()[1].delivery);
  EXPECT_EQ(receiver.got()[0].body, receiver.got()[1].body);
  EXPECT_EQ(ListHooks(project)->front().kept, 1);
  EXPECT_THAT(ListHooks(project)->front().error, HasSubstr("answered 503"));

  EXPECT_THAT(*SendHooks(project, Resend::kDue, context_), IsEmpty());  // too early
  Wait(absl::Seconds(31));
  EXPECT_THAT(*SendHooks(project, Resend::kDue, context_), SizeIs(1));
  EXPECT_THAT(receiver.got(), SizeIs(3));
  Wait(absl::Seconds(31));
  EXPECT_THAT(*SendHooks(project, Resend::kDue, context_), IsEmpty());  // it waits longer each time
  receiver.Answer(200);
  const auto told = SendHooks(project, Resend::kAll, context_);
  ASSERT_THAT(*told, SizeIs(1));
  EXPECT_TRUE(told->front().status.ok());
  EXPECT_EQ(told->front().tries, 4);
  EXPECT_EQ(receiver.got().back().delivery, receiver.got().front().delivery);
  EXPECT_EQ(ListHooks(project)->front().kept, 0);
}

TEST_F(HooksTest, AFailingHookUndoesNothingAndStopsNoOther) {
  Project project = Open(
      "  - {on: [promoted], run: [no-such-program], tries: 1}\n"
      "  - {on: [promoted], run: [/bin/sh, -c, 'sleep 1000'], tries: 1, timeout_seconds: 0.1}\n"
      "  - {on: [promoted], run: [/bin/sh, -c, 'cat > told']}\n");
  Register(project);
  ASSERT_TRUE(PromoteModel(project, {.reference = "delay@1", .reason = "r"}, context_).ok());
  const auto outcomes = SendHooks(project, Resend::kDue, context_);
  ASSERT_THAT(*outcomes, SizeIs(3));
  int told = 0;
  for (const HookOutcome& outcome : *outcomes) {
    told += outcome.status.ok() ? 1 : 0;
    EXPECT_EQ(outcome.kept, !outcome.status.ok()) << outcome.hook;  // also where there is no such program
  }
  EXPECT_EQ(told, 1);
  EXPECT_THAT(FileText("told"), HasSubstr("promoted"));
  EXPECT_EQ(project.registry().aliases().Target("delay", "champion")->value_or(0), 1);
}

TEST_F(HooksTest, WhatNobodyWantsIsNotWrittenDown) {
  Project project = Open("  - {on: [judged], run: [true]}\n");
  Register(project);
  ASSERT_TRUE(PromoteModel(project, {.reference = "delay@1", .reason = "r"}, context_).ok());
  EXPECT_THAT(*SendHooks(project, Resend::kAll, context_), IsEmpty());
}

TEST_F(HooksTest, WhatIsForAHookThatIsGoneIsDropped) {
  {
    Project project = Open("  - {name: old, on: [judged], run: [/bin/false], tries: 1}\n");
    QueueEvent(project, config::HookEvent::kJudged, Json::object(), context_);
    EXPECT_FALSE(SendHooks(project, Resend::kDue, context_)->front().status.ok());
  }
  Project project = Open("  - {name: new, on: [judged], run: [/bin/true]}\n");
  const auto outcomes = SendHooks(project, Resend::kAll, context_);
  ASSERT_THAT(*outcomes, SizeIs(1));
  EXPECT_EQ(outcomes->front().status.code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(outcomes->front().kept);
  EXPECT_THAT(*SendHooks(project, Resend::kAll, context_), IsEmpty());
}

TEST_F(HooksTest, ATestTellsOneHookAndKeepsNothing) {
  Receiver receiver;
  Project project = Open("  - {name: chat, on: [judged], url: '" + receiver.url() + "'}\n");
  EXPECT_TRUE(TestHook(project, "chat", context_)->status.ok());
  EXPECT_EQ(receiver.got().front().event, "test");
  receiver.Answer(500);
  EXPECT_FALSE(TestHook(project, "chat", context_)->status.ok());
  EXPECT_EQ(ListHooks(project)->front().kept, 0);
  const absl::Status unknown = TestHook(project, "chta", context_).status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(HintOf(unknown), "it has chat");
}

}  // namespace
}  // namespace roost::api
