// Merges of datasets of files, path by path.
#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "store/files_commit.h"
#include "store/merge.h"
#include "store/testing/merge_fixture.h"
#include "store/tree_reader.h"

namespace roost::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TreeEntry File(const std::string& path, const std::string& content) {
  TreeEntry entry{.path = path};
  entry.content.size = content.size();
  entry.content.sha256 = Sha256(content);
  return entry;
}

TreeEntry Folder(const std::string& path) { return {.path = path, .type = EntryType::kFolder}; }

class MergeFilesTest : public MergeTest {
 protected:
  /// A version with files that have no content of their own: what they are is told by size and digest.
  CommitInfo AddFiles(std::vector<TreeEntry> entries, const std::string& branch = "") {
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    const auto make = [&](const std::optional<CommitInfo>&, RecordWriter& records) {
      for (TreeEntry& entry : entries) {
        if (entry.content.size == 0 || !entry.content.parts.empty()) continue;
        const std::string chunk = entry.path + entry.content.sha256.ToHex();
        const Digest id = IdOfObject(kChunkTag, chunk);
        EXPECT_TRUE(records.Add(id, EncodeChunk(chunk)).ok());
        entry.content.size = chunk.size();
        entry.content.parts = {{.id = id, .bytes = chunk.size()}};
      }
      return WriteTreeOf(entries, {}, records);
    };
    auto info = store_->CommitFiles({.dataset = dataset_, .branch = branch}, make, context_);
    EXPECT_TRUE(info.ok()) << info.status();
    return info.ok() ? *info : CommitInfo{};
  }

  std::vector<std::string> Paths(const std::string& branch = "main") {
    const CommitInfo info = *store_->Resolve({.name = dataset_, .label = branch});
    const Tree tree = *LoadTree(*store_, info);
    std::vector<std::string> paths;
    const auto entries = *LoadEntries(*store_, tree.parts, context_);
    for (const TreeEntry& entry : entries) {
      paths.push_back(entry.path + " " + entry.content.sha256.ToHex().substr(0, 4));
    }
    return paths;
  }

  static std::string Name(const std::string& path, const std::string& content) {
    return path + " " + Sha256(content).ToHex().substr(0, 4);
  }
};

TEST_F(MergeFilesTest, FilesAreMergedByTheirPaths) {
  AddFiles({File("a", "1"), File("b", "1"), File("c", "1"), File("d", "1"), File("e", "1")});
  MakeBranch("theirs", 1);
  // There: b changed, c removed, f new, e changed.
  AddFiles({File("a", "1"), File("b", "2"), File("d", "1"), File("e", "3"), File("f", "1")}, "theirs");
  // Here: a changed, d removed, g new.
  AddFiles({File("a", "2"), File("b", "1"), File("c", "1"), File("e", "1"), File("g", "1")});
  const MergeResult result = MergeInto();
  EXPECT_EQ(result.outcome, MergeResult::Outcome::kMerged);
  EXPECT_EQ(result.added, 1);
  EXPECT_EQ(result.removed, 1);
  EXPECT_EQ(result.changed, 2);
  EXPECT_EQ(result.version.parents.size(), 2u);
  EXPECT_THAT(Paths(), ElementsAre(Name("a", "2"), Name("b", "2"), Name("e", "3"), Name("f", "1"), Name("g", "1")));
}

TEST_F(MergeFilesTest, AFileThatBothChangedIsAConflict) {
  AddFiles({File("a", "1"), File("b", "1"), File("c", "1")});
  MakeBranch("theirs", 1);
  AddFiles({File("a", "2"), File("c", "2")}, "theirs");
  AddFiles({File("a", "3"), File("b", "2"), File("c", "2")});
  const MergeResult failed = MergeInto();
  EXPECT_EQ(failed.outcome, MergeResult::Outcome::kConflicts);
  ASSERT_THAT(failed.conflicts, SizeIs(2));
  EXPECT_EQ(failed.conflicts[0].where, "a");
  EXPECT_EQ(failed.conflicts[1].where, "b");
  EXPECT_EQ(failed.conflicts[1].theirs, "not there");
  EXPECT_EQ(MergeInto("", "theirs", OnConflict::kTheirs).outcome, MergeResult::Outcome::kMerged);
  EXPECT_THAT(Paths(), ElementsAre(Name("a", "2"), Name("c", "2")));
}

