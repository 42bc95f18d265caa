#include "api/model_folder.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;
using testing::SizeIs;

class ModelFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) /
            (std::string("roost_models_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  std::vector<int64_t> VersionsOf(const std::string& name) {
    std::vector<int64_t> numbers;
    const absl::StatusOr<serving::Listing> listing = folder().List();
    EXPECT_TRUE(listing.ok()) << listing.status();
    const auto model = listing->find(name);
    if (model == listing->end()) return numbers;
    for (const serving::ListedVersion& version : model->second.versions) numbers.push_back(version.version);
    return numbers;
  }

  ModelFolder folder() const { return ModelFolder({root_.string(), ""}); }
  ModelFolder only(const std::string& name) const { return ModelFolder({root_.string(), name}); }

  fs::path root_;
};

TEST_F(ModelFolderTest, HasPackagesAndPlainFiles) {
  Write("delay/2/model.json", "two");
  Write("delay/10/model.json", "ten");
  Write("delay/10/model.onnx", "graph");
  Write("delay/10/warmup.json", "rows");
  Write("plain/1/model.onnx", "one");
  Write("file.onnx", "file");
  EXPECT_EQ(VersionsOf("delay"), (std::vector<int64_t>{2, 10}));
  EXPECT_EQ(VersionsOf("plain"), std::vector<int64_t>{1});
  EXPECT_EQ(VersionsOf("file"), std::vector<int64_t>{1});
  const serving::Listing listing = *folder().List();
  const serving::ListedVersion ten = listing.at("delay").versions.back();
  EXPECT_EQ(*folder().Size("delay", ten), 3 + 5 + 4);
  const auto files = folder().Load("delay", ten);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->model_json, "ten");
  EXPECT_EQ(files->onnx, "graph");
  EXPECT_EQ(files->warmup, "rows");
  const auto plain = folder().Load("file", listing.at("file").versions.front());
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->onnx, "file");
  EXPECT_EQ(plain->model_json, "");
}

TEST_F(ModelFolderTest, WhatIsNoModelIsPassedOver) {
  Write("delay/1/notes.txt", "");
  Write("delay/v2/model.json", "");
  Write("delay/03/model.json", "");
  Write("delay/0/model.json", "");
  Write("delay/-1/model.json", "");
  Write("delay/99999999999999999999/model.json", "");
  Write(".git/1/model.json", "");
  Write("two words/1/model.json", "");
  Write("README.md", "");
  Write(".onnx", "");
  fs::create_directories(root_ / "folder.onnx");
  fs::create_directories(root_ / "empty");
  EXPECT_THAT(*folder().List(), IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(ModelFolder({root_ / "none", ""}).List().status()));
}

TEST_F(ModelFolderTest, AFolderSpeaksBeforeAFileOfItsName) {
  Write("delay.onnx", "file");
  Write("delay/1/model.onnx", "folder");
  const serving::Listing listing = *folder().List();
  ASSERT_THAT(listing.at("delay").versions, SizeIs(1));
  EXPECT_EQ(folder().Load("delay", listing.at("delay").versions[0])->onnx, "folder");
}

TEST_F(ModelFolderTest, LinksAreFollowedAsKubernetesMountsThem) {
  Write("..data/delay/1/model.json", "linked");
  fs::create_symlink("..data/delay", root_ / "delay");
  EXPECT_EQ(VersionsOf("delay"), std::vector<int64_t>{1});
}

TEST_F(ModelFolderTest, AnotherFileIsAnotherIdentity) {
  Write("delay/1/model.json", "one");
  const serving::ListedVersion before = (*folder().List()).at("delay").versions[0];
  EXPECT_EQ((*folder().List()).at("delay").versions[0], before);
  Write("delay/1/new", "two");
  fs::rename(root_ / "delay/1/new", root_ / "delay/1/model.json");
  const serving::ListedVersion after = (*folder().List()).at("delay").versions[0];
  EXPECT_NE(after.identity, before.identity);
  EXPECT_TRUE(absl::IsAborted(folder().Load("delay", before).status())) << "it is not what was listed";
  fs::remove_all(root_ / "delay");
  EXPECT_TRUE(absl::IsNotFound(folder().Load("delay", after).status()));
  EXPECT_TRUE(absl::IsNotFound(folder().Size("delay", after).status()));
}

TEST_F(ModelFolderTest, OneModelMayLieInTheFolderItself) {
  Write("model.json", "package");
  Write("model.onnx", "graph");
  Write("warmup.json", "rows");
  Write("other.onnx", "not it");
  const serving::Listing listing = *only("delay").List();
  ASSERT_THAT(listing, SizeIs(1));
  ASSERT_THAT(listing.at("delay").versions, SizeIs(1));
  EXPECT_EQ(listing.at("delay").versions[0].version, 1);
  EXPECT_EQ(*only("delay").Size("delay", listing.at("delay").versions[0]), 7 + 5 + 4);
  const auto files = only("delay").Load("delay", listing.at("delay").versions[0]);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->model_json, "package");
  EXPECT_EQ(files->onnx, "graph");
  EXPECT_EQ(files->warmup, "rows");
  EXPECT_TRUE(absl::IsNotFound(only("delay").Load("other", listing.at("delay").versions[0]).status()));
}

TEST_F(ModelFolderTest, OneModelMayBeAnOnnxFileOfAnyName) {
  Write("exported by hand.onnx", "graph");
  Write(".half-written.onnx", "");
  Write("README.md", "");
  const serving::Listing listing = *only("delay").List();
  ASSERT_TRUE(listing.contains("delay"));
  EXPECT_EQ(only("delay").Load("delay", listing.at("delay").versions.at(0))->onnx, "graph");
  Write("second.onnx", "which?");
  const absl::Status several = only("delay").List().status();
  EXPECT_TRUE(absl::IsInvalidArgument(several));
  EXPECT_THAT(several.message(), testing::HasSubstr("exported by hand.onnx, second.onnx"));
  Write("model.onnx", "this one");
  EXPECT_EQ(only("delay").Load("delay", (*only("delay").List()).at("delay").versions.at(0))->onnx, "this one");
}

TEST_F(ModelFolderTest, OneModelMayHaveVersions) {
  Write("model.onnx", "first");
  Write("7/model.json", "seven");
  Write("10/model.onnx", "ten");
  Write("v8/model.onnx", "");
  const serving::Listing listing = *only("delay").List();
  std::vector<int64_t> versions;
  for (const auto& version : listing.at("delay").versions) versions.push_back(version.version);
  EXPECT_EQ(versions, (std::vector<int64_t>{1, 7, 10}));
  EXPECT_EQ(only("delay").Load("delay", listing.at("delay").versions[2])->onnx, "ten");
  Write("1/model.onnx", "a folder speaks before files");
  EXPECT_EQ(only("delay").Load("delay", (*only("delay").List()).at("delay").versions[0])->onnx,
            "a folder speaks before files");
}

TEST_F(ModelFolderTest, AFolderOfOneModelMayBeEmptyOrAbsent) {
  EXPECT_THAT(*only("delay").List(), IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(ModelFolder({root_ / "none", "delay"}).List().status()));
  EXPECT_TRUE(absl::IsInvalidArgument(only("two words").List().status()));
}

}  // namespace
}  // namespace roost::api
