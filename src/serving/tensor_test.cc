#include "serving/tensor.h"

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace roost::serving {
namespace {

TEST(Tensor, EveryDatatypeIsReadBackByItsName) {
  for (int i = 0; i <= static_cast<int>(Datatype::kBytes); ++i) {
    const auto datatype = static_cast<Datatype>(i);
    ASSERT_TRUE(ParseDatatype(DatatypeName(datatype)).ok());
    EXPECT_EQ(*ParseDatatype(DatatypeName(datatype)), datatype);
  }
  for (const char* name : {"", "fp64", "FP16", "BF16", "STRING"}) EXPECT_FALSE(ParseDatatype(name).ok()) << name;
}

TEST(Tensor, CountsTheElementsOfAShape) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  using Shape = std::vector<int64_t>;
  EXPECT_EQ(*NumElements(Shape{}), 1);
  EXPECT_EQ(*NumElements(Shape{2, 3}), 6);
  EXPECT_EQ(*NumElements(Shape{kMax, 1}), kMax);
  EXPECT_EQ(*NumElements(Shape{kMax, 2, 0}), 0);
  EXPECT_FALSE(NumElements(Shape{kMax, 2}).ok());
  EXPECT_FALSE(NumElements(Shape{int64_t{1} << 32, int64_t{1} << 32}).ok());
  EXPECT_FALSE(NumElements(Shape{-1}).ok());
  EXPECT_FALSE(NumElements(Shape{0, -1}).ok());
}

TEST(Tensor, MustHaveAsManyValuesAsItsShapeSays) {
  Tensor tensor{.name = "x", .datatype = Datatype::kInt32, .shape = {2}};
  tensor.Append(int32_t{1});
  EXPECT_FALSE(CheckTensor(tensor).ok());
  tensor.Append(int32_t{-2});
  EXPECT_TRUE(CheckTensor(tensor).ok());
  EXPECT_EQ(tensor.At<int32_t>(1), -2);
  tensor.nulls = {true};
  EXPECT_FALSE(CheckTensor(tensor).ok());
  tensor.nulls = {false, true};
  EXPECT_TRUE(CheckTensor(tensor).ok());
  EXPECT_TRUE(tensor.IsNull(1));
}

}  // namespace
}  // namespace roost::serving
