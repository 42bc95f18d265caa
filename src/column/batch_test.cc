#include "column/batch.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/status.h"
#include "column/builder.h"

namespace roost::column {
namespace {

OwnedBatch Flights() {
  return BatchBuilder()
      .Texts("origin", {"SFO", std::nullopt, ""})
      .Numbers("distance", {1.5, std::nullopt, -0.0})
      .Integers("delay", {-3, 7, std::nullopt})
      .Times("date", {0, 988'724'700'000'000, std::nullopt})
      .Build();
}

TEST(Batch, ValuesAreReadInPlace) {
  const OwnedBatch batch = Flights();
  const BatchView& view = batch.view();
  ASSERT_EQ(view.num_rows(), 3);
  EXPECT_EQ(view.Find("origin")->TextAt(0), "SFO");
  EXPECT_TRUE(view.Find("origin")->IsNull(1));
  EXPECT_EQ(view.Find("origin")->TextAt(2), "");
  EXPECT_EQ(view.Find("distance")->NumberAt(0), 1.5);
  EXPECT_TRUE(std::signbit(view.Find("distance")->NumberAt(2)));
  EXPECT_EQ(view.Find("delay")->IntegerAt(0), -3);
  EXPECT_EQ(view.Find("delay")->CountNulls(), 1);
  EXPECT_EQ(view.Find("date")->MicrosAt(1), 988'724'700'000'000);
  EXPECT_EQ(view.Find("date")->TypeText(), "timestamp[us, UTC]");
}

TEST(Batch, AMissingColumnIsNamedWithAHint) {
  const OwnedBatch batch = Flights();
  const absl::Status status = batch.view().Require("orgin").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(HintOf(status), "did you mean 'origin'?");
}

TEST(Batch, SurvivesAMove) {
  OwnedBatch first = Flights();
  OwnedBatch second = std::move(first);
  first = std::move(second);
  EXPECT_EQ(first.view().Find("origin")->TextAt(0), "SFO");
}

ArrowSchema SchemaOf(const char* format) {
  ArrowSchema schema{};
  schema.format = format;
  schema.name = "x";
  return schema;
}

ColumnView OneValue(const char* format, const void* value) {
  static const void* buffers[2];
  buffers[0] = nullptr;
  buffers[1] = value;
  const ArrowSchema schema = SchemaOf(format);
  ArrowArray array{};
  array.length = 1;
  array.n_buffers = 2;
  array.buffers = buffers;
  return *ColumnView::Make(schema, array);
}

TEST(Column, TimesAreMicroseconds) {
  const int64_t big = std::numeric_limits<int64_t>::max();
  const int64_t nano = -1;
  const int32_t day = 2;
  EXPECT_EQ(OneValue("tss:", &big).MicrosAt(0), big);
  EXPECT_EQ(OneValue("tsn:", &nano).MicrosAt(0), -1);
  EXPECT_EQ(OneValue("tdD", &day).MicrosAt(0), 172'800'000'000);
}

TEST(Column, UnsignedNumbersStayPositive) {
  const uint64_t most = std::numeric_limits<uint64_t>::max();
  EXPECT_EQ(OneValue("L", &most).NumberAt(0), 18446744073709551615.0);
}

TEST(Column, DictionariesHaveTheTypeOfTheirValues) {
  const int32_t offsets[] = {0, 3, 6};
  const void* text_buffers[] = {nullptr, offsets, "SFOLAX"};
  const int8_t codes[] = {1, 0, 1};
  const void* code_buffers[] = {nullptr, codes};
  ArrowSchema values_schema = SchemaOf("u");
  ArrowSchema schema = SchemaOf("c");
  schema.dictionary = &values_schema;
  ArrowArray values{.length = 2,
                    .null_count = 0,
                    .offset = 0,
                    .n_buffers = 3,
                    .n_children = 0,
                    .buffers = text_buffers,
                    .children = nullptr,
                    .dictionary = nullptr,
                    .release = nullptr,
                    .private_data = nullptr};
  ArrowArray array = values;
  array.length = 3;
  array.n_buffers = 2;
  array.buffers = code_buffers;
  array.dictionary = &values;
  const ColumnView column = *ColumnView::Make(schema, array);
  EXPECT_EQ(column.type(), Type::kString);
  EXPECT_EQ(column.TextAt(0), "LAX");
  EXPECT_EQ(column.CodeAt(1), 0);
  std::vector<int64_t> visited;
  column.VisitCodes([&visited](const auto seen) { visited.assign(seen.begin(), seen.end()); });
  EXPECT_EQ(visited, (std::vector<int64_t>{1, 0, 1}));
}

TEST(Column, NullsAreCountedFromAnyOffset) {
  std::mt19937 random(7);
  std::vector<uint8_t> bits(40);
  for (uint8_t& byte : bits) byte = static_cast<uint8_t>(random());
  const std::vector<int32_t> values(8 * bits.size());
  const void* buffers[] = {bits.data(), values.data()};
  const ArrowSchema schema = SchemaOf("i");
  for (int64_t offset = 0; offset < 70; ++offset) {
    ArrowArray array{};
    array.length = static_cast<int64_t>(random() % 250);
    array.offset = offset;
    array.null_count = -1;
    array.n_buffers = 2;
    array.buffers = buffers;
    const ColumnView column = *ColumnView::Make(schema, array);
    int64_t nulls = 0;
    for (int64_t row = 0; row < column.length(); ++row) nulls += column.IsNull(row) ? 1 : 0;
    EXPECT_EQ(column.CountNulls(), nulls) << "offset " << offset << ", length " << column.length();
  }
}

TEST(Column, BrokenStructsAreRefused) {
  const ArrowSchema schema = SchemaOf("l");
  ArrowArray array{};
  array.length = 1;
  EXPECT_EQ(ColumnView::Make(schema, array).status().code(), absl::StatusCode::kInvalidArgument);
  array.length = -1;
  EXPECT_EQ(ColumnView::Make(schema, array).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace roost::column
