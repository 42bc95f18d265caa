#include "column/value.h"

#include <cmath>

#include <gtest/gtest.h>

#include "column/builder.h"

namespace roost::column {
namespace {

TEST(Value, EveryTypeThatAModelCanTakeHasItsKind) {
  for (const Type type : {Type::kBool, Type::kInt8, Type::kUInt64, Type::kFloat32, Type::kFloat64}) {
    EXPECT_EQ(*KindOf(type), Kind::kNumber) << TypeName(type);
  }
  for (const Type type : {Type::kString, Type::kLargeString}) EXPECT_EQ(*KindOf(type), Kind::kText) << TypeName(type);
  for (const Type type : {Type::kDate32, Type::kDate64, Type::kTimestamp}) {
    EXPECT_EQ(*KindOf(type), Kind::kTime) << TypeName(type);
  }
}

TEST(Value, OtherTypesAreRefusedByName) {
  for (const Type type : {Type::kNull, Type::kBinary, Type::kLargeBinary, Type::kOther}) {
    const absl::Status status = KindOf(type).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(std::string(status.message()).find(TypeName(type)), std::string::npos) << status;
  }
}

TEST(Value, AValueHasTheShapeOfItsKind) {
  const OwnedBatch batch = BatchBuilder()
                               .Integers("number", {7, std::nullopt})
                               .Texts("text", {"SFO", std::nullopt})
                               .Times("time", {42, std::nullopt})
                               .Build();
  const BatchView& view = batch.view();
  EXPECT_TRUE(SameValue(ValueAt(*view.Find("number"), Kind::kNumber, 0), 7.0));
  EXPECT_TRUE(SameValue(ValueAt(*view.Find("text"), Kind::kText, 0), std::string_view("SFO")));
  EXPECT_TRUE(SameValue(ValueAt(*view.Find("time"), Kind::kTime, 0), int64_t{42}));
  for (const auto& [name, kind] : {std::pair("number", Kind::kNumber), {"text", Kind::kText}, {"time", Kind::kTime}}) {
    EXPECT_TRUE(SameValue(ValueAt(*view.Find(name), kind, 1), Value())) << KindName(kind);
  }
}

TEST(Value, ListsLeaveOutNullsAndNaN) {
  const OwnedBatch batch =
      BatchBuilder()
          .Lists("tags", {2, 0, std::nullopt}, BatchBuilder().Texts("", {"a", std::nullopt}).Build())
          .Lists("scores", {1, 2, 0}, BatchBuilder().Numbers("", {1, NAN, 3}).Build())
          .Build();
  const BatchView& view = batch.view();
  EXPECT_EQ(*KindOf(*view.Find("tags")), Kind::kTextList);
  EXPECT_EQ(*KindOf(*view.Find("scores")), Kind::kNumberList);
  ListStorage storage;
  const std::vector<std::string_view> a = {"a"};
  const std::vector<double> three = {3};
  EXPECT_TRUE(SameValue(ValueAt(*view.Find("tags"), Kind::kTextList, 0, storage), std::span(a)));
  EXPECT_TRUE(SameValue(ValueAt(*view.Find("tags"), Kind::kTextList, 1, storage), std::span<const std::string_view>()));
  EXPECT_TRUE(SameValue(ValueAt(*view.Find("tags"), Kind::kTextList, 2, storage), Value()));
  EXPECT_TRUE(SameValue(ValueAt(*view.Find("scores"), Kind::kNumberList, 1, storage), std::span(three)));
  EXPECT_FALSE(SameValue(0.0, -0.0));
}

}  // namespace
}  // namespace roost::column
