#include "ingest/folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "ingest/checkout.h"
#include "ingest/stat_cache.h"
#include "store/tree_reader.h"

namespace roost::ingest {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

void Write(const std::string& path, std::string_view text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string Read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return std::move(text).str();
}

class FolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    root_ = fmt::format("{}roost_folder_{}_{}", ::testing::TempDir(), test->name(), ::getpid());
    fs::remove_all(root_);
    store_ = *store::Store::Create(root_ + "/.roost");
    Write(In("a/x.txt"), "x");
    Write(In("a/run"), "#!/bin/sh");
    fs::permissions(In("a/run"), fs::perms::owner_all);
    Write(In("empty"), "");
    Write(In("ü/日本.txt"), "unicode");
    fs::create_directories(In("nothing"));
    fs::create_symlink("../../etc/passwd", In("link"));
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string In(const std::string& path) const { return root_ + "/in/" + path; }
  std::string Out(const std::string& path) const { return root_ + "/out/" + path; }

  /// A context whose clock is `ahead` of the machine's: files written now are old for it.
  Context MakeContext(ThreadPool& pool, absl::Duration ahead = absl::Seconds(10)) {
    return {.pool = &pool, .now = [ahead] { return absl::Now() + ahead; }};
  }

  absl::StatusOr<FolderReport> Add(absl::Duration ahead = absl::Seconds(10)) {
    return IngestFolder(*store_, {root_ + "/in"}, {.dataset = "images", .caches = root_ + "/cache"},
                        MakeContext(pool_, ahead));
  }

  absl::StatusOr<CheckoutReport> Export(const store::CommitInfo& version, bool replace = false, bool remove = false) {
    return CheckOut(*store_, version,
                    {.folder = root_ + "/out", .replace = replace, .remove_others = remove, .caches = root_ + "/cache"},
                    MakeContext(pool_));
  }

  std::vector<std::string> Paths(const store::CommitInfo& version) {
    const store::Tree tree = *store::LoadTree(*store_, version);
    const auto entries = *store::LoadEntries(*store_, tree.parts, MakeContext(pool_));
    std::vector<std::string> paths;
    for (const auto& entry : entries) paths.push_back(entry.path);
    return paths;
  }

  ThreadPool pool_{3};
  std::string root_;
  std::unique_ptr<store::Store> store_;
};

TEST_F(FolderTest, AFolderComesBackAsItWas) {
  const auto added = Add();
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->version.files, 5);
  EXPECT_THAT(Paths(added->version), ElementsAre("a/run", "a/x.txt", "empty", "link", "nothing", "ü/日本.txt"));
  const auto report = Export(added->version);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->written, 6);
  EXPECT_EQ(Read(Out("a/x.txt")), "x");
  EXPECT_EQ(Read(Out("ü/日本.txt")), "unicode");
  EXPECT_EQ(fs::file_size(Out("empty")), 0u);
  EXPECT_TRUE(fs::is_directory(Out("nothing")));
  EXPECT_EQ(fs::read_symlink(Out("link")), "../../etc/passwd");
  EXPECT_EQ(::access(Out("a/run").c_str(), X_OK), 0);
  struct stat status;
  ASSERT_EQ(::stat(Out("a/x.txt").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0111, 0u);
  EXPECT_FALSE(fs::exists(Out(kExportFolder)));
}

TEST_F(FolderTest, TheSameFilesAreTheSameVersionForAnyNumberOfThreads) {
  const auto first = Add();
  ThreadPool one(1);
  const auto again = IngestFolder(*store_, {root_ + "/in"}, {.dataset = "images"}, MakeContext(one));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->version.unchanged);
  EXPECT_EQ(again->files_read, 4);  // no cache was given
  EXPECT_EQ(again->version.tree, first->version.tree);
}

