#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/status.h"
#include "store/bit_pack.h"
#include "store/dataset_ref.h"
#include "store/leaf_codec.h"
#include "store/local_object_store.h"
#include "store/pack.h"
#include "store/tile_cutter.h"

namespace roost::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uid_t kNobody = 65534;

/// A folder of this test alone, empty.
std::string FreshFolder() {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string folder =
      fmt::format("{}roost_{}_{}_{}", ::testing::TempDir(), test->test_suite_name(), test->name(), ::getpid());
  std::filesystem::remove_all(folder);
  return folder;
}

// --- objects

TEST(LocalObjectStore, WhatWasPutIsReadBack) {
  const auto objects = *LocalObjectStore::Open(FreshFolder());
  ASSERT_TRUE(objects->Put("packs/a.pack", "0123456789").ok());
  EXPECT_EQ(*objects->Get("packs/a.pack"), "0123456789");
  EXPECT_EQ(*objects->GetRange("packs/a.pack", 3, 4), "3456");
  EXPECT_EQ(*objects->Size("packs/a.pack"), 10u);
  EXPECT_TRUE(*objects->Exists("packs/a.pack"));
}

TEST(LocalObjectStore, ASecondPutKeepsTheFirst) {
  const auto objects = *LocalObjectStore::Open(FreshFolder());
  ASSERT_TRUE(objects->Put("a", "first").ok());
  ASSERT_TRUE(objects->Put("a", "second").ok());
  EXPECT_EQ(*objects->Get("a"), "first");
}

TEST(LocalObjectStore, WhatIsMissingIsNotFound) {
  const auto objects = *LocalObjectStore::Open(FreshFolder());
  EXPECT_TRUE(absl::IsNotFound(objects->Get("a").status()));
  EXPECT_TRUE(absl::IsNotFound(objects->GetRange("a", 0, 1).status()));
  EXPECT_TRUE(absl::IsNotFound(objects->Size("a").status()));
  EXPECT_FALSE(*objects->Exists("a"));
  EXPECT_TRUE(objects->Delete("a").ok());
}

TEST(LocalObjectStore, ARangePastTheEndIsDataLoss) {
  const auto objects = *LocalObjectStore::Open(FreshFolder());
  ASSERT_TRUE(objects->Put("a", "0123").ok());
  EXPECT_TRUE(absl::IsDataLoss(objects->GetRange("a", 2, 3).status()));
  EXPECT_TRUE(absl::IsDataLoss(objects->GetRange("a", ~uint64_t{0}, 2).status()));
}

TEST(LocalObjectStore, LeftoversOfKilledWritersAreNeverListed) {
  const std::string folder = FreshFolder();
  const auto objects = *LocalObjectStore::Open(folder);
  ASSERT_TRUE(objects->Put("names/b", "1").ok());
  ASSERT_TRUE(objects->Put("names/a", "2").ok());
  ASSERT_TRUE(objects->Put("packs/c", "3").ok());
  std::ofstream(folder + "/names/.put-1-1") << "half";
  EXPECT_THAT(*objects->List("names"), ElementsAre("names/a", "names/b"));
  EXPECT_THAT(*objects->List(""), ElementsAre("names/a", "names/b", "packs/c"));
  EXPECT_THAT(*objects->List("nothing"), IsEmpty());
  ASSERT_TRUE(objects->Delete("names/a").ok());
  EXPECT_THAT(*objects->List("names"), ElementsAre("names/b"));
}

TEST(LocalObjectStore, KeysCannotLeaveTheFolder) {
  const auto objects = *LocalObjectStore::Open(FreshFolder());
  for (const char* key : {"", "../a", "a/../b", "/a", "a//b", "a/", ".put-1", "a b", "a\n"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(objects->Put(key, "x"))) << key;
  }
}

