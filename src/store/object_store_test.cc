// The laws of every ObjectStore, for a folder always and for S3 where tests/store/test_s3.py has started a server and
// says so in ROOST_TEST_S3 ("s3://bucket") and in the AWS_* variables.
#include "store/object_store.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "base/status.h"
#include "store/counted_object_store.h"
#include "store/local_object_store.h"
#include "store/s3_object_store.h"
#include "store/store_location.h"

namespace roost::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string RandomBytes(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

std::vector<std::string> Kinds() {
  std::vector<std::string> kinds{"folder"};
  if (std::getenv("ROOST_TEST_S3") != nullptr) kinds.emplace_back("s3");
  return kinds;
}

class ObjectStoreTest : public ::testing::TestWithParam<std::string> {
 protected:
  ObjectStoreTest() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    std::string name = fmt::format("{}-{}-{}", test->test_suite_name(), test->name(), ::getpid());
    std::replace(name.begin(), name.end(), '/', '-');
    const bool is_s3 = GetParam() == "s3";
    place_ = is_s3 ? fmt::format("{}/{}", std::getenv("ROOST_TEST_S3"), name)
                   : fmt::format("{}{}", ::testing::TempDir(), name);
    if (!is_s3) std::filesystem::remove_all(place_);
    auto store = OpenObjects({.objects = place_, .database = ""});
    EXPECT_TRUE(store.ok()) << store.status();
    if (store.ok()) store_ = *std::move(store);
  }

  void SetUp() override { ASSERT_NE(store_, nullptr); }

  std::string place_;
  std::unique_ptr<ObjectStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Of, ObjectStoreTest, ::testing::ValuesIn(Kinds()),
                         [](const auto& kind) { return kind.param; });

TEST_P(ObjectStoreTest, AnObjectComesBackWholeAndInPieces) {
  uint64_t seed = 1;
  for (const size_t size : {0, 1, 65535, 65536, 65537, 300'000}) {
    const std::string key = fmt::format("packs/size-{}", size);
    const std::string bytes = RandomBytes(size, seed++);
    ASSERT_EQ(store_->Put(key, bytes), absl::OkStatus());
    EXPECT_EQ(store_->Get(key).value(), bytes) << size;
    EXPECT_EQ(store_->Size(key).value(), size);
    EXPECT_TRUE(store_->Exists(key).value());
    EXPECT_EQ(store_->GetRange(key, size / 3, size / 2).value(), bytes.substr(size / 3, size / 2));
    EXPECT_EQ(store_->GetRange(key, size, 0).value(), "");
  }
}

TEST_P(ObjectStoreTest, AnObjectOfManyPartsComesBack) {
  const std::string bytes = RandomBytes(24'000'001, 7);
  ASSERT_EQ(store_->Put("packs/large", bytes), absl::OkStatus());
  EXPECT_TRUE(store_->Get("packs/large").value() == bytes);
  EXPECT_EQ(store_->GetRange("packs/large", 9'999'990, 20).value(), bytes.substr(9'999'990, 20));
}

TEST_P(ObjectStoreTest, WhatIsThereIsKept) {
  ASSERT_EQ(store_->Put("a/b", "first"), absl::OkStatus());
  ASSERT_EQ(store_->Put("a/b", "second, and longer"), absl::OkStatus());
  EXPECT_EQ(store_->Get("a/b").value(), "first");
}

TEST_P(ObjectStoreTest, WhatIsNotThereIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(store_->Get("a/none").status()));
  EXPECT_TRUE(absl::IsNotFound(store_->GetRange("a/none", 0, 1).status()));
  EXPECT_TRUE(absl::IsNotFound(store_->GetRange("a/none", 0, 0).status()));
  EXPECT_TRUE(absl::IsNotFound(store_->GetRanges("a/none", std::vector<ByteRange>{{3, 4}}).status()));
  EXPECT_TRUE(absl::IsNotFound(store_->Size("a/none").status()));
  EXPECT_FALSE(store_->Exists("a/none").value());
  EXPECT_EQ(store_->Delete("a/none"), absl::OkStatus());
  EXPECT_THAT(store_->List("a").value(), IsEmpty());
  EXPECT_THAT(store_->List("").value(), IsEmpty());
}

