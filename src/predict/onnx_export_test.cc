#include "predict/onnx_export.h"

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "predict/linear.h"
#include "predict/onnx_parity.h"
#include "predict/three_classes.h"
#include "predict/trees.h"
#include "transform/test_data.h"

namespace roost::predict {
namespace {

using testing::HasSubstr;
using transform::GeneratedRows;
using transform::RawColumn;
using transform::Threads;
using transform::Transform;

std::vector<transform::FeatureSpec> ExportableFeatures() {
  std::vector<transform::FeatureSpec> features = transform::FlightsFeatures();
  for (auto& feature : features) feature.unknown_buckets = 1;
  return features;
}

Transform Fitted(const std::vector<transform::FeatureSpec>& features) {
  return *Transform::Fit(features, transform::FlightsSummary());
}

ScoringModel Linear(Link link, Task task, std::vector<std::string> classes = {}) {
  Transform transform = Fitted(ExportableFeatures());
  std::mt19937 random(5);
  std::normal_distribution<double> normal;
  const size_t outputs = classes.empty() ? 1 : classes.size();
  std::vector<double> intercepts(outputs), weights(outputs * static_cast<size_t>(transform.num_features()));
  for (double& intercept : intercepts) intercept = normal(random);
  for (double& weight : weights) weight = normal(random);
  auto predictor = LinearPredictor::Make(link, std::move(intercepts), weights);
  return *ScoringModel::Make(std::move(transform), *std::move(predictor), task, std::move(classes));
}

absl::StatusOr<ParityCertificate> Certify(const ScoringModel& model, const std::string& bytes, double bound) {
  std::vector<RawColumn> columns = GeneratedRows(5'000, 3).Columns();
  const std::vector<column::BatchView> batches{BatchOf(columns)};
  Threads threads;
  return CertifyParity(model, bytes, batches, bound, threads.context);
}

TEST(OnnxExport, EveryLinkIsTheSameModelInOnnxRuntime) {
  const std::vector<ScoringModel> models{Linear(Link::kLogistic, Task::kBinary), Linear(Link::kIdentity, Task::kNumber),
                                         Linear(Link::kSignMargin, Task::kRanking),
                                         Linear(Link::kSoftmax, Task::kClasses, {"a", "b", "c"})};
  for (const ScoringModel& model : models) {
    const auto bytes = ExportOnnx(model);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    const auto certificate = Certify(model, *bytes, kLinearBound);
    ASSERT_TRUE(certificate.ok()) << TaskName(model.task()) << ": " << certificate.status();
    EXPECT_GT(certificate->rows, 4'000);
    EXPECT_GT(certificate->edge_rows, 3'000);
    EXPECT_LE(certificate->largest_relative, 1e-12);
    EXPECT_EQ(certificate->opset, 20);
  }
}

// The sums are made in the model's order, so that nothing but exp may differ.
TEST(OnnxExport, MarginsAreTheSameBits) {
  const ScoringModel model = Linear(Link::kIdentity, Task::kNumber);
  const auto bytes = ExportOnnx(model);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const auto certificate = Certify(model, *bytes, 0);
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  EXPECT_EQ(certificate->largest_absolute, 0);
}

TEST(OnnxExport, CountsAreExponentials) {
  Transform transform = Fitted({{.column = "distance", .use = transform::Operation::kBucketize}});
  std::vector<double> weights(static_cast<size_t>(transform.num_features()));
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = 0.5 * static_cast<double>(i) - 2;
  auto predictor = LinearPredictor::Make(Link::kExp, {0.25}, weights);
  const ScoringModel model = *ScoringModel::Make(std::move(transform), *std::move(predictor), Task::kCounts);
  const auto bytes = ExportOnnx(model);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const auto certificate = Certify(model, *bytes, kLinearBound);
  ASSERT_TRUE(certificate.ok()) << certificate.status();
}

// Full trees of depth 4 over all kinds of features, with thresholds that rows have exactly.
TreesModel RandomTrees(Task task, int32_t num_features, int32_t outputs) {
  std::mt19937 random(6);
  TreesModel model{.task = task,
                   .num_features = num_features,
                   .base_margins = std::vector<float>(static_cast<size_t>(outputs), 0.25F)};
  for (int32_t t = 0; t < 30; ++t) {
    Tree tree{.output = t % outputs};
    for (int32_t n = 0; n < 31; ++n) {
      TreeNode node;
      node.value = static_cast<float>(static_cast<int>(random() % 200) - 100) / 64;
      if (n < 15) {
        // Feature 57 is the standardized distance; the others are one-hot.
        node.feature = random() % 3 == 0 ? 57 : static_cast<int32_t>(random() % static_cast<uint32_t>(num_features));
        node.left = 2 * n + 1;
        node.right = 2 * n + 2;
        node.missing_left = random() % 2 == 0;
      }
      tree.nodes.push_back(std::move(node));
    }
    model.trees.push_back(std::move(tree));
  }
  return model;
}

ScoringModel Trees(Task task, std::vector<std::string> classes = {}) {
  Transform transform = Fitted(ExportableFeatures());
  const auto outputs = static_cast<int32_t>(classes.empty() ? 1 : classes.size());
  auto predictor = TreesPredictor::Make(RandomTrees(task, transform.num_features(), outputs));
  EXPECT_TRUE(predictor.ok()) << predictor.status();
  return *ScoringModel::Make(std::move(transform), *std::move(predictor), task, std::move(classes));
}

TEST(OnnxExport, TreesAreTheSameModelInOnnxRuntime) {
  EXPECT_EQ(Fitted(ExportableFeatures()).FeatureName(57), "distance");
  for (const ScoringModel& model :
       {Trees(Task::kBinary), Trees(Task::kNumber), Trees(Task::kRanking), Trees(Task::kClasses, {"a", "b", "c"})}) {
    const auto bytes = ExportOnnx(model);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    const auto certificate = Certify(model, *bytes, kTreesBound);
    ASSERT_TRUE(certificate.ok()) << TaskName(model.task()) << ": " << certificate.status();
    // Of the edges of distance there are those of some 150 splits.
    EXPECT_GT(certificate->edge_rows, 9'000);
  }
}

TEST(OnnxExport, ASplitThatIsMovedByOneFloatGetsNoCertificate) {
  const ScoringModel model = Trees(Task::kNumber);
  TreesModel moved = RandomTrees(Task::kNumber, model.transform()->num_features(), 1);
  for (TreeNode& node : moved.trees[0].nodes) {
    if (node.feature == 57) node.value = std::nextafter(node.value, HUGE_VALF);
  }
  const auto other = ScoringModel::Make(*model.transform(), *TreesPredictor::Make(moved), Task::kNumber);
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(Certify(model, *ExportOnnx(*other), kTreesBound).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(OnnxExport, RefusesTreesThatSplitByCategories) {
  Transform transform = Fitted(ExportableFeatures());
  const TreesModel model{.num_features = transform.num_features(),
                         .base_margins = {0},
                         .trees = {{.nodes = {{.feature = 2, .left = 1, .right = 2, .categories = {1}}, {}, {}}}}};
  const auto trees = TreesPredictor::Make(model);
  ASSERT_TRUE(trees.ok()) << trees.status();
  const auto scoring = ScoringModel::Make(std::move(transform), *trees, Task::kNumber);
  EXPECT_THAT(std::string(ExportOnnx(*scoring).status().message()), HasSubstr("splits by sets of categories"));
}

TEST(OnnxExport, TheSameModelGivesTheSameBytes) {
  EXPECT_EQ(*ExportOnnx(Linear(Link::kLogistic, Task::kBinary)), *ExportOnnx(Linear(Link::kLogistic, Task::kBinary)));
}

TEST(OnnxExport, AnotherModelGetsNoCertificate) {
  const ScoringModel model = Linear(Link::kIdentity, Task::kNumber);
  const auto other = ExportOnnx(Linear(Link::kLogistic, Task::kBinary));
  ASSERT_TRUE(other.ok());
  EXPECT_THAT(std::string(Certify(model, *other, kLinearBound).status().message()),
              HasSubstr("it has no output 'value'"));
  // A model whose borders are a little elsewhere: only a row at the border shows it.
  Json json = model.ToJson();
  const auto& borders = json["transform"]["features"][3]["borders"];
  json["transform"]["features"][3]["borders"][0] = std::nextafter(borders[0].get<double>(), 0.0);
  const auto moved = ScoringModel::FromJson(json);
  ASSERT_TRUE(moved.ok()) << moved.status();
  const auto certificate = Certify(*moved, *ExportOnnx(model), kLinearBound);
  EXPECT_EQ(certificate.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(certificate.status().message()), HasSubstr("the graph gives"));
}

TEST(OnnxExport, RefusesWhatOnnxCannotSay) {
  Transform spread = Fitted(transform::FlightsFeatures());
  const std::vector<double> weights(static_cast<size_t>(spread.num_features()), 1.0);
  const auto predictor = LinearPredictor::Make(Link::kIdentity, {0}, weights);
  const absl::Status buckets = ExportOnnx(*ScoringModel::Make(std::move(spread), *predictor, Task::kNumber)).status();
  EXPECT_EQ(buckets.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(
      std::string(buckets.message()),
      "ONNX export: feature 5, one_hot of column 'origin': unknown words are spread over 3 buckets by their hash, "
      "and ONNX has no operator that hashes a text");
  EXPECT_EQ(HintOf(buckets), "declare unknown_buckets: 1");
  Transform transform = Fitted(ExportableFeatures());
  auto classes = std::make_shared<const ThreeClasses>(transform.num_features());
  const auto other = ScoringModel::Make(std::move(transform), std::move(classes), Task::kClasses, {"a", "b", "c"});
  EXPECT_THAT(std::string(ExportOnnx(*other).status().message()),
              HasSubstr("the predictor 'three_classes' has no form"));
  const ScoringModel exported =
      *LoadExported(Linear(Link::kLogistic, Task::kBinary), *ExportOnnx(Linear(Link::kLogistic, Task::kBinary)));
  EXPECT_THAT(std::string(ExportOnnx(exported).status().message()), HasSubstr("an ONNX file already"));
}

}  // namespace
}  // namespace roost::predict
