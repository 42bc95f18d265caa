#include "serving/binary_tensor.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace roost::serving {
namespace {

std::vector<float> Read(Half half, const std::vector<uint16_t>& halves) {
  Tensor tensor{.name = "x", .datatype = Datatype::kFp32, .shape = {static_cast<int64_t>(halves.size())}};
  const std::string bytes(reinterpret_cast<const char*>(halves.data()), sizeof(uint16_t) * halves.size());
  EXPECT_TRUE(ReadBinaryHalves(bytes, half, tensor).ok());
  std::vector<float> values;
  for (int64_t i = 0; i < tensor.size(); ++i) values.push_back(tensor.At<float>(i));
  return values;
}

TEST(BinaryTensor, HalvesAreReadWithoutLoss) {
  // 1, -2, the greatest, the least above 0 and the least normal number; as IEEE 754 has them.
  EXPECT_EQ(Read(Half::kFp16, {0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x8000}),
            (std::vector<float>{1, -2, 65'504, 0x1p-24F, 0x1p-14F, 0}));
  EXPECT_EQ(Read(Half::kBf16, {0x3f80, 0xc000, 0x7f7f}), (std::vector<float>{1, -2, 0x1.fep127F}));
  EXPECT_EQ(Read(Half::kFp16, {0x7c00, 0xfc00}), (std::vector<float>{INFINITY, -INFINITY}));
  EXPECT_TRUE(std::isnan(Read(Half::kFp16, {0x7e00})[0]));
  EXPECT_TRUE(std::isnan(Read(Half::kBf16, {0x7fc0})[0]));
  EXPECT_TRUE(std::signbit(Read(Half::kFp16, {0x8000})[0]));
}

TEST(BinaryTensor, HalvesHaveTheirNames) {
  EXPECT_EQ(ParseHalf("FP16"), Half::kFp16);
  EXPECT_EQ(ParseHalf("BF16"), Half::kBf16);
  for (const char* name : {"", "fp16", "FP32", "FP164"}) EXPECT_FALSE(ParseHalf(name).has_value()) << name;
}

TEST(BinaryTensor, BytesMustBeThoseOfTheShape) {
  for (const size_t size : {0u, 3u, 5u, 6u}) {
    Tensor tensor{.name = "x", .datatype = Datatype::kFp32, .shape = {2}};
    EXPECT_FALSE(ReadBinaryHalves(std::string(size, 'x'), Half::kFp16, tensor).ok()) << size;
    EXPECT_FALSE(ReadBinary(std::string(size, 'x'), tensor).ok()) << size;
  }
  Tensor negative{.name = "x", .datatype = Datatype::kFp32, .shape = {-2}};
  EXPECT_FALSE(ReadBinaryHalves("abcd", Half::kBf16, negative).ok());
}

TEST(BinaryTensor, TextsAreReadBack) {
  const Tensor written{
      .name = "x", .datatype = Datatype::kBytes, .shape = {3}, .texts = {"", "a", std::string(300, 'b')}};
  std::string bytes;
  AppendBinary(written, bytes);
  Tensor read{.name = "x", .datatype = Datatype::kBytes, .shape = {3}};
  ASSERT_TRUE(ReadBinary(bytes, read).ok());
  EXPECT_EQ(read.texts, written.texts);
  for (size_t size = 0; size < bytes.size(); ++size) {
    Tensor cut{.name = "x", .datatype = Datatype::kBytes, .shape = {3}};
    EXPECT_FALSE(ReadBinary(std::string_view(bytes).substr(0, size), cut).ok()) << size;
  }
}

}  // namespace
}  // namespace roost::serving