TEST_F(MergeFilesTest, AFileAgainstAFolderOfItsNameIsAConflictThatThePolicyDecides) {
  const std::vector<TreeEntry> base{File("a", "1"), File("d/x", "1"), File("d/y", "1"), File("e/x", "1")};
  // Here: d is a file, e is emptied, f is a file. There: d/x changed, something new in e and in f, a.
  const std::vector<TreeEntry> ours{File("a", "1"), File("d", "2"), Folder("e"), File("f", "1")};
  const std::vector<TreeEntry> theirs{File("a", "2"),   File("d/x", "3"), File("d/y", "1"),
                                      File("e/x", "1"), File("e/z", "1"), File("f/g/h", "1")};
  for (const bool swapped : {false, true}) {
    SCOPED_TRACE(swapped);
    dataset_ = swapped ? "swapped" : "plain";
    AddFiles(base);
    MakeBranch("theirs", 1);
    AddFiles(swapped ? ours : theirs, "theirs");
    AddFiles(swapped ? theirs : ours);
    MakeBranch("mine", 3);
    const MergeResult failed = MergeInto();
    EXPECT_EQ(failed.outcome, MergeResult::Outcome::kConflicts);
    std::vector<std::string> where;
    for (const Conflict& conflict : failed.conflicts) where.push_back(conflict.where);
    ASSERT_THAT(where, ElementsAre("d", "e", "f"));
    const Conflict& first = failed.conflicts[0];
    EXPECT_EQ(first.base, "folder with d/x and 1 more");
    EXPECT_EQ(swapped ? first.ours : first.theirs, "folder with d/x and 1 more");
    EXPECT_EQ(swapped ? failed.conflicts[1].theirs : failed.conflicts[1].ours, "empty folder");
    EXPECT_EQ(swapped ? failed.conflicts[2].ours : failed.conflicts[2].theirs, "folder with f/g/h");
    // With each policy the clashing paths are those of one side, wholly; `a` is merged.
    const std::vector<std::string> files{Name("a", "2"), Name("d", "2"), "e 0000", Name("f", "1")};
    const std::vector<std::string> folders{Name("a", "2"),   Name("d/x", "3"), Name("d/y", "1"),
                                           Name("e/x", "1"), Name("e/z", "1"), Name("f/g/h", "1")};
    EXPECT_EQ(MergeInto("mine", "theirs", OnConflict::kOurs).outcome, MergeResult::Outcome::kMerged);
    EXPECT_EQ(Paths("mine"), swapped ? folders : files);
    EXPECT_EQ(MergeInto("", "theirs", OnConflict::kTheirs).outcome, MergeResult::Outcome::kMerged);
    EXPECT_EQ(Paths(), swapped ? files : folders);
  }
}

/// A tree of files and empty folders, few paths of up to three names each.
std::vector<TreeEntry> RandomTree(std::mt19937_64& random, const std::string& folder = "", int depth = 0) {
  std::vector<TreeEntry> entries;
  for (const char* name : {"a", "b", "c"}) {
    const std::string path = folder + name;
    const uint64_t what = random() % 6;
    if (what < 2) entries.push_back(File(path, std::to_string(random() % 2)));
    if (what == 2) entries.push_back(Folder(path));
    if (what != 3 || depth == 2) continue;
    const std::vector<TreeEntry> inside = RandomTree(random, path + "/", depth + 1);
    entries.insert(entries.end(), inside.begin(), inside.end());
  }
  return entries;
}

TEST_F(MergeFilesTest, AnyTwoTreesMergeWithAPolicyAndWithoutConflictsBothWaysAlike) {
  std::mt19937_64 random(10);
  std::map<MergeResult::Outcome, int> outcomes;
  for (int round = 0; round < 150; ++round) {
    SCOPED_TRACE(round);
    dataset_ = fmt::format("d{}", round);
    const std::vector<TreeEntry> base = RandomTree(random);
    AddFiles(base);
    MakeBranch("theirs", 1);
    const CommitInfo theirs = AddFiles(RandomTree(random), "theirs");
    const CommitInfo ours = AddFiles(RandomTree(random));
    if (theirs.unchanged || ours.unchanged) continue;
    MakeBranch("mine", ours.version);
    const MergeResult result = MergeInto("mine");
    ++outcomes[result.outcome];
    if (result.outcome == MergeResult::Outcome::kMerged) {
      EXPECT_EQ(MergeInto("theirs", "main").outcome, MergeResult::Outcome::kMerged);
      EXPECT_EQ(Paths("mine"), Paths("theirs"));
      continue;
    }
    EXPECT_EQ(MergeInto("mine", "theirs", OnConflict::kOurs).outcome, MergeResult::Outcome::kMerged);
    EXPECT_EQ(MergeInto("", "theirs", OnConflict::kTheirs).outcome, MergeResult::Outcome::kMerged);
    // The other way round the other one wins.
    MakeBranch("other", theirs.version);
    EXPECT_EQ(MergeInto("other", std::to_string(ours.version), OnConflict::kOurs).outcome,
              MergeResult::Outcome::kMerged);
    EXPECT_EQ(Paths("other"), Paths());
  }
  EXPECT_GT(outcomes[MergeResult::Outcome::kMerged], 5);
  EXPECT_GT(outcomes[MergeResult::Outcome::kConflicts], 50);
}

TEST_F(MergeFilesTest, AFolderThatOnlyOneSideMadeAFileIsNoConflict) {
  AddFiles({File("a/x", "1"), File("a/y", "1"), File("b", "1"), Folder("c"), File("k", "1")});
  MakeBranch("theirs", 1);
  AddFiles({File("a", "1"), File("b/x", "1"), File("c/x", "1"), File("k", "1")}, "theirs");
  // Here y is removed too: of what theirs put in place of the folder nothing was changed.
  AddFiles({File("a/x", "1"), File("b", "1"), Folder("c"), File("k", "2")});
  const MergeResult result = MergeInto();
  EXPECT_EQ(result.outcome, MergeResult::Outcome::kMerged);
  EXPECT_THAT(Paths(), ElementsAre(Name("a", "1"), Name("b/x", "1"), Name("c/x", "1"), Name("k", "2")));
}

}  // namespace
}  // namespace roost::store
