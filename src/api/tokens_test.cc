#include "api/tokens.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/token_file.h"
#include "base/status.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class TokensTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              (std::string("roost_tokens_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    std::ofstream(folder_ / "roost.yaml") << "project: p\ndataset: d\n";
    ASSERT_TRUE(Init({.folder = folder_.string()}).ok());
    project_ = std::make_unique<Project>(*Project::Open(folder_.string()));
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
  std::unique_ptr<Project> project_;
  const absl::Time now_ = absl::FromUnixMicros(1'800'000'000'000'007);
};

TEST_F(TokensTest, ATokenIsKeptByItsHashAlone) {
  const auto made =
      CreateToken(*project_, {.consumer = "web", .role = access::Role::kRead, .lifetime = absl::Hours(2)}, now_);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_TRUE(access::IsTokenText(made->text));
  const auto listed = ListTokens(*project_);
  ASSERT_THAT(*listed, SizeIs(1));
  EXPECT_EQ(listed->at(0).token, made->token);
  EXPECT_EQ(made->token.hash, Sha256(made->text));
  EXPECT_EQ(made->token.expires, now_ + absl::Hours(2));
  EXPECT_EQ(listed->at(0).author, project_->author());
  EXPECT_EQ(CreateToken(*project_, {.consumer = "a b"}, now_).status().code(), absl::StatusCode::kInvalidArgument);
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    EXPECT_EQ(bytes.find(made->text), std::string::npos) << entry.path();
  }
}

TEST_F(TokensTest, RevokingTakesAConsumerOrOneToken) {
  const auto first = CreateToken(*project_, {.consumer = "web"}, now_);
  ASSERT_TRUE(CreateToken(*project_, {.consumer = "web"}, now_).ok());
  ASSERT_TRUE(CreateToken(*project_, {.consumer = "web", .lifetime = absl::Seconds(1)}, now_).ok());
  ASSERT_TRUE(CreateToken(*project_, {.consumer = "ops"}, now_).ok());
  const absl::Time later = now_ + absl::Minutes(1);
  const auto one = RevokeTokens(*project_, first->token.Id(), later);
  ASSERT_THAT(*one, SizeIs(1));
  EXPECT_EQ(one->at(0).hash, first->token.hash);
  EXPECT_EQ(one->at(0).revoked, later);
  EXPECT_THAT(*RevokeTokens(*project_, "web", later), SizeIs(1)) << "one is revoked, one expired";
  const absl::Status none = RevokeTokens(*project_, "web", later).status();
  EXPECT_TRUE(absl::IsNotFound(none));
  EXPECT_THAT(HintOf(none), HasSubstr("roost token list"));
  int64_t active = 0;
  const auto listed = ListTokens(*project_);
  ASSERT_TRUE(listed.ok()) << listed.status();
  for (const TokenDescription& description : *listed) active += description.token.IsActive(later) ? 1 : 0;
  EXPECT_EQ(active, 1);
}

TEST_F(TokensTest, AServerReadsThemFromTheWorkspaceOrAFile) {
  ASSERT_TRUE(CreateToken(*project_, {.consumer = "web"}, now_).ok());
  const auto workspace = TokenSource::Open(project_.get(), "")->Read();
  ASSERT_THAT(*workspace, SizeIs(1));
  EXPECT_THAT(*TokenSource::Open(nullptr, "")->Read(), IsEmpty());
  const std::string file = (folder_ / "tokens.json").string();
  const auto source = TokenSource::Open(nullptr, file);
  EXPECT_TRUE(absl::IsNotFound(source->Read().status()));
  std::ofstream(file) << access::ToTokenFile(*workspace);
  EXPECT_EQ(*source->Read(), *workspace);
  std::ofstream(file) << "{";
  EXPECT_THAT(std::string(source->Read().status().message()), HasSubstr(file));
}

}  // namespace
}  // namespace roost::api
