#include "store/tree.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/thread_pool.h"
#include "store/chunker.h"
#include "store/content_writer.h"
#include "store/files_commit.h"
#include "store/leaf.h"
#include "store/reachable.h"
#include "store/store.h"
#include "store/tree_diff.h"
#include "store/tree_reader.h"

namespace roost::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string RandomBytes(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(size + 8, '\0');
  for (size_t i = 0; i < size; i += 8) {
    const uint64_t number = random();
    std::copy_n(reinterpret_cast<const char*>(&number), 8, bytes.data() + i);
  }
  bytes.resize(size);
  return bytes;
}

std::vector<Digest> ChunkIds(std::string_view bytes) {
  std::vector<Digest> ids;
  for (const size_t size : ChunkSizes(bytes)) {
    ids.push_back(IdOfObject(kChunkTag, bytes.substr(0, size)));
    bytes.remove_prefix(size);
  }
  return ids;
}

// --- chunker

TEST(Chunker, SizesAddUpAndKeepTheirBounds) {
  const std::string bytes = RandomBytes(4'000'000, 1);
  const std::vector<size_t> sizes = ChunkSizes(bytes);
  size_t total = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    total += sizes[i];
    EXPECT_LE(sizes[i], kMaxChunkBytes);
    if (i + 1 < sizes.size()) {
      EXPECT_GE(sizes[i], kMinChunkBytes);
    }
  }
  EXPECT_EQ(total, bytes.size());
  EXPECT_NEAR(static_cast<double>(bytes.size()) / static_cast<double>(sizes.size()), 65536 * 1.1, 16384);
  EXPECT_THAT(ChunkSizes(""), IsEmpty());
  EXPECT_THAT(ChunkSizes("short"), ElementsAre(5));
  EXPECT_THAT(ChunkSizes(std::string(600'000, 'a')),
              ElementsAre(kMaxChunkBytes, kMaxChunkBytes, 600'000 - 2 * kMaxChunkBytes));
}

// The cuts are part of the format: other ones would store everything again.
TEST(Chunker, CutsAreThoseOfTheFormat) {
  std::string bytes;
  for (int i = 0; i < 12'500; ++i) {
    const Digest digest = Sha256(fmt::format("{}", i));
    bytes.append(reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size());
  }
  // As a program of its own, written from the document, cuts them.
  EXPECT_THAT(ChunkSizes(bytes), ElementsAre(92271, 88913, 36469, 69893, 50736, 61718));
}

TEST(Chunker, CutsDoNotDependOnHowTheBytesCome) {
  const std::string bytes = RandomBytes(1'000'000, 2);
  const std::vector<size_t> whole = ChunkSizes(bytes);
  std::mt19937_64 random(3);
  for (const size_t most : {size_t{1000}, size_t{20'000}, size_t{300'000}}) {
    Chunker chunker;
    std::vector<size_t> sizes;
    for (std::string_view rest = bytes; !rest.empty();) {
      const size_t size = std::min(rest.size(), 1 + random() % most);
      chunker.Add(rest.substr(0, size), sizes);
      rest.remove_prefix(size);
    }
    if (const size_t last = chunker.Finish(); last > 0) sizes.push_back(last);
    EXPECT_EQ(sizes, whole);
  }
}

TEST(Chunker, AnEditMakesFewNewChunks) {
  std::mt19937_64 random(4);
  const std::string bytes = RandomBytes(1'500'000, 5);
  const std::vector<Digest> ids = ChunkIds(bytes);
  const absl::flat_hash_set<Digest> before(ids.begin(), ids.end());
  for (int edit = 0; edit < 6; ++edit) {
    std::string changed = bytes;
    const size_t place = random() % bytes.size();
    if (edit % 3 == 0) changed[place] = static_cast<char>(changed[place] + 1);
    if (edit % 3 == 1) changed.insert(place, RandomBytes(100, edit));
    if (edit % 3 == 2) changed.erase(place, 1000);
    int64_t fresh = 0;
    for (const Digest& id : ChunkIds(changed)) fresh += before.contains(id) ? 0 : 1;
    EXPECT_GE(fresh, 1);
    EXPECT_LE(fresh, 5) << "edit " << edit;
  }
}

TEST(Chunk, ComesBackAndIsOnlyCompressedWhereThatHelps) {
  const std::string noise = RandomBytes(60'000, 6);
  const std::string text(60'000, 'x');
  for (const std::string& bytes : {noise, text, std::string("a"), RandomBytes(100, 1)}) {
    const std::string record = EncodeChunk(bytes);
    EXPECT_EQ(*DecodeChunk(record, IdOfObject(kChunkTag, bytes)), bytes);
    EXPECT_LE(record.size(), bytes.size() + 5);
    EXPECT_EQ(DecodeChunk(record, IdOfObject(kChunkTag, "other")).status().code(), absl::StatusCode::kDataLoss);
  }
  EXPECT_LT(EncodeChunk(text).size(), 100u);
}

// --- trees as bytes

TreeEntry File(std::string path, std::string_view bytes, EntryType type = EntryType::kFile) {
  TreeEntry entry{.path = std::move(path), .type = type};
  entry.content = {.size = bytes.size(), .sha256 = Sha256(bytes)};
  for (const Digest& id : ChunkIds(bytes)) entry.content.parts.push_back({.id = id, .bytes = bytes.size()});
  return entry;
}

std::vector<TreeEntry> SomeEntries() {
  return {File("a", "1"),
          File("a-b", ""),
          File("b/c/run", "22", EntryType::kExecutable),
          TreeEntry{.path = "b/link", .type = EntryType::kLink, .target = "../../etc/passwd"},
          TreeEntry{.path = "e", .type = EntryType::kFolder},
          File("ü/日本", "333")};
}

TEST(Tree, PartsComeBack) {
  const auto entries = SomeEntries();
  EXPECT_EQ(*ReadTreePart(WriteTreePart(entries)), entries);
  const std::vector<ContentPart> chunks{{Sha256("a"), 5}, {Sha256("b"), 6}};
  EXPECT_EQ(*ReadChunkList(WriteChunkList(chunks)), chunks);
  const Tree tree{.files = 5, .bytes = 6, .parts = {{Sha256("p"), 6, "a"}, {Sha256("q"), 7, "m/n"}}};
  EXPECT_EQ(*ReadTree(WriteTree(tree)), tree);
}

TEST(Tree, DamagedBytesAreRefusedAndNeverCrash) {
  const std::string part = WriteTreePart(SomeEntries());
  std::mt19937_64 random(9);
  for (int i = 0; i < 3000; ++i) {
    std::string bytes = part;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    if (i % 3 == 0) bytes.resize(random() % bytes.size());
    const auto entries = ReadTreePart(bytes);
    if (entries.ok()) {
      for (const TreeEntry& entry : *entries) EXPECT_TRUE(CheckTreePath(entry.path).ok());
    } else {
      EXPECT_EQ(entries.status().code(), absl::StatusCode::kDataLoss);
    }
    ReadTree(bytes).IgnoreError();
    ReadChunkList(bytes).IgnoreError();
  }
}

TEST(Tree, PathsThatLeaveTheFolderAreRefused) {
  for (const char* path : {"", "/a", "a/", "a//b", "..", "a/../b", "./a", "\xff", "a/\xc3\x28"}) {
    EXPECT_EQ(CheckTreePath(path).code(), absl::StatusCode::kInvalidArgument) << path;
    EXPECT_FALSE(ReadTreePart(WriteTreePart(std::vector{File(path, "1")})).ok()) << path;
  }
  EXPECT_TRUE(CheckTreePath("..a/b.. /ü").ok());
  EXPECT_THAT(std::string(CheckTreePath("a\xff").message()), HasSubstr("'a\\xff'"));
}

// --- trees in a store

class TreeStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fmt::format("{}roost_tree_{}_{}", ::testing::TempDir(), test->name(), ::getpid());
    std::filesystem::remove_all(folder_);
    store_ = *Store::Create(folder_ + "/.roost");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Context MakeContext() { return {.pool = &pool_}; }

  /// Commits files given as path and content, in order.
  absl::StatusOr<CommitInfo> Commit(const std::vector<std::pair<std::string, std::string>>& files) {
    const Context context = MakeContext();
    return store_->CommitFiles(
        {.dataset = "images"},
        [&](const std::optional<CommitInfo>& parent, RecordWriter& records) -> absl::StatusOr<StoredTree> {
          ContentWriter writer(records, context);
          std::vector<std::string_view> contents;
          for (const auto& file : files) contents.push_back(file.second);
          const auto stored = writer.AddWhole(contents);
          if (!stored.ok()) return stored.status();
          std::vector<TreeEntry> entries;
          for (size_t i = 0; i < files.size(); ++i)
            entries.push_back({.path = files[i].first, .content = stored->at(i)});
          absl::flat_hash_set<Digest> known;
          if (parent.has_value()) {
            const Tree tree = *LoadTree(*store_, *parent);
            for (const TreePart& part : tree.parts) known.insert(part.id);
          }
          return WriteTreeOf(entries, known, records);
        },
        context);
  }

  std::string ReadAll(const CommitInfo& info, const std::string& path) {
    const auto entry = FindEntry(*store_, info, path);
    EXPECT_TRUE(entry.ok()) << entry.status();
    std::string bytes;
    const Context context = MakeContext();
    EXPECT_TRUE(ReadContent(
                    *store_, entry->content, path,
                    [&](std::string_view some) {
                      bytes += some;
                      return absl::OkStatus();
                    },
                    context)
                    .ok());
    EXPECT_EQ(Sha256(bytes), entry->content.sha256);
    return bytes;
  }

  ThreadPool pool_{3};
  std::string folder_;
  std::unique_ptr<Store> store_;
};

TEST_F(TreeStoreTest, FilesOfAllSizesComeBackFromEveryVersion) {
  const std::string large = RandomBytes(3'500'000, 11);  // more chunks than an entry names
  const auto first = Commit({{"empty", ""}, {"large", large}, {"small", "text"}});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->files, 3);
  EXPECT_EQ(first->bytes_in, 3'500'004);
  EXPECT_EQ(first->version, 1);
  EXPECT_TRUE(FindEntry(*store_, *first, "large")->content.in_lists);
  std::string edited = large;
  edited[2'000'000] ^= 1;
  const auto second = Commit({{"large", edited}, {"small", "text"}});
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_LT(second->bytes_stored, 300'000);
  EXPECT_EQ(ReadAll(*first, "large"), large);
  EXPECT_EQ(ReadAll(*second, "large"), edited);
  EXPECT_EQ(ReadAll(*first, "empty"), "");
  EXPECT_EQ(store_->Resolve({.name = "images"})->tree, second->tree);
}

TEST_F(TreeStoreTest, AStreamIsStoredAsTheWholeIs) {
  const std::string bytes = RandomBytes(9'500'000, 12);
  const Context context = MakeContext();
  RecordWriter records(store_->objects(), store_->records(), context);
  ContentWriter writer(records, context);
  const auto whole = writer.AddWhole(std::vector<std::string_view>{bytes});
  std::mt19937_64 random(13);
  size_t next = 0;
  const auto stream = writer.AddStream([&](char* place, size_t size) -> absl::StatusOr<size_t> {
    const size_t got = std::min({size, bytes.size() - next, size_t{1} + random() % 3'000'000});
    std::copy_n(bytes.data() + next, got, place);
    next += got;
    return got;
  });
  ASSERT_TRUE(stream.ok());
  EXPECT_EQ(*stream, whole->front());
  EXPECT_EQ(stream->sha256, Sha256(bytes));
}

TEST_F(TreeStoreTest, OneChangedFileOfManyRewritesOnePart) {
  std::vector<std::pair<std::string, std::string>> files;
  for (int i = 0; i < 3000; ++i) files.emplace_back(fmt::format("d{:02}/f{:05}", i / 100, i), fmt::format("{}", i));
  const auto first = Commit(files);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(Commit(files)->unchanged);
  files[1234].second = "changed";
  const auto second = Commit(files);
  const Tree before = *LoadTree(*store_, *first);
  const Tree after = *LoadTree(*store_, *second);
  ASSERT_EQ(before.parts.size(), after.parts.size());
  ASSERT_GT(before.parts.size(), 8u);
  int changed = 0;
  for (size_t i = 0; i < before.parts.size(); ++i) changed += before.parts[i] == after.parts[i] ? 0 : 1;
  EXPECT_EQ(changed, 1);
  const auto diff = DiffTrees(*store_, *first, *second, MakeContext());
  ASSERT_EQ(diff->changed.size(), 1u);
  EXPECT_EQ(diff->changed.front().after.path, files[1234].first);
  EXPECT_TRUE(diff->added.empty() && diff->removed.empty() && diff->renamed.empty());
}

TEST_F(TreeStoreTest, ADiffTellsWhatBecameOfEachFile) {
  const auto first = Commit({{"changed", "1"}, {"empty", ""}, {"gone", "2"}, {"old/name", "3"}, {"same", "4"}});
  const auto second = Commit({{"changed", "5"}, {"empty2", ""}, {"new", "6"}, {"new-name", "3"}, {"same", "4"}});
  const auto diff = DiffTrees(*store_, *first, *second, MakeContext());
  ASSERT_TRUE(diff.ok()) << diff.status();
  const auto paths = [](const std::vector<TreeEntry>& entries) {
    std::vector<std::string> result;
    for (const TreeEntry& entry : entries) result.push_back(entry.path);
    return result;
  };
  EXPECT_THAT(paths(diff->added), ElementsAre("empty2", "new"));
  EXPECT_THAT(paths(diff->removed), ElementsAre("empty", "gone"));
  ASSERT_EQ(diff->changed.size(), 1u);
  EXPECT_EQ(diff->changed.front().before.path, "changed");
  ASSERT_EQ(diff->renamed.size(), 1u);
  EXPECT_EQ(diff->renamed.front().before.path, "old/name");
  EXPECT_EQ(diff->renamed.front().after.path, "new-name");
  EXPECT_TRUE(DiffTrees(*store_, *first, *first, MakeContext())->empty());
}

TEST_F(TreeStoreTest, WhatIsNoTreeIsRefused) {
  EXPECT_EQ(Commit({{"a", "1"}, {"a/b", "2"}}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Commit({{"b", "1"}, {"a", "2"}}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->Resolve({.name = "images"}).status().code(), absl::StatusCode::kNotFound);
  const auto version = Commit({{"a", "1"}});
  const auto schema = store_->SchemaOf(*version);
  EXPECT_EQ(schema.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(schema.status().message()), HasSubstr("images@1 is of files"));
}

TEST_F(TreeStoreTest, EveryRecordOfAVersionIsReached) {
  const auto version = Commit({{"large", RandomBytes(3'000'000, 14)}, {"small", "x"}});
  ASSERT_TRUE(version.ok()) << version.status();
  const Context context = MakeContext();
  Reachable reachable(store_->records(), store_->tiles(), context);
  ASSERT_TRUE(reachable.AddVersion(*version).ok());
  const std::vector<Digest> ids(reachable.ids().begin(), reachable.ids().end());
  EXPECT_EQ(store_->records().Locate(ids)->size(), ids.size());
  EXPECT_EQ(std::get<int64_t>(store_->database().Query("SELECT COUNT(*) FROM records")->at(0).at(0)),
            static_cast<int64_t>(ids.size()));
}

}  // namespace
}  // namespace roost::store