TEST_P(ObjectStoreTest, AFolderIsNoObject) {
  ASSERT_EQ(store_->Put("a/b/c", "x"), absl::OkStatus());
  EXPECT_FALSE(store_->Exists("a/b").value());
  EXPECT_TRUE(absl::IsNotFound(store_->Size("a").status()));
}

TEST_P(ObjectStoreTest, ARangeBeyondTheEndIsDataLoss) {
  ASSERT_EQ(store_->Put("short", "0123456789"), absl::OkStatus());
  EXPECT_EQ(store_->GetRange("short", 4, 6).value(), "456789");
  EXPECT_TRUE(absl::IsDataLoss(store_->GetRange("short", 4, 7).status()));
  EXPECT_TRUE(absl::IsDataLoss(store_->GetRange("short", 10, 1).status()));
  EXPECT_TRUE(absl::IsDataLoss(store_->GetRange("short", 500, 1).status()));
  EXPECT_TRUE(absl::IsDataLoss(store_->GetRange("short", 11, 0).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(store_->GetRanges("short", std::vector<ByteRange>{{5, ~uint64_t{0}}}).status()));
}

TEST_P(ObjectStoreTest, RangesComeInTheOrderAskedFor) {
  const std::string bytes = RandomBytes(12'000'000, 11);
  ASSERT_EQ(store_->Put("packs/p", bytes), absl::OkStatus());
  std::mt19937_64 random(12);
  std::vector<ByteRange> ranges{{0, 0}, {12'000'000, 0}, {5, 10}, {5, 10}, {0, 9'000'000}};
  while (ranges.size() < 200) {
    const uint64_t offset = random() % bytes.size();
    ranges.push_back({offset, std::min<uint64_t>(random() % 5'000, bytes.size() - offset)});
  }
  const std::vector<std::string> pieces = store_->GetRanges("packs/p", ranges).value();
  ASSERT_EQ(pieces.size(), ranges.size());
  for (size_t i = 0; i < ranges.size(); ++i) {
    ASSERT_TRUE(pieces[i] == bytes.substr(ranges[i].offset, ranges[i].length)) << i;
  }
  EXPECT_THAT(store_->GetRanges("packs/p", {}).value(), IsEmpty());
}

TEST_P(ObjectStoreTest, AListHasTheKeysOfAFolderInOrder) {
  for (const char* key : {"packs/b", "packs/a", "packs-old/z", "commits/c/2", "commits/c/10", "format.json"}) {
    ASSERT_EQ(store_->Put(key, key), absl::OkStatus());
  }
  EXPECT_THAT(store_->List("packs").value(), ElementsAre("packs/a", "packs/b"));
  EXPECT_THAT(store_->List("commits").value(), ElementsAre("commits/c/10", "commits/c/2"));
  EXPECT_THAT(store_->List("").value(),
              ElementsAre("commits/c/10", "commits/c/2", "format.json", "packs-old/z", "packs/a", "packs/b"));
}

TEST_P(ObjectStoreTest, WhatIsDeletedIsGone) {
  ASSERT_EQ(store_->Put("packs/a", "1"), absl::OkStatus());
  ASSERT_EQ(store_->Put("packs/b", "2"), absl::OkStatus());
  ASSERT_EQ(store_->Delete("packs/a"), absl::OkStatus());
  EXPECT_FALSE(store_->Exists("packs/a").value());
  EXPECT_THAT(store_->List("").value(), ElementsAre("packs/b"));
  ASSERT_EQ(store_->Delete("packs/b"), absl::OkStatus());
  EXPECT_THAT(store_->List("").value(), IsEmpty());
  ASSERT_EQ(store_->Put("packs/a", "again"), absl::OkStatus());
  EXPECT_EQ(store_->Get("packs/a").value(), "again");
}

TEST_P(ObjectStoreTest, ABadKeyIsRefused) {
  for (const char* key : {"", "/a", "a/", "a//b", "../a", "a/../b", ".hidden", "a b", "\xc3\xa4", "a\nb"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(store_->Put(key, "x"))) << key;
    EXPECT_TRUE(absl::IsInvalidArgument(store_->Get(key).status())) << key;
    EXPECT_TRUE(absl::IsInvalidArgument(store_->GetRange(key, 0, 1).status())) << key;
    EXPECT_TRUE(absl::IsInvalidArgument(store_->Exists(key).status())) << key;
    EXPECT_TRUE(absl::IsInvalidArgument(store_->Delete(key))) << key;
  }
}

TEST_P(ObjectStoreTest, ManyThreadsWriteAndReadAtOnce) {
  std::vector<std::thread> threads;
  for (uint64_t number = 0; number < 8; ++number) {
    threads.emplace_back([this, number] {
      for (uint64_t i = 0; i < 10; ++i) {
        const std::string key = fmt::format("packs/{}", (number + i) % 10);
        const std::string bytes = RandomBytes(10'000, (number + i) % 10);
        EXPECT_EQ(store_->Put(key, bytes), absl::OkStatus());
        EXPECT_TRUE(store_->Get(key).value() == bytes);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store_->List("packs").value().size(), 10u);
}

TEST_P(ObjectStoreTest, AnotherStoreOfTheSamePlaceSeesTheObjects) {
  ASSERT_EQ(store_->Put("packs/a", "1"), absl::OkStatus());
  const auto other = OpenObjects({.objects = place_ + "/", .database = ""});
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ((*other)->Get("packs/a").value(), "1");
}

TEST_P(ObjectStoreTest, ACountedStoreCountsWhatGoesThrough) {
  CountedObjectStore counted(std::move(store_));
  ASSERT_EQ(counted.Put("a", "12345"), absl::OkStatus());
  ASSERT_EQ(counted.Put("a", "12345"), absl::OkStatus());
  EXPECT_EQ(counted.Get("a").value(), "12345");
  EXPECT_EQ(counted.GetRanges("a", std::vector<ByteRange>{{0, 1}, {2, 3}}).value().size(), 2u);
  EXPECT_FALSE(counted.Get("b").ok());
  const ObjectCounts counts = counted.counts();
  EXPECT_EQ(counts.put_calls, 2);
  EXPECT_EQ(counts.objects_written, 1);
  EXPECT_EQ(counts.bytes_written, 5);
  EXPECT_EQ(counts.read_calls, 3);
  EXPECT_EQ(counts.pieces_read, 3);
  EXPECT_EQ(counts.bytes_read, 9);
  counted.Reset();
  EXPECT_EQ(counted.counts().read_calls, 0);
}

TEST(MergeRangesTest, ReadsCoverTheRangesAndStayBelowTheLimits) {
  const RangeLimits limits{.largest_gap = 100, .largest_read = 1'000};
  std::mt19937_64 random(1);
  for (int round = 0; round < 500; ++round) {
    std::vector<ByteRange> ranges(random() % 30);
    for (ByteRange& range : ranges) range = {random() % 5'000, random() % 10 == 0 ? random() % 2'000 : random() % 200};
    const std::vector<ByteRange> reads = MergeRanges(ranges, limits);
    for (size_t i = 1; i < reads.size(); ++i) EXPECT_LE(reads[i - 1].offset, reads[i].offset);
    for (const ByteRange& range : ranges) {
      EXPECT_TRUE(std::any_of(reads.begin(), reads.end(), [&](const ByteRange& read) {
        return read.offset <= range.offset && range.offset + range.length <= read.offset + read.length;
      }));
    }
    for (const ByteRange& read : reads) {
      const bool is_asked_for =
          std::any_of(ranges.begin(), ranges.end(), [&](const ByteRange& r) { return r == read; });
      EXPECT_TRUE(is_asked_for || read.length <= limits.largest_read);
    }
  }
}

TEST(MergeRangesTest, AGapIsReadWithItsNeighboursOnlyWhereItIsSmall) {
  const RangeLimits limits{.largest_gap = 100, .largest_read = 1'000};
  EXPECT_THAT(MergeRanges(std::vector<ByteRange>{{200, 10}, {0, 100}}, limits), ElementsAre(ByteRange{0, 210}));
  EXPECT_THAT(MergeRanges(std::vector<ByteRange>{{201, 10}, {0, 100}}, limits),
              ElementsAre(ByteRange{0, 100}, ByteRange{201, 10}));
  EXPECT_THAT(MergeRanges(std::vector<ByteRange>{{0, 600}, {600, 600}}, limits),
              ElementsAre(ByteRange{0, 600}, ByteRange{600, 600}));
}

/// Whether `status` has this code, a hint, and `says` in its message.
void ExpectRefusal(const absl::Status& status, absl::StatusCode code, const std::string& says) {
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_NE(HintOf(status), "") << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(says));
}

TEST(S3LocationTest, AWrongPlaceOrEndpointIsRefusedBeforeAnyRequest) {
  for (const char* url : {"s3://", "s3:///a", "s3://ab", "s3://Bucket", "s3://bucket/a//b", "s3://bucket/../a", "x"}) {
    ExpectRefusal(S3ObjectStore::Open(url).status(), absl::StatusCode::kInvalidArgument, url);
  }
  for (const char* endpoint : {"localhost:9000", "ftp://host"}) {
    ExpectRefusal(S3ObjectStore::Open("s3://bucket", {.endpoint = endpoint, .region = "r"}).status(),
                  absl::StatusCode::kInvalidArgument, endpoint);
  }
}

TEST(S3LocationTest, AServerThatIsNotThereIsUnavailableWithinSeconds) {
  ::setenv("AWS_ACCESS_KEY_ID", "key", 0);
  ::setenv("AWS_SECRET_ACCESS_KEY", "secret", 0);
  const absl::Time start = absl::Now();
  // Port 1 of this machine: nothing listens there.
  ExpectRefusal(S3ObjectStore::Open("s3://bucket", {.endpoint = "http://127.0.0.1:1"}).status(),
                absl::StatusCode::kUnavailable, "s3://bucket");
  EXPECT_LT(absl::Now() - start, absl::Seconds(20));
}

/// Run by tests/store/test_s3.py, each with a server in the state that its name says.
class S3ServerTest : public ::testing::TestWithParam<std::string> {
 protected:
  absl::StatusOr<std::unique_ptr<S3ObjectStore>> Open() { return S3ObjectStore::Open(GetParam()); }
};

std::vector<std::string> Servers() {
  const char* url = std::getenv("ROOST_TEST_S3");
  return url == nullptr ? std::vector<std::string>{} : std::vector<std::string>{url};
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(S3ServerTest);
INSTANTIATE_TEST_SUITE_P(At, S3ServerTest, ::testing::ValuesIn(Servers()), [](const auto&) { return "s3"; });

TEST_P(S3ServerTest, KeysThatAreNotOursAreNotListed) {
  const auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_THAT((*store)->List("").value(), ElementsAre("d", "d/e"));
}

TEST_P(S3ServerTest, AWrongSecretIsToldWithAHint) {
  ExpectRefusal(Open().status(), absl::StatusCode::kUnauthenticated, "access key");
}

TEST_P(S3ServerTest, AMissingBucketIsToldWithAHint) {
  ExpectRefusal(Open().status(), absl::StatusCode::kNotFound, "no such bucket");
}

TEST_P(S3ServerTest, AnObjectIsWrittenAndRead) {
  const auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  const std::string bytes = RandomBytes(2'000'000, 5);
  ASSERT_EQ((*store)->Put("packs/a", bytes), absl::OkStatus());
  EXPECT_TRUE((*store)->Get("packs/a").value() == bytes);
}

TEST_P(S3ServerTest, AServerThatFailsIsUnavailable) {
  const absl::Time start = absl::Now();
  ExpectRefusal(Open().status(), absl::StatusCode::kUnavailable, "s3://");
  EXPECT_LT(absl::Now() - start, absl::Seconds(30));
}

}  // namespace
}  // namespace roost::store
