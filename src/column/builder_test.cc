#include "column/builder.h"

#include <random>

#include <gtest/gtest.h>

namespace roost::column {
namespace {

TEST(BatchBuilder, GivesBackWhatWasPutIn) {
  std::mt19937_64 random(7);
  for (const size_t rows : {0, 1, 7, 8, 9, 64, 1000}) {
    std::vector<std::optional<double>> numbers(rows);
    std::vector<std::optional<int64_t>> integers(rows);
    std::vector<std::optional<std::string>> texts(rows);
    for (size_t row = 0; row < rows; ++row) {
      if (random() % 4 != 0) numbers[row] = static_cast<double>(random()) / 3;
      if (random() % 4 != 0) integers[row] = static_cast<int64_t>(random());
      if (random() % 4 != 0) texts[row] = std::string(random() % 5, 'x');
    }
    const OwnedBatch batch = BatchBuilder().Numbers("n", numbers).Integers("i", integers).Texts("t", texts).Build();
    const BatchView& view = batch.view();
    ASSERT_EQ(view.num_rows(), static_cast<int64_t>(rows));
    for (size_t i = 0; i < rows; ++i) {
      const auto row = static_cast<int64_t>(i);
      ASSERT_EQ(view.Find("n")->IsNull(row), !numbers[i].has_value());
      ASSERT_EQ(view.Find("i")->IsNull(row), !integers[i].has_value());
      ASSERT_EQ(view.Find("t")->IsNull(row), !texts[i].has_value());
      if (numbers[i].has_value()) {
        ASSERT_EQ(view.Find("n")->NumberAt(row), *numbers[i]);
      }
      if (integers[i].has_value()) {
        ASSERT_EQ(view.Find("i")->IntegerAt(row), *integers[i]);
      }
      if (texts[i].has_value()) {
        ASSERT_EQ(view.Find("t")->TextAt(row), *texts[i]);
      }
    }
  }
}

TEST(BatchBuilder, IsEmptyAfterBuild) {
  BatchBuilder builder;
  const OwnedBatch first = builder.Numbers("a", {1.0}).Build();
  const OwnedBatch second = builder.Texts("b", {"x", "y"}).Build();
  EXPECT_EQ(first.view().num_rows(), 1);
  EXPECT_EQ(second.view().num_rows(), 2);
  EXPECT_EQ(second.view().Find("a"), nullptr);
}

TEST(BatchBuilder, NoColumnsAreNoRows) { EXPECT_EQ(BatchBuilder().Build().view().num_rows(), 0); }

}  // namespace
}  // namespace roost::column