TEST(LocalObjectStore, AFolderThatCannotBeWrittenIsPermissionDenied) {
  const std::string folder = FreshFolder();
  const auto objects = *LocalObjectStore::Open(folder);
  ASSERT_EQ(::chmod(folder.c_str(), 0555), 0);
  // Root may write anywhere, so another user tries it: in a child, for a process cannot take its rights back.
  const pid_t child = ::fork();
  ASSERT_NE(child, -1);
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(kNobody) != 0) ::_exit(2);
    ::_exit(absl::IsPermissionDenied(objects->Put("a", "x")) ? 0 : 1);
  }
  int exit = -1;
  ASSERT_EQ(::waitpid(child, &exit, 0), child);
  EXPECT_EQ(exit, 0);
  EXPECT_FALSE(*objects->Exists("a"));
}

// --- references

TEST(DatasetRef, ReadsWhatPeopleWrite) {
  EXPECT_EQ(*ParseDatasetRef("flights@3"), (DatasetRef{"flights", 3}));
  EXPECT_EQ(*ParseDatasetRef("flights@latest"), (DatasetRef{"flights", std::nullopt}));
  EXPECT_EQ(*ParseDatasetRef("a.b-c_9"), (DatasetRef{"a.b-c_9", std::nullopt}));
  EXPECT_EQ(ParseDatasetRef("flights@3")->ToString(), "flights@3");
}

TEST(DatasetRef, RefusesEverythingElse) {
  for (const char* text : {"", "@3", ".a", "-a", "a b", "a/b", "a@", "a@0", "a@-1", "a@1x", "a@99999999999999999999"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseDatasetRef(text).status())) << text;
  }
  EXPECT_TRUE(ParseDatasetRef(std::string(100, 'a')).ok());
  EXPECT_FALSE(ParseDatasetRef(std::string(101, 'a')).ok());
}

// --- bits, leaves and their codecs

TEST(BitPack, EveryWidthIsReadBack) {
  std::mt19937_64 random(1);
  for (int width = 0; width <= 64; ++width) {
    for (const size_t count : {0, 1, 7, 8, 9, 100}) {
      std::vector<uint64_t> numbers(count);
      for (uint64_t& number : numbers) number = width == 0 ? 0 : random() >> (64 - width);
      std::string packed;
      AppendPacked(packed, numbers, width);
      ASSERT_EQ(packed.size(), PackedSize(count, width));
      std::vector<uint64_t> read(count);
      ASSERT_TRUE(Unpack(packed, width, read).ok());
      ASSERT_EQ(read, numbers) << width;
    }
  }
}

constexpr const char* kTags[] = {"null",
                                 "bool",
                                 "int8",
                                 "int16",
                                 "int32",
                                 "int64",
                                 "uint8",
                                 "uint16",
                                 "uint32",
                                 "uint64",
                                 "float",
                                 "double",
                                 "date32[day]",
                                 "timestamp[us]",
                                 "utf8",
                                 "binary",
                                 "decimal128(20, 3)",
                                 "halffloat",
                                 "decimal32(5, 1)",
                                 "decimal64(12, 2)",
                                 "month_interval",
                                 "fixed_size_binary[3]",
                                 "fixed_size_binary[0]"};

/// How the values of a generated leaf are spread; each shape favours another codec.
enum class Shape { kRandom, kFew, kAscending, kNarrow, kConstant };

uint64_t NextNumber(Shape shape, int64_t row, std::mt19937_64& random) {
  switch (shape) {
    case Shape::kRandom: return random();
    case Shape::kFew: return (random() % 5) * 0x123456789abcdefULL;
    case Shape::kAscending: return static_cast<uint64_t>(row) * 1000 + random() % 10;
    case Shape::kNarrow: return static_cast<uint64_t>(static_cast<int64_t>(random() % 100) - 50);
    default: return std::bit_cast<uint64_t>(-0.0);
  }
}

