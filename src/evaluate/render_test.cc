#include "evaluate/render.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace roost::evaluate {
namespace {

BinaryEvaluation Example() {
  const std::vector<double> scores{0.125, 0.25, 0.25, 0.75};
  const std::vector<int8_t> labels{0, 0, 1, 1};
  return EvaluateBinary(scores, labels, {.calibration_bins = 2, .base_rate = 0.25}).value();
}

TEST(Render, TextIsATableOfModelAndDummyAndOneOfTheCalibration) {
  EXPECT_EQ(ToText(Example()), R"(4 rows, 2 positive (50.00 %), threshold 0.5
The dummy predicts 0.25 for every row.

metric                    model        dummy
ROC AUC                  0.8750       0.5000
log loss                 0.5238       0.8370
Brier score              0.1758       0.3125
calibration error        0.1562       0.2500
accuracy                 0.7500       0.5000
precision                1.0000    undefined
recall                   0.5000       0.0000
true positives                1            0
false positives               0            0
true negatives                2            2
false negatives               1            2

calibration
scores             mean score  positive rate         rows
0.1250 to 0.2500       0.2083         0.3333            3
0.7500 to 0.7500       0.7500         1.0000            1
)");
}

TEST(Render, JsonHasEveryFieldAndNullForTheUndefined) {
  const Json json = ToJson(Example());
  EXPECT_EQ(json["rows"], 4);
  EXPECT_EQ(json["positives"], 2);
  EXPECT_EQ(json["model"]["auc"], 0.875);
  EXPECT_EQ(json["model"]["confusion"]["true_negatives"], 2);
  EXPECT_EQ(json["dummy"]["precision"], nullptr);
  EXPECT_EQ(json["calibration"].size(), 2u);
  EXPECT_EQ(json["calibration"][1]["positive_rate"], 1);
  EXPECT_EQ(json["calibration"][1]["rows"], 1);
}

}  // namespace
}  // namespace roost::evaluate