TEST_F(FolderTest, KnownFilesAreNotReadAndChangedOnesAre) {
  ASSERT_TRUE(Add().ok());
  EXPECT_EQ(Add()->files_read, 0);
  Write(In("a/x.txt"), "y");
  const auto changed = Add(absl::Seconds(20));
  EXPECT_EQ(changed->files_read, 1);
  EXPECT_EQ(changed->version.version, 2);
  fs::permissions(In("a/x.txt"), fs::perms::owner_all);
  EXPECT_EQ(Add()->version.version, 3);
  fs::remove(In("empty"));
  EXPECT_EQ(Add()->version.files_added, -1);
}

TEST_F(FolderTest, AFileChangedInTheSameTickAsTheScanIsReadAgain) {
  ASSERT_TRUE(Add(absl::ZeroDuration()).ok());  // the files are as new as the scan
  EXPECT_EQ(Add(absl::ZeroDuration())->files_read, 4);
}

TEST_F(FolderTest, ADamagedCacheIsNoCache) {
  ASSERT_TRUE(Add().ok());
  for (const auto& item : fs::directory_iterator(root_ + "/cache")) {
    std::string bytes = Read(item.path());
    bytes[bytes.size() / 2] ^= 1;
    Write(item.path(), bytes);
  }
  EXPECT_EQ(Add()->files_read, 4);
  EXPECT_EQ(Add()->files_read, 0);
}

TEST_F(FolderTest, ACacheOfContentsThatTheStoreLacksIsNotTrusted) {
  ASSERT_TRUE(Add().ok());
  store_ = *store::Store::Create(root_ + "/other");
  const auto added = Add();
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->files_read, 3);  // all that have bytes
  ASSERT_TRUE(Export(added->version).ok());
  EXPECT_EQ(Read(Out("a/x.txt")), "x");
}

