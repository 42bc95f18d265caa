#include "column/take.h"

#include <gtest/gtest.h>

#include "column/builder.h"

namespace roost::column {
namespace {

TEST(Take, CopiesRowsOfEveryKindInTheOrderAsked) {
  OwnedBatch values = BatchBuilder().Texts("item", {"a", "b", std::nullopt, "d"}).Build();
  OwnedBatch fields = BatchBuilder().Integers("x", {10, 20, 30}).Build();
  const OwnedBatch batch = BatchBuilder()
                               .Integers("id", {1, std::nullopt, 3})
                               .Texts("name", {"one", std::nullopt, "three"})
                               .Lists("tags", {1, std::nullopt, 3}, std::move(values))
                               .Structs("home", {true, false, true}, std::move(fields))
                               .Build();
  const int64_t rows[] = {2, 1, 0, 2};
  const TakenBatch taken(batch.view(), rows);
  ASSERT_EQ(taken.view().num_rows(), 4);
  const auto columns = taken.view().columns();
  EXPECT_EQ(columns[0].IntegerAt(0), 3);
  EXPECT_TRUE(columns[0].IsNull(1));
  EXPECT_EQ(columns[0].IntegerAt(2), 1);
  EXPECT_EQ(columns[1].TextAt(0), "three");
  EXPECT_TRUE(columns[1].IsNull(1));
  EXPECT_EQ(columns[1].TextAt(3), "three");
  const auto [begin, end] = columns[2].ListRange(3);
  ASSERT_EQ(end - begin, 3);
  EXPECT_EQ(columns[2].children()[0].TextAt(begin), "b");
  EXPECT_TRUE(columns[2].children()[0].IsNull(begin + 1));
  EXPECT_EQ(columns[2].children()[0].TextAt(begin + 2), "d");
  EXPECT_TRUE(columns[2].IsNull(1));
  EXPECT_EQ(columns[3].children()[0].IntegerAt(0), 30);
  EXPECT_TRUE(columns[3].IsNull(1));
  EXPECT_EQ(columns[3].children()[0].IntegerAt(2), 10);
}

TEST(Take, OfNoRowsIsAnEmptyBatchOfTheSameColumns) {
  const OwnedBatch batch = BatchBuilder().Numbers("x", {1.0}).Texts("t", {"a"}).Build();
  const TakenBatch taken(batch.view(), {});
  EXPECT_EQ(taken.view().num_rows(), 0);
  ASSERT_EQ(taken.view().columns().size(), 2u);
  EXPECT_EQ(taken.view().columns()[1].name(), "t");
}

}  // namespace
}  // namespace roost::column
