#include "predict/onnx_model.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "column/builder.h"
#include "predict/model.h"
#include "predict/onnx_golden.h"
#include "predict/onnx_graph.h"
#include "transform/test_data.h"

namespace roost::predict {
namespace {

using column::Value;
using testing::HasSubstr;
using transform::Threads;

const std::vector<int64_t> kColumnShape{-1, 1};

template <size_t n>
std::string Bytes(const unsigned char (&bytes)[n]) {
  return std::string(std::begin(bytes), std::end(bytes));
}

// A graph with one input "x" and the output "y" = `op`(x).
std::string OneNode(std::string_view op, OnnxElement element = OnnxElement::kDouble,
                    const std::vector<int64_t>& shape = kColumnShape) {
  OnnxGraph graph;
  const std::string x = graph.Input("x", element, shape);
  graph.Output("y", op.empty() ? x : graph.Node(op, {x}), element, shape);
  return *graph.Finish("one", "");
}

std::string LoadError(std::string bytes, OnnxOptions options = {}) {
  return std::string(OnnxModel::Load(std::move(bytes), std::move(options)).status().message());
}

std::string ScoreError(const std::string& bytes, OnnxOptions options, const std::vector<Value>& values) {
  const auto model = OnnxModel::Load(bytes, options);
  EXPECT_TRUE(model.ok()) << model.status();
  if (!model.ok()) return "";
  std::vector<double> outputs(values.size() / (*model)->inputs().size() * static_cast<size_t>(options.num_outputs));
  return std::string((*model)->ScoreColumns(values, 5, outputs).message());
}

TEST(OnnxModel, ScoresAsScikitLearnDoes) {
  const auto model = OnnxModel::Load(Bytes(kLateClassifier), {});
  ASSERT_TRUE(model.ok()) << model.status();
  ASSERT_EQ((*model)->inputs().size(), 2u);
  EXPECT_EQ((*model)->options().output, "probabilities");
  std::vector<Value> values;
  const std::vector<std::pair<double, std::string_view>> rows{
      {100, "JFK"}, {1500, "SFO"}, {2999, "LAX"}, {640, "Zürich"}};
  for (const auto& [distance, origin] : rows) {
    for (const auto& input : (*model)->inputs()) {
      values.push_back(input.name == "distance" ? Value(distance) : Value(origin));
    }
  }
  std::vector<double> outputs(4);
  ASSERT_TRUE((*model)->ScoreColumns(values, 0, outputs).ok());
  // The graph computes in float.
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(outputs[i], kLateProbabilities[i], 1e-6);
}

TEST(OnnxModel, TakesTheFeaturesOfATransform) {
  const OnnxOptions options{.task = Task::kNumber, .num_features = 3};
  const auto model = OnnxModel::Load(Bytes(kTreeRegressor), options);
  ASSERT_TRUE(model.ok()) << model.status();
  const transform::FeatureRows rows{.num_features = 3,
                                    .starts = {0, 3, 6, 6},
                                    .indices = {0, 1, 2, 0, 1, 2},
                                    .values = {0.1, 0.9, 0.5, 0.9, 0.1, 0.5}};
  std::vector<double> outputs(3);
  ASSERT_TRUE((*model)->ScoreFeatures(rows, 0, 3, outputs).ok());
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(outputs[i], kTreeValues[i], 1e-6);
  EXPECT_THAT(LoadError(Bytes(kTreeRegressor), {.task = Task::kNumber, .num_features = 4}),
              HasSubstr("must be a tensor of float or double of shape [N,4], not [N,3]"));
  EXPECT_THAT(LoadError(Bytes(kTreeRegressor), {.task = Task::kNumber}), HasSubstr("its input 'X' is no column"));
}

TEST(OnnxModel, RefusesMapsOfProbabilitiesWithTheWayOut) {
  const absl::Status status = OnnxModel::Load(Bytes(kLateZipMap), {}).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("its probabilities are a list of maps, not a tensor"));
  EXPECT_THAT(HintOf(status), HasSubstr("options={'zipmap': False}"));
}

TEST(OnnxModel, RefusesWhatItCannotFeedOrRead) {
  EXPECT_THAT(LoadError("{"), HasSubstr("no ModelProto"));
  EXPECT_THAT(LoadError(OneNode("NoSuchOperator")), HasSubstr("ONNX Runtime: "));
  EXPECT_THAT(LoadError(OneNode("", OnnxElement::kInt64)), HasSubstr("no output of type float or double"));
  EXPECT_THAT(LoadError(OneNode("", OnnxElement::kDouble, {3, 1})), HasSubstr("is for exactly 3 rows"));
  EXPECT_THAT(LoadError(OneNode("", OnnxElement::kDouble, {-1, 7})),
              HasSubstr("its output 'y' has shape [N,7]; for the task 'binary' it must be [N,1]"));
  EXPECT_THAT(LoadError(OneNode(""), {.output = "z"}), HasSubstr("it has no output 'z'"));
  EXPECT_THAT(LoadError(OneNode(""), {.columns = {{.column = {"distance", column::Kind::kNumber}}}}),
              HasSubstr("it has no input 'distance'"));
  EXPECT_THAT(LoadError(OneNode(""), {.columns = {{.column = {"x", column::Kind::kTime}}}}),
              HasSubstr("its input 'x' is of type double, and the column is declared a time"));
}

TEST(OnnxModel, SeveralOutputsMustBeTold) {
  OnnxGraph graph;
  const std::string x = graph.Input("x", OnnxElement::kDouble, kColumnShape);
  graph.Output("a", x, OnnxElement::kDouble, kColumnShape);
  graph.Output("b", graph.Node("Neg", {x}), OnnxElement::kDouble, kColumnShape);
  const std::string bytes = *graph.Finish("two", "");
  EXPECT_THAT(LoadError(bytes), HasSubstr("it has 2 outputs that could be the prediction: a, b"));
  const auto model = OnnxModel::Load(bytes, {.task = Task::kNumber, .output = "b"});
  ASSERT_TRUE(model.ok()) << model.status();
  double output = 0;
  ASSERT_TRUE((*model)->ScoreColumns(std::vector<Value>{2.5}, 0, {&output, 1}).ok());
  EXPECT_EQ(output, -2.5);
}

TEST(OnnxModel, WhatIsNoPredictionIsAnErrorOfItsRow) {
  const OnnxOptions binary{}, number{.task = Task::kNumber}, counts{.task = Task::kCounts};
  EXPECT_EQ(ScoreError(OneNode(""), binary, {0.5, 1.0, 0.0}), "");
  EXPECT_EQ(ScoreError(OneNode(""), binary, {0.5, 1.5}),
            "the ONNX model: its output of row 6 is 1.5, which is no probability: it is not from 0 to 1");
  EXPECT_EQ(ScoreError(OneNode(""), number, {1e9, Value()}),
            "the ONNX model: its output of row 6 is nan, which is no number");
  EXPECT_EQ(ScoreError(OneNode(""), counts, {1.0, 2.0, -1.0}),
            "the ONNX model: its output of row 7 is -1; a count is not negative");
  // A graph that drops rows.
  OnnxGraph graph;
  const std::string x = graph.Input("x", OnnxElement::kDouble, kColumnShape);
  const auto at = [&](int64_t i) { return graph.Constant({{1}, std::vector<int64_t>{i}}); };
  graph.Output("y", graph.Node("Slice", {x, at(0), at(1), at(0)}), OnnxElement::kDouble, kColumnShape);
  EXPECT_THAT(ScoreError(*graph.Finish("first", ""), number, {1.0, 2.0}),
              HasSubstr("for 2 rows its output has shape [1,1]"));
}

TEST(OnnxModel, ProbabilitiesMustAddUpToOne) {
  OnnxGraph graph;
  const std::string x = graph.Input("x", OnnxElement::kDouble, kColumnShape);
  const std::string rest = graph.Constant({{1, 2}, std::vector<double>{0.25, 0.25}});
  const std::string both =
      graph.Node("Concat", {x, graph.Node("Mul", {graph.Node("Sub", {x, x}), rest})}, {{"axis", int64_t{1}}});
  const std::string all = graph.Node("Add", {both, graph.Constant({{1, 3}, std::vector<double>{0, 0.25, 0.25}})});
  graph.Output("probabilities", all, OnnxElement::kDouble, std::vector<int64_t>{-1, 3});
  const std::string bytes = *graph.Finish("three", "");
  const OnnxOptions options{.task = Task::kClasses, .num_outputs = 3};
  EXPECT_EQ(ScoreError(bytes, options, {0.5, 0.5005}), "");
  EXPECT_EQ(ScoreError(bytes, options, {0.5, 0.75}),
            "the ONNX model: the probabilities of row 6 add up to 1.25, not to 1");
  EXPECT_THAT(LoadError(bytes, {.task = Task::kNumber}), HasSubstr("has shape [N,3]; for the task 'number'"));
}

TEST(OnnxModel, MissingValuesFollowWhatIsDeclared) {
  OnnxGraph graph;
  const std::string count = graph.Input("count", OnnxElement::kInt64, kColumnShape);
  const std::string word = graph.Input("word", OnnxElement::kText, kColumnShape);
  const std::string slot = graph.MlNode("LabelEncoder", {word},
                                        {{"keys_strings", std::vector<std::string>{"", "?", "a"}},
                                         {"values_int64s", std::vector<int64_t>{100, 200, 300}}});
  const std::string sum = graph.Node("Add", {count, slot});
  graph.Output("y", graph.Node("Cast", {sum}, {{"to", int64_t{11}}}), OnnxElement::kDouble, kColumnShape);
  const std::string bytes = *graph.Finish("declared", "");
  const auto score = [&](OnnxOptions options, Value first, Value second) {
    options.task = Task::kNumber;
    const auto model = OnnxModel::Load(bytes, options);
    EXPECT_TRUE(model.ok()) << model.status();
    double output = 0;
    const absl::Status status = (*model)->ScoreColumns(std::vector<Value>{first, second}, 3, {&output, 1});
    return status.ok() ? std::to_string(output) : std::string(status.message());
  };
  const Value a = std::string_view("a");
  EXPECT_EQ(score({}, 7.0, a), "307.000000");
  EXPECT_EQ(score({}, 7.0, Value()), "107.000000");
  EXPECT_THAT(score({}, Value(), a), HasSubstr("row 3: 'count' is missing, and the model's input is an integer"));
  EXPECT_THAT(score({}, 7.5, a), HasSubstr("row 3: 'count' is 7.5, and the model takes an integer"));
  EXPECT_THAT(score({}, 1e300, a), HasSubstr("takes an integer"));
  const OnnxOptions declared{.columns = {{.column = {"word", column::Kind::kText}, .missing_text = "?"},
                                         {.column = {"count", column::Kind::kTime}, .missing_integer = -1}}};
  EXPECT_EQ(score(declared, Value(), Value()), "199.000000");
  EXPECT_EQ(score(declared, int64_t{5}, a), "305.000000");
}

TEST(ScoringModel, KeepsAnOnnxModelInTwoParts) {
  auto onnx = OnnxModel::Load(Bytes(kLateClassifier), {});
  ASSERT_TRUE(onnx.ok()) << onnx.status();
  const auto model = ScoringModel::MakeOnnx(*onnx, std::nullopt);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->transform(), nullptr);
  EXPECT_EQ(model->OutputNames(), std::vector<std::string>{"probability"});
  const auto again = ScoringModel::FromParts(model->ToJson(), std::string(model->onnx_bytes()));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->ToJson(), model->ToJson());
  EXPECT_EQ(again->onnx_bytes(), Bytes(kLateClassifier));
  EXPECT_EQ(std::string(ScoringModel::FromJson(model->ToJson()).status().message()),
            "model: 'onnx' speaks of an ONNX file, and there is none");

  std::vector<std::optional<double>> distances;
  std::vector<std::optional<std::string>> origins;
  for (int i = 0; i < 10'000; ++i) {
    distances.push_back(100 + i % 3000);
    origins.push_back(i % 11 == 0 ? std::nullopt : std::optional<std::string>(i % 2 == 0 ? "SFO" : "JFK"));
  }
  column::BatchBuilder builder;
  const column::OwnedBatch batch = builder.Numbers("distance", distances).Texts("origin", origins).Build();
  Threads one(1), three(3);
  const auto scores = again->ScoreBatch(batch.view(), one.context);
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_EQ(*again->ScoreBatch(batch.view(), three.context), *scores);
  transform::FeatureVector scratch;
  double score = 0;
  ASSERT_TRUE(again->ScoreRow(RowOf(batch.view(), again->inputs(), 9'000), scratch, {&score, 1}).ok());
  EXPECT_NEAR(score, (*scores)[9'000], 1e-6);
  distances[5'000] = std::nullopt;
  column::BatchBuilder bad;
  const column::OwnedBatch missing = bad.Numbers("distance", distances).Texts("origin", origins).Build();
  EXPECT_THAT(std::string(again->ScoreBatch(missing.view(), three.context).status().message()),
              HasSubstr("row 5000 is nan"));
}

TEST(ScoringModel, TakesAnOnnxModelOverATransform) {
  const auto transform = transform::FitSummary({{.column = "distance", .use = transform::Operation::kStandardize},
                                                {.column = "origin", .use = transform::Operation::kOneHot, .top = 1}},
                                               transform::FlightsSummary());
  ASSERT_TRUE(transform.ok()) << transform.status();
  ASSERT_EQ(transform->num_features(), 4);
  const OnnxOptions options{.task = Task::kNumber, .num_features = 4};
  OnnxGraph graph;
  const std::string x = graph.Input("x", OnnxElement::kDouble, std::vector<int64_t>{-1, 4});
  const std::string weights = graph.Constant({{4, 1}, std::vector<double>{1, 10, 100, 1000}});
  graph.Output("y", graph.Node("MatMul", {x, weights}), OnnxElement::kDouble, kColumnShape);
  auto onnx = OnnxModel::Load(*graph.Finish("linear", ""), options);
  ASSERT_TRUE(onnx.ok()) << onnx.status();
  const auto made = ScoringModel::MakeOnnx(*onnx, *transform);
  ASSERT_TRUE(made.ok()) << made.status();
  const auto model = ScoringModel::FromParts(made->ToJson(), std::string(made->onnx_bytes()));
  ASSERT_TRUE(model.ok()) << model.status();
  const std::vector<Value> rows{700.0, std::string_view("SFO"), 700.0 + 512.5, Value(), Value(), std::string_view("?")};
  transform::FeatureVector scratch;
  std::vector<double> outputs(3);
  ASSERT_TRUE(model->ScoreRows(rows, scratch, outputs).ok());
  EXPECT_EQ(outputs, (std::vector<double>{10, 1001, 100}));
}

}  // namespace
}  // namespace roost::predict