/// A leaf in canonical form. Random bits of a double are NaNs with payloads now and then.
Leaf MakeLeaf(std::string_view tag, int64_t rows, Shape shape, bool with_nulls, uint64_t seed) {
  std::mt19937_64 random(seed);
  Leaf leaf{.type = *LeafTypeOf(tag), .rows = rows};
  const LeafForm form = leaf.type.form;
  if (form == LeafForm::kVariable) leaf.offsets.push_back(0);
  if (form == LeafForm::kBool) leaf.values.assign(static_cast<size_t>(rows + 7) / 8, '\0');
  std::string validity(static_cast<size_t>(rows + 7) / 8, '\0');
  for (int64_t row = 0; row < rows; ++row) {
    const bool valid = !with_nulls || random() % 3 != 0;
    if (valid) validity[row / 8] = static_cast<char>(validity[row / 8] | (1 << (row % 8)));
    leaf.nulls += valid ? 0 : 1;
    const uint64_t number = valid ? NextNumber(shape, row, random) : 0;
    std::string bytes;
    AppendFixed(bytes, number);
    AppendFixed(bytes, number >> 1);
    if (form == LeafForm::kFixed) leaf.values.append(bytes, 0, static_cast<size_t>(leaf.type.width));
    if (form == LeafForm::kBool && (number & 1) != 0) {
      leaf.values[row / 8] = static_cast<char>(leaf.values[row / 8] | (1 << (row % 8)));
    }
    if (form != LeafForm::kVariable) continue;
    if (valid) leaf.values += fmt::format("{:x}", number).substr(0, number % 17);
    leaf.offsets.push_back(static_cast<int32_t>(leaf.values.size()));
  }
  if (form == LeafForm::kNull) leaf.nulls = 0;
  if (leaf.nulls > 0) leaf.validity = validity;
  return leaf;
}

TEST(LeafCodec, EveryTypeAndShapeIsReadBackToTheBit) {
  for (const char* tag : kTags) {
    for (const Shape shape : {Shape::kRandom, Shape::kFew, Shape::kAscending, Shape::kNarrow, Shape::kConstant}) {
      for (const int64_t rows : {0, 1, 9, 1000, 5000}) {
        for (const bool with_nulls : {false, true}) {
          const Leaf leaf = MakeLeaf(tag, rows, shape, with_nulls, /*seed=*/static_cast<uint64_t>(rows));
          const absl::StatusOr<Leaf> read = DecodeLeaf(EncodeLeaf(leaf));
          ASSERT_TRUE(read.ok()) << tag << ' ' << rows << ' ' << read.status();
          ASSERT_EQ(read->type, leaf.type);
          ASSERT_EQ(read->nulls, leaf.nulls);
          ASSERT_EQ(read->validity, leaf.validity);
          ASSERT_EQ(read->values, leaf.values) << tag << ' ' << rows;
          ASSERT_EQ(read->offsets, leaf.offsets);
          ASSERT_EQ(IdOf(*read), IdOf(leaf));
        }
      }
    }
  }
}

TEST(LeafCodec, FewStringsAndNarrowNumbersBecomeSmall) {
  const Leaf few = MakeLeaf("utf8", 8192, Shape::kFew, false, 1);
  EXPECT_LT(EncodeLeaf(few).size(), few.values.size() / 8);
  const Leaf narrow = MakeLeaf("int64", 8192, Shape::kNarrow, false, 1);
  EXPECT_LT(EncodeLeaf(narrow).size(), narrow.values.size() / 8);
}

TEST(LeafCodec, StringsComeAsCodesOnRequest) {
  for (const Shape shape : {Shape::kFew, Shape::kRandom}) {
    const Leaf leaf = MakeLeaf("utf8", 3000, shape, true, 2);
    const absl::StatusOr<Leaf> read = DecodeLeaf(EncodeLeaf(leaf), /*as_dictionary=*/true);
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_TRUE(read->is_dictionary);
    for (int64_t row = 0; row < leaf.rows; ++row) {
      ASSERT_EQ(read->Variable(read->codes[static_cast<size_t>(row)]), leaf.Variable(row));
    }
  }
}

TEST(LeafCodec, HugeStringsAreReadBack) {
  Leaf leaf{.type = *LeafTypeOf("utf8"), .rows = 2};
  leaf.values = std::string(5 << 20, 'x') + "y";
  leaf.offsets = {0, 5 << 20, (5 << 20) + 1};
  EXPECT_EQ(DecodeLeaf(EncodeLeaf(leaf))->values, leaf.values);
}

