// Codec 5: floats that are decimals, as whole numbers.
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "store/codec_id.h"
#include "store/leaf_codec.h"

namespace roost::store {
namespace {

template <typename T>
Leaf LeafOf(const std::vector<T>& values) {
  Leaf leaf{.type = *LeafTypeOf(sizeof(T) == 8 ? "double" : "float"), .rows = static_cast<int64_t>(values.size())};
  for (const T value : values) AppendFixed(leaf.values, value);
  return leaf;
}

/// The codec of a record of a leaf without nulls.
Codec CodecOf(const std::string& record) {
  ByteReader reader(record);
  EXPECT_TRUE(reader.Fixed<uint8_t>().ok());
  EXPECT_TRUE(reader.String().ok());
  EXPECT_TRUE(reader.Varint().ok() && reader.Varint().ok());
  return static_cast<Codec>(*reader.Fixed<uint8_t>());
}

template <typename T>
std::vector<T> Decimals(std::mt19937_64& random, int digits, size_t rows) {
  std::vector<T> values;
  for (size_t i = 0; i < rows; ++i) {
    const auto number = static_cast<double>(static_cast<int64_t>(random() % 200'001) - 100'000);
    values.push_back(static_cast<T>(number / std::pow(10.0, digits)));
  }
  return values;
}

template <typename T>
void ExpectReadBack(const std::vector<T>& values) {
  const Leaf leaf = LeafOf(values);
  const auto read = DecodeLeaf(EncodeLeaf(leaf));
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->values, leaf.values);
}

TEST(DecimalCodec, DecimalsAreWholeNumbersAndReadBackToTheBit) {
  std::mt19937_64 random(1);
  for (int digits = 0; digits <= 15; ++digits) {
    const auto doubles = Decimals<double>(random, digits, 20'000);
    EXPECT_EQ(CodecOf(EncodeLeaf(LeafOf(doubles))), Codec::kDecimal) << digits;
    ExpectReadBack(doubles);
    ExpectReadBack(Decimals<float>(random, digits, 20'000));
  }
  EXPECT_EQ(CodecOf(EncodeLeaf(LeafOf(Decimals<float>(random, 2, 20'000)))), Codec::kDecimal);
  EXPECT_LT(EncodeLeaf(LeafOf(Decimals<double>(random, 2, 20'000))).size(), 20'000u * 3);
}

TEST(DecimalCodec, OneValueThatIsNoneStoresAllAsTheyAre) {
  std::mt19937_64 random(2);
  for (const double odd : {-0.0, std::numeric_limits<double>::quiet_NaN(), std::bit_cast<double>(0x7ff0dead00000001),
                           std::numeric_limits<double>::infinity(), 1e300, 5e-324, 0.1 + 0.2, 9007199254740994.0}) {
    for (const size_t at : {size_t{0}, size_t{7'001}, size_t{19'999}}) {
      auto values = Decimals<double>(random, 2, 20'000);
      values[at] = odd;
      EXPECT_NE(CodecOf(EncodeLeaf(LeafOf(values))), Codec::kDecimal) << odd;
      ExpectReadBack(values);
    }
  }
}

TEST(DecimalCodec, AValueWithMoreDigitsBehindTheSampleIsKept) {
  std::mt19937_64 random(3);
  auto values = Decimals<double>(random, 1, 20'000);
  values[7'001] = 12.3456;  // between the runs that are sampled
  EXPECT_EQ(CodecOf(EncodeLeaf(LeafOf(values))), Codec::kDecimal);
  ExpectReadBack(values);
}

TEST(DecimalCodec, ForeignBytesAreDataLossOrSomeValues) {
  std::mt19937_64 random(4);
  const std::string record = EncodeLeaf(LeafOf(Decimals<double>(random, 2, 300)));
  for (size_t length = 0; length < record.size(); ++length) {
    ASSERT_TRUE(absl::IsDataLoss(DecodeLeaf(record.substr(0, length)).status())) << length;
  }
  for (size_t bit = 0; bit < 8 * record.size(); ++bit) {
    std::string flipped = record;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto read = DecodeLeaf(flipped);
    EXPECT_TRUE(read.ok() || absl::IsDataLoss(read.status()));
  }
}

}  // namespace
}  // namespace roost::store