TEST_F(FolderTest, WhatNoVersionCanHoldIsNamed) {
  ASSERT_EQ(::mkfifo(In("pipe").c_str(), 0600), 0);
  const auto pipe = Add();
  EXPECT_EQ(pipe.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(pipe.status().message()), HasSubstr("in/pipe' is a named pipe"));
  fs::remove(In("pipe"));
  Write(In("a/\xff\xfe"), "latin");
  const auto name = Add();
  EXPECT_THAT(std::string(name.status().message()), HasSubstr("'a/\\xff\\xfe' cannot be a path of a dataset"));
  EXPECT_EQ(store_->Resolve({.name = "images"}).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(FolderTest, AFileThatKeepsChangingIsRefused) {
  Write(In("busy"), std::string(5'000'000, 'a'));
  int changes = 0;
  int most = 2;
  bool starts = true;
  int64_t last = 0;
  Context context = MakeContext(pool_);
  // Each report comes after a read, while the file is open: the first one of each try changes the file, and one that
  // tells no progress ends the try.
  context.progress = [&](const ProgressUpdate& update) {
    if (std::string_view(update.stage) != "reading") return;
    if (starts && changes < most) {
      std::ofstream(In("busy"), std::ios::binary | std::ios::app) << "more";
      ++changes;
    }
    starts = update.done == last && !starts;
    last = update.done;
  };
  const auto added = IngestFolder(*store_, {root_ + "/in"}, {.dataset = "images"}, context);
  EXPECT_EQ(added.status().code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(added.status().message()), HasSubstr("in/busy' changed while it was read"));
  EXPECT_EQ(changes, 2);
  // A change during the first try only is no error: the file is read again.
  changes = 0;
  most = 1;
  starts = true;
  EXPECT_TRUE(IngestFolder(*store_, {root_ + "/in"}, {.dataset = "images"}, context).ok());
}

TEST_F(FolderTest, AFileThatVanishesIsNamed) {
  Context context = MakeContext(pool_);
  // The first report of reading comes when the folder was looked at.
  context.progress = [&](const ProgressUpdate& update) {
    if (std::string_view(update.stage) == "reading") fs::remove(In("zz-last"));
  };
  Write(In("aa-large"), std::string(5'000'000, 'a'));
  Write(In("zz-last"), "z");
  const auto added = IngestFolder(*store_, {root_ + "/in"}, {.dataset = "images"}, context);
  EXPECT_EQ(added.status().code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(added.status().message()), HasSubstr("in/zz-last' went away"));
}

TEST_F(FolderTest, SingleFilesAreKeptUnderTheirNames) {
  const auto added = IngestFolder(*store_, {In("a/x.txt"), In("empty")}, {.dataset = "models"}, MakeContext(pool_));
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_THAT(Paths(added->version), ElementsAre("empty", "x.txt"));
  Write(root_ + "/b/x.txt", "other");
  const auto twice =
      IngestFolder(*store_, {In("a/x.txt"), root_ + "/b/x.txt"}, {.dataset = "models"}, MakeContext(pool_));
  EXPECT_THAT(std::string(twice.status().message()), HasSubstr("two files are named 'x.txt'"));
}

// --- export

TEST_F(FolderTest, AnExportWritesOnlyWhatDiffers) {
  const auto first = Add()->version;
  Write(In("a/x.txt"), "second");
  const auto second = Add()->version;
  ASSERT_TRUE(Export(first).ok());
  const auto report = Export(second);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->written, 1);
  EXPECT_EQ(report->same, 5);
  EXPECT_EQ(Read(Out("a/x.txt")), "second");
}

TEST_F(FolderTest, AnExportLosesNobodysWork) {
  const auto version = Add()->version;
  ASSERT_TRUE(Export(version).ok());
  Write(Out("a/x.txt"), "mine");
  Write(Out("mine"), "too");
  const auto refused = Export(version);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("out/a/x.txt'"));
  EXPECT_EQ(Read(Out("a/x.txt")), "mine");
  const auto forced = Export(version, /*replace=*/true);
  ASSERT_TRUE(forced.ok()) << forced.status();
  EXPECT_EQ(forced->others, 1);
  EXPECT_EQ(Read(Out("a/x.txt")), "x");
  EXPECT_EQ(Read(Out("mine")), "too");
  EXPECT_EQ(Export(version, false, /*remove=*/true)->removed, 1);
  EXPECT_FALSE(fs::exists(Out("mine")));
}

TEST_F(FolderTest, AnExportRemovesNothingFromAFolderThatItDoesNotKnow) {
  const auto version = Add()->version;
  Write(Out("letters/dear"), "mine");
  const auto refused = Export(version, /*replace=*/false, /*remove=*/true);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("holds 'letters/dear'"));
  EXPECT_EQ(Read(Out("letters/dear")), "mine");
  ASSERT_TRUE(Export(version, /*replace=*/true, /*remove=*/true).ok());
  EXPECT_FALSE(fs::exists(Out("letters")));
}

TEST_F(FolderTest, AnExportNeverGoesThroughALink) {
  const auto version = Add()->version;
  fs::create_directories(root_ + "/elsewhere");
  fs::create_directories(root_ + "/out");
  fs::create_directory_symlink(root_ + "/elsewhere", Out("a"));
  const auto refused = Export(version, /*replace=*/true);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("out/a' is no folder"));
  EXPECT_TRUE(fs::is_empty(root_ + "/elsewhere"));
  ASSERT_TRUE(Export(version, true, /*remove=*/true).ok());
  EXPECT_EQ(Read(Out("a/x.txt")), "x");
  EXPECT_TRUE(fs::is_empty(root_ + "/elsewhere"));
}

TEST_F(FolderTest, TheWorkspaceIsNoPartOfItsOwnDatasets) {
  const std::vector<std::string> left_out{root_ + "/.roost"};
  const auto added = IngestFolder(*store_, {root_}, {.dataset = "all", .left_out = left_out}, MakeContext(pool_));
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->version.files, 5);
}

}  // namespace
}  // namespace roost::ingest