TEST(LeafCodec, NoTruncationOrFlippedBitGoesUnseenOrCrashes) {
  for (const char* tag : {"int64", "utf8", "double", "bool", "int32"}) {
    for (const Shape shape : {Shape::kRandom, Shape::kFew, Shape::kNarrow}) {
      const Leaf leaf = MakeLeaf(tag, 40, shape, true, 3);
      const std::string record = EncodeLeaf(leaf);
      for (size_t length = 0; length < record.size(); ++length) {
        ASSERT_TRUE(absl::IsDataLoss(DecodeLeaf(record.substr(0, length)).status())) << tag << ' ' << length;
      }
      for (size_t bit = 0; bit < 8 * record.size(); ++bit) {
        std::string flipped = record;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
        ASSERT_NE(Crc32c(flipped), Crc32c(record));
        const absl::StatusOr<Leaf> read = DecodeLeaf(flipped);
        ASSERT_TRUE(read.ok() || absl::IsDataLoss(read.status())) << read.status();
      }
    }
  }
}

TEST(Leaf, TheIdTellsTypesNullsAndRowsApart) {
  const Leaf leaf = MakeLeaf("int64", 100, Shape::kNarrow, false, 4);
  Leaf other = leaf;
  other.type = *LeafTypeOf("uint64");
  EXPECT_NE(IdOf(other), IdOf(leaf));
  EXPECT_NE(IdOf(MakeLeaf("null", 1, Shape::kFew, false, 0)), IdOf(MakeLeaf("null", 2, Shape::kFew, false, 0)));
}

// --- packs and tiles

TEST(Pack, TheIndexIsReadBackAndDamageIsSeen) {
  PackWriter writer;
  for (int i = 0; i < 20; ++i) writer.Add(Sha256(fmt::format("{}", i)), fmt::format("\x01record {}", i));
  const Pack pack = writer.Finish();
  EXPECT_TRUE(writer.empty());
  ASSERT_TRUE(ReadPackIndex(pack.bytes).ok());
  EXPECT_EQ(*ReadPackIndex(pack.bytes), pack.entries);
  EXPECT_EQ(pack.bytes.substr(pack.entries[7].offset, pack.entries[7].length), "\x01record 7");
  for (size_t length = 0; length < pack.bytes.size(); ++length) {
    ASSERT_TRUE(absl::IsDataLoss(ReadPackIndex(pack.bytes.substr(0, length)).status()));
  }
  const size_t index = pack.entries.back().offset + pack.entries.back().length;
  for (size_t bit = 8 * index; bit < 8 * pack.bytes.size(); ++bit) {
    std::string flipped = pack.bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_TRUE(absl::IsDataLoss(ReadPackIndex(flipped).status()));
  }
}

TEST(TileCutter, AnySplitOfTheRowsGivesTheSameTilesWithinTheirBounds) {
  std::mt19937_64 random(5);
  constexpr size_t kRows = 300'000;
  std::vector<uint64_t> hashes(kRows);
  for (uint64_t& hash : hashes) hash = random();
  std::vector<std::vector<int32_t>> bytes(1, std::vector<int32_t>(kRows, 10));
  for (size_t row = 100'000; row < 100'010; ++row) bytes[0][row] = 20 << 20;
  const std::vector<int64_t> whole = TileCutter(12, 1).Cut(hashes, bytes);
  for (size_t i = 1; i < whole.size(); ++i) EXPECT_LE(whole[i] - whole[i - 1], 4 << 12);
  for (int round = 0; round < 5; ++round) {
    TileCutter cutter(12, 1);
    std::vector<int64_t> cuts;
    for (size_t start = 0; start < kRows;) {
      const size_t length = std::min<size_t>(1 + random() % 20'000, kRows - start);
      const std::vector<std::vector<int32_t>> part{{bytes[0].begin() + static_cast<std::ptrdiff_t>(start),
                                                    bytes[0].begin() + static_cast<std::ptrdiff_t>(start + length)}};
      for (const int64_t cut : cutter.Cut(std::span(hashes).subspan(start, length), part)) {
        cuts.push_back(cut + static_cast<int64_t>(start));
      }
      start += length;
    }
    EXPECT_EQ(cuts, whole);
  }
}

}  // namespace
}  // namespace roost::store
