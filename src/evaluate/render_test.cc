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

TEST(Render, OfWeightedRowsTheWeightIsTold) {
  const std::vector<double> scores{0.125, 0.75};
  const std::vector<int8_t> labels{0, 1};
  const std::vector<double> weights{1, 2.5};
  const BinaryEvaluation evaluation = EvaluateBinary(scores, labels, {.base_rate = 0.25}, weights).value();
  EXPECT_TRUE(ToText(evaluation).starts_with("2 rows of weight 3.5, 1 positive (50.00 %), threshold 0.5\n"));
  EXPECT_EQ(ToJson(evaluation)["total_weight"], 3.5);
  EXPECT_EQ(ToJson(evaluation)["calibration"][1]["weight"], 2.5);
}

TEST(Render, TextOfNumbersHasTheErrorsQuantiles) {
  const std::vector<double> scores{2.5, 0, 2, 8};
  const std::vector<double> targets{3, -0.5, 2, 7};
  EXPECT_EQ(ToText(EvaluateNumbers({.scores = scores, .targets = targets}, 2.5).value()),
            R"(4 rows, targets from -0.5 to 7, mean 2.875
The dummy predicts 2.5, the mean of the training rows, for every row.

metric                    model        dummy
RMSE                    0.61237       2.7272
MAE                         0.5        2.125
median error                0.5         1.75
mean bias                  0.25       -0.375
R2                       0.9486      -0.0193

score - target is at most
in                        model        dummy
1 % of the rows            -0.5         -4.5
5 % of the rows            -0.5         -4.5
25 % of the rows          -0.25         -2.5
50 % of the rows           0.25            0
75 % of the rows           0.75         1.75
95 % of the rows              1            3
99 % of the rows              1            3
)");
}

TEST(Render, TextOfCountsTellsHowManyAreZero) {
  const std::vector<double> scores{0.5, 1.25, 3};
  const std::vector<double> targets{0, 1, 4};
  EXPECT_EQ(ToText(EvaluateCounts({.scores = scores, .targets = targets}, 2).value()),
            R"(3 rows, 1 with a target of 0, mean target 1.6667
The dummy predicts 2, the mean of the training rows, for every row.

metric                    model        dummy
Poisson deviance        0.45172        2.053
D2                       0.7735      -0.0296
MAE                     0.58333       1.6667
RMSE                    0.66144       1.7321
mean score               1.5833            2
)");
}

TEST(Render, TextOfARankingTellsOfGroupsLeftOut) {
  const std::vector<double> scores{1, 2, 5, 6};
  const std::vector<double> targets{0, 1, 0, 0};
  const std::vector<int64_t> groups{1, 1, 2, 2};
  EXPECT_EQ(ToText(EvaluateRanking({.scores = scores, .targets = targets, .groups = groups}).value()),
            R"(4 rows in 2 groups
The dummy orders the rows of a group by lot.
Groups without a target above 0, which are left out: 1.

metric                    model        dummy
NDCG@5                   1.0000       0.8155
NDCG@10                  1.0000       0.8155
NDCG                     1.0000       0.8155
MRR                      1.0000       0.7500
)");
}

TEST(Render, TextOfClassesHasATableOfThemAndTheirConfusion) {
  const std::vector<double> scores{0.7, 0.2, 0.1, 0.1, 0.6, 0.3, 0.25, 0.25, 0.5, 0.4, 0.35, 0.25};
  const std::vector<double> targets{0, 1, 2, kUnseenClass};
  const ClassesOptions options{.shares = {0.5, 0.25, 0.25}, .names = {"setosa", "versicolor\x1b", "größer"}};
  EXPECT_EQ(ToText(EvaluateClasses({.scores = scores, .num_outputs = 3, .targets = targets}, options).value()),
            R"(4 rows, 3 classes
The dummy predicts the shares of the training rows for every row: setosa first, with 0.5.
Rows of classes that were not in training, each a wrong answer: 1.

metric                    model        dummy
log loss                 9.4011       9.8773
accuracy                 0.7500       0.2500
top-2 accuracy           0.7500       0.5000
macro F1                 0.6667       0.1000
weighted F1              0.6667       0.1000

class           precision     recall         F1         rows    predicted
setosa             0.5000     1.0000     0.6667            1            2
versicolor\x1b     1.0000     1.0000     1.0000            1            1
größer             1.0000     1.0000     1.0000            1            1

rows by true class (down) and predicted class (across)
                        setosa  versicolor\x1b          größer
setosa                       1               0               0
versicolor\x1b               0               1               0
größer                       0               0               1
(unseen)                     1               0               0
)");
}

TEST(Render, OfManyClassesThoseOfMostRowsAreListed) {
  const std::vector<double> even(25, 1.0 / 25);
  const std::vector<double> targets{24};
  const std::string text =
      ToText(EvaluateClasses({.scores = even, .num_outputs = 25, .targets = targets}, {.shares = even}).value());
  EXPECT_NE(text.find("\n24     "), std::string::npos) << text;
  EXPECT_EQ(text.find("\n23     "), std::string::npos) << text;
  EXPECT_NE(text.find("and 5 more classes of fewer rows\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("true class"), std::string::npos) << text;
}

}  // namespace
}  // namespace roost::evaluate
