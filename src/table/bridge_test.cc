#include "table/bridge.h"

#include <algorithm>

#include <arrow/c/abi.h>
#include <arrow/c/bridge.h>
#include <arrow/compute/cast.h>
#include <arrow/extension/uuid.h>
#include <gmock/gmock.h>

#include "table/filter.h"
#include "table/preview.h"
#include "table/testing.h"

namespace roost::table {
namespace {

using ::testing::HasSubstr;

TEST(Bridge, ColumnsAreSeenInPlace) {
  const auto batch = Rows({{"n", Integers({1, std::nullopt, 3})}, {"s", Texts({"a", "b", std::nullopt})}});
  const auto columns = ToColumns(*batch);
  ASSERT_TRUE(columns.ok()) << columns.status();
  const column::BatchView& view = columns->view();
  EXPECT_EQ(view.num_rows(), 3);
  const auto values = view.columns()[0].Values<int64_t>();
  EXPECT_EQ(values.data(), static_cast<const arrow::Int64Array&>(*batch->column(0)).raw_values());
  EXPECT_TRUE(view.columns()[0].IsNull(1));
  EXPECT_EQ(view.columns()[1].TextAt(1), "b");
}

TEST(Bridge, ColumnsOutliveTheBatchAndSlicesStartWhereTheyDo) {
  auto batch = Rows({{"n", Integers({1, 2, 3})}})->Slice(1);
  const auto columns = ToColumns(*batch);
  batch.reset();
  ASSERT_TRUE(columns.ok());
  EXPECT_EQ(columns->view().num_rows(), 2);
  EXPECT_EQ(columns->view().columns()[0].IntegerAt(0), 2);
}

TEST(Bridge, TypesThatColumnDoesNotKnowAreTurnedIntoOnesThatItDoes) {
  const auto as = [](const std::shared_ptr<arrow::Array>& array, const std::shared_ptr<arrow::DataType>& type) {
    return arrow::compute::Cast(*array, type).ValueOrDie();
  };
  const auto batch = Rows(
      {{"view", as(Texts({"a", std::nullopt}), arrow::utf8_view())},
       {"half", as(Numbers({0.5, std::nullopt}), arrow::float16())},
       {"fixed", Column<arrow::FixedSizeBinaryBuilder, std::string>(arrow::fixed_size_binary(2), {"ab", std::nullopt})},
       {"time", Column<arrow::Time64Builder, int64_t>(arrow::time64(arrow::TimeUnit::MICRO), {1, 2})}});
  const auto columns = ToColumns(*batch);
  ASSERT_TRUE(columns.ok()) << columns.status();
  const auto view = columns->view().columns();
  EXPECT_EQ(view[0].TextAt(0), "a");
  EXPECT_EQ(view[1].NumberAt(0), 0.5);
  EXPECT_EQ(view[2].TextAt(0), "ab");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(view[static_cast<size_t>(i)].IsNull(1));
  EXPECT_EQ(view[3].type(), column::Type::kOther);
}

TEST(Bridge, AnySchemaHasABatchWithoutRows) {
  const arrow::Schema schema({arrow::field("id", arrow::extension::uuid()), arrow::field("x", arrow::float64())});
  const auto none = NoRows(schema);
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_EQ(none->view().num_rows(), 0);
  ASSERT_EQ(none->view().columns().size(), 2u);
  EXPECT_EQ(none->view().columns()[1].name(), "x");
}

TEST(Bridge, RunEndsAreDecoded) {
  const auto runs = arrow::RunEndEncodedArray::Make(3, Column<arrow::Int32Builder, int32_t>(arrow::int32(), {2, 3}),
                                                    Texts({"a", "b"}));
  const auto columns = ToColumns(*Rows({{"s", runs.ValueOrDie()}}));
  ASSERT_TRUE(columns.ok()) << columns.status();
  EXPECT_EQ(columns->view().columns()[0].TextAt(1), "a");
  EXPECT_EQ(columns->view().columns()[0].TextAt(2), "b");
}

TEST(Bridge, BatchesComeBackThroughTheCStructs) {
  const auto batch = Rows({{"n", Integers({1, std::nullopt})}, {"s", Texts({"a", ""})}});
  ArrowSchema schema{};
  ArrowArray array{};
  ASSERT_TRUE(arrow::ExportRecordBatch(*batch, &array, &schema).ok());
  const auto back = FromColumns(&schema, &array);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE((*back)->Equals(*batch));
  EXPECT_EQ(array.release, nullptr);
  ASSERT_TRUE(arrow::ExportArray(*batch->column(0), &array, &schema).ok());
  EXPECT_EQ(FromColumns(&schema, &array).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Filter, RowsAreKeptInTheirOrder) {
  const auto batch = Rows({{"n", Integers({1, std::nullopt, 3, 4})}, {"s", Texts({"a", "b", std::nullopt, "d"})}});
  const std::vector<uint8_t> some{0, 1, 1, 0};
  EXPECT_TRUE((*Select(batch, some))->Equals(*batch->Slice(1, 2)));
  EXPECT_EQ(*Select(batch, std::vector<uint8_t>(4, 1)), batch);
  EXPECT_EQ((*Select(batch, std::vector<uint8_t>(4, 0)))->num_rows(), 0);
  EXPECT_EQ(Select(batch, std::vector<uint8_t>(3, 1)).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Preview, RowsAreAlignedAndNullsSaid) {
  const auto batch =
      Rows({{"id", Integers({1, 1000, std::nullopt})}, {"name", Texts({"Zürich", "a\nb", std::nullopt})}});
  EXPECT_EQ(*FormatTable(*batch, {}),
            "  id  name\n"
            "   1  Zürich\n"
            "1000  a b\n"
            "null  null\n");
  EXPECT_EQ(*FormatTable(*batch->Slice(0, 0), {.show_types = true}),
            "   id  name\n"
            "int64  string\n");
}

TEST(Preview, LongTextIsCutAndColumnsThatDoNotFitAreCounted) {
  const auto batch = Rows({{"id", Integers({123456789})},
                           {"text", Texts({"a text of many words that is too long"})},
                           {"other", Texts({"another text that is too long"})}});
  EXPECT_EQ(*FormatTable(*batch, {.max_width = 40}),
            "       id  text           other\n"
            "123456789  a text of ma…  another text …\n");
  EXPECT_EQ(*FormatTable(*batch, {.max_width = 20}),
            "       id  text\n"
            "123456789  a text o…\n"
            "(1 more column not shown: 3 in all)\n");
}

TEST(Preview, EveryLineFitsAnyWidth) {
  std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>> columns;
  for (int i = 0; i < 12; ++i) {
    columns.emplace_back("column" + std::to_string(i), Texts({std::string(static_cast<size_t>(i * 3), 'x')}));
  }
  const auto batch = Rows(columns);
  for (int width = 20; width < 300; ++width) {
    const std::string text = *FormatTable(*batch, {.max_width = width});
    size_t begin = 0;
    for (size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
      if (text[begin] == '(') continue;
      const auto points =
          std::count_if(text.begin() + static_cast<int64_t>(begin), text.begin() + static_cast<int64_t>(end),
                        [](char c) { return (c & 0xC0) != 0x80; });
      EXPECT_LE(points, width);
    }
  }
}

TEST(Preview, NestedValuesAndBytesAreShownAsArrowShowsThem) {
  arrow::ListBuilder lists(arrow::default_memory_pool(), std::make_shared<arrow::Int64Builder>());
  ASSERT_TRUE(lists.Append().ok());
  ASSERT_TRUE(static_cast<arrow::Int64Builder*>(lists.value_builder())->Append(7).ok());
  ASSERT_TRUE(lists.AppendNull().ok());
  const auto text = *FormatTable(*Rows({{"tags", lists.Finish().ValueOrDie()}}), {});
  EXPECT_THAT(text, HasSubstr("7"));
  EXPECT_THAT(text, HasSubstr("null\n"));
}

}  // namespace
}  // namespace roost::table
