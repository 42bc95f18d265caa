#include "column/column_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/builder.h"

namespace roost::column {
namespace {

using ::testing::HasSubstr;

TEST(NestedColumn, ListsShowTheirValues) {
  OwnedBatch values = BatchBuilder().Integers("item", {1, 2, 3, std::nullopt}).Build();
  const OwnedBatch batch = BatchBuilder().Lists("tags", {2, 0, std::nullopt, 2}, std::move(values)).Build();
  const ColumnView& tags = batch.view().columns()[0];
  EXPECT_EQ(tags.nesting(), Nesting::kList);
  EXPECT_EQ(tags.type(), Type::kOther);
  EXPECT_EQ(tags.TypeText(), "list<int64>");
  EXPECT_EQ(tags.CountNulls(), 1);
  EXPECT_EQ(tags.ListRange(0), std::pair(int64_t{0}, int64_t{2}));
  EXPECT_EQ(tags.ListRange(1), std::pair(int64_t{2}, int64_t{2}));
  EXPECT_EQ(tags.ListRange(3), std::pair(int64_t{2}, int64_t{4}));
  ASSERT_EQ(tags.children().size(), 1u);
  EXPECT_EQ(tags.children()[0].IntegerAt(2), 3);
  EXPECT_TRUE(tags.children()[0].IsNull(3));
  const ColumnView last = tags.Slice(3, 1);
  EXPECT_EQ(last.length(), 1);
  EXPECT_EQ(last.ListRange(0), std::pair(int64_t{2}, int64_t{4}));
}

TEST(NestedColumn, StructsShowTheirFieldsRowByRow) {
  OwnedBatch fields =
      BatchBuilder().Texts("city", {"Ulm", std::nullopt, "Bonn"}).Numbers("size", {1.5, 2.5, 3.5}).Build();
  const OwnedBatch batch = BatchBuilder().Structs("home", {true, false, true}, std::move(fields)).Build();
  const ColumnView& home = batch.view().columns()[0];
  EXPECT_EQ(home.nesting(), Nesting::kStruct);
  EXPECT_EQ(home.TypeText(), "struct<city: string, size: float64>");
  EXPECT_TRUE(home.IsNull(1));
  const ColumnView last = home.Slice(2, 1);
  ASSERT_EQ(last.children().size(), 2u);
  EXPECT_EQ(last.children()[0].TextAt(0), "Bonn");
  EXPECT_EQ(last.children()[1].NumberAt(0), 3.5);
}

// A column of any fixed-width format over bytes.
ColumnView ViewOver(const char* format, const void* values, int64_t length) {
  static const void* buffers[2];
  buffers[0] = nullptr;
  buffers[1] = values;
  ArrowSchema schema{};
  schema.format = format;
  schema.name = "price";
  ArrowArray array{};
  array.length = length;
  array.n_buffers = 2;
  array.buffers = buffers;
  auto view = ColumnView::Make(schema, array);
  EXPECT_TRUE(view.ok()) << view.status();
  return *view;
}

TEST(DecimalColumn, IsReadAsTheNearestDoubles) {
  __extension__ using Int128 = __int128;
  Int128 billions = 1'000'000'000;
  const Int128 values[] = {12345, -1, 0, billions * billions * billions * 10 + 5};
  const ColumnView price = ViewOver("d:38,2", values, 4);
  EXPECT_EQ(price.type(), Type::kDecimal);
  EXPECT_TRUE(IsNumber(price.type()));
  EXPECT_EQ(price.NumberAt(0), 123.45);
  EXPECT_EQ(price.NumberAt(1), -0.01);
  EXPECT_EQ(price.NumberAt(2), 0);
  EXPECT_EQ(price.NumberAt(3), 1e26);
  const int64_t narrow[] = {-150, 7};
  const ColumnView rate = ViewOver("d:18,1,64", narrow, 2);
  EXPECT_EQ(rate.NumberAt(0), -15);
  EXPECT_EQ(rate.NumberAt(1), 0.7);
}

TEST(NestedColumn, ListsOfNoPlacesAreNotRead) {
  ArrowSchema item{};
  item.format = "l";
  ArrowSchema* children[] = {&item};
  const ArrowSchema schema{.format = "+w:0", .name = "x", .n_children = 1, .children = children};
  ArrowArray items{};
  const void* item_buffers[] = {nullptr, nullptr};
  items.n_buffers = 2;
  items.buffers = item_buffers;
  ArrowArray* item_arrays[] = {&items};
  const void* buffers[] = {nullptr};
  const ArrowArray array{.length = 3, .n_buffers = 1, .n_children = 1, .buffers = buffers, .children = item_arrays};
  const auto view = ColumnView::Make(schema, array);
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->nesting(), Nesting::kNone);
  EXPECT_EQ(view->type(), Type::kOther);
}

TEST(DecimalColumn, OfMoreDigitsThanAreReadIsOther) {
  const int64_t values[4] = {};
  EXPECT_EQ(ViewOver("d:76,2,256", values, 1).type(), Type::kOther);
  EXPECT_EQ(ViewOver("d:x", values, 1).type(), Type::kOther);
}

TEST(NestedColumn, ThatHasOtherChildrenThanItsTypeIsRefused) {
  ArrowSchema child_schema{};
  child_schema.format = "l";
  ArrowSchema* children[] = {&child_schema};
  ArrowSchema schema{};
  schema.format = "+s";
  schema.name = "home";
  schema.n_children = 1;
  schema.children = children;
  const void* buffers[] = {nullptr};
  ArrowArray array{};
  array.length = 3;
  array.n_buffers = 1;
  array.buffers = buffers;
  EXPECT_THAT(std::string(ColumnView::Make(schema, array).status().message()), HasSubstr("column 'home'"));
  const int64_t value = 0;
  const void* child_buffers[] = {nullptr, &value};
  ArrowArray child{};
  child.length = 1;
  child.n_buffers = 2;
  child.buffers = child_buffers;
  ArrowArray* child_arrays[] = {&child};
  array.n_children = 1;
  array.children = child_arrays;
  EXPECT_THAT(std::string(ColumnView::Make(schema, array).status().message()), HasSubstr("too short"));
}

}  // namespace
}  // namespace roost::column
