#include "profile/row_sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profile/hyperloglog.h"
#include "profile/law_testing.h"

namespace roost::profile {
namespace {

using ::testing::HasSubstr;

void AddRow(RowSample& state, uint64_t hash) { state.Add({&hash, 1}); }

// `distinct` rows, each `copies` times.
RowSample SampleOf(uint64_t distinct, int copies, uint64_t first = 0) {
  RowSample state;
  std::vector<uint64_t> hashes;
  for (uint64_t i = first; i < first + distinct; ++i) hashes.push_back(MixBits(i));
  for (int copy = 0; copy < copies; ++copy) state.Add(hashes);
  return state;
}

TEST(RowSample, KeepsTheLaw) {
  std::mt19937_64 random(1);
  for (const uint64_t distinct : {10, 4'096, 4'097, 100'000}) {
    std::vector<uint64_t> rows;
    for (int i = 0; i < 30'000; ++i) rows.push_back(MixBits(random() % distinct));
    ExpectTheLaw(RowSample(), rows, AddRow, /*rounds=*/6, /*seed=*/2);
  }
}

TEST(RowSample, IsExactWhereDistinctRowsAreFew) {
  EXPECT_FALSE(RowSample().DuplicateShare().has_value());
  EXPECT_TRUE(RowSample().exact());
  const RowSample state = SampleOf(RowSample::kRows, 4);
  EXPECT_TRUE(state.exact());
  EXPECT_EQ(state.rows(), 4 * 4'096);
  EXPECT_EQ(state.DuplicateShare(), 0.75);
  EXPECT_FALSE(SampleOf(RowSample::kRows + 1, 1).exact());
}

TEST(RowSample, ManyDistinctRowsAreNoDuplicates) {
  const RowSample state = SampleOf(300'000, 1);
  EXPECT_FALSE(state.exact());
  EXPECT_EQ(state.DuplicateShare(), 0);
}

TEST(RowSample, TheShareOfEvenDuplicatesIsExactBeyondTheSampleToo) {
  EXPECT_EQ(SampleOf(50'000, 2).DuplicateShare(), 0.5);
}

TEST(RowSample, TheShareOfSomeDuplicatesIsCloseBeyondTheSample) {
  RowSample state = SampleOf(100'000, 1);
  state.Merge(SampleOf(20'000, 1));
  EXPECT_NEAR(*state.DuplicateShare(), 20'000.0 / 120'000, 0.02);
}

TEST(RowSample, OneRowThatComesVeryOftenIsNotMissed) {
  for (const uint64_t often : {5, 77'777}) {  // one of them may be in the sample
    RowSample state = SampleOf(100'000, 1);
    const std::vector<uint64_t> copies(100'000, MixBits(often));
    state.Add(copies);
    EXPECT_NEAR(*state.DuplicateShare(), 0.5, 0.04);
  }
  // Of all rows the one with the smallest hash: surely in the sample.
  RowSample state = SampleOf(100'000, 1);
  const std::vector<uint64_t> copies(100'000, 1);
  state.Add(copies);
  EXPECT_NEAR(*state.DuplicateShare(), 0.5, 0.04);
}

TEST(RowSample, ReadsWhatItWrote) {
  for (const uint64_t distinct : {3, 5'000}) {
    const RowSample state = SampleOf(distinct, 3);
    const auto parse = [&](ByteReader& reader) { return RowSample::Parse(reader, state.rows()); };
    ExpectSoundBytes(
        state, parse, [](const RowSample& read) { static_cast<void>(read.DuplicateShare()); }, /*seed=*/3);
  }
}

TEST(RowSample, SaysWhatIsWrongAndWhere) {
  const std::string bytes = BytesOf(SampleOf(3, 2));
  for (const int64_t rows : {5, 7}) {
    ByteReader reader(bytes);
    EXPECT_THAT(RowSample::Parse(reader, rows).status().message(),
                HasSubstr("sample of rows at byte 0: counts that do not sum up"));
  }
}

}  // namespace
}  // namespace roost::profile
