#include "predict/onnx_export.h"

#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "column/builder.h"
#include "predict/linear.h"
#include "predict/onnx_parity.h"
#include "predict/three_classes.h"
#include "predict/trees.h"
#include "transform/test_data.h"

namespace roost::predict {
namespace {

using column::BatchBuilder;
using column::OwnedBatch;
using testing::HasSubstr;
using transform::FeatureSpec;
using transform::GeneratedRows;
using transform::Impute;
using transform::Operation;
using transform::Period;
using transform::Threads;
using transform::Transform;

// Rows with what is odd of each kind of column; but for times that are the least int64, which a graph takes as missing.
OwnedBatch Rows(size_t rows, uint32_t seed) {
  GeneratedRows generated(rows, seed);
  std::mt19937_64 random(seed);
  std::vector<std::optional<int64_t>> later;
  std::vector<std::optional<double>> small;
  std::vector<std::optional<std::string>> tags;
  std::vector<std::optional<int64_t>> lengths;
  for (size_t row = 0; row < rows; ++row) {
    auto& date = generated.date[row];
    if (date == std::numeric_limits<int64_t>::min()) date = *date + 1;
    later.push_back(random() % 8 == 0 ? std::nullopt : std::optional<int64_t>(static_cast<int64_t>(random() >> 12)));
    small.push_back(random() % 8 == 0 ? std::nullopt : std::optional<double>(static_cast<double>(random() % 9) / 4));
    tags.emplace_back("red");
    lengths.emplace_back(1);
  }
  BatchBuilder builder;
  builder.Times("date", generated.date).Times("later", later).Numbers("delay", generated.delay);
  builder.Numbers("distance", generated.distance).Numbers("small", small);
  builder.Texts("origin", generated.origin).Texts("destination", generated.destination);
  builder.Lists("tags", lengths, BatchBuilder().Texts("", tags).Build());
  builder.Lists("scores", lengths, BatchBuilder().Numbers("", small).Build());
  return builder.Build();
}

Transform Fitted(const std::vector<FeatureSpec>& features, std::vector<transform::DerivedColumn> derived = {}) {
  static const OwnedBatch* const rows = new OwnedBatch(Rows(2'000, 1));
  const auto transform =
      transform::FitRows({.derived = std::move(derived), .features = features}, std::vector{rows->view()});
  EXPECT_TRUE(transform.ok()) << transform.status();
  return *transform;
}

std::vector<FeatureSpec> NumberFeatures() {
  using enum Operation;
  return {
      {.column = "delay", .use = kNumber},
      {.column = "distance",
       .use = kNumber,
       .impute = Impute::kValue,
       .impute_value = 3,
       .clip_low = 0,
       .clip_high = 2'000,
       .indicator = true},
      {.column = "small", .use = kNumber, .log = true},
      {.column = "distance", .use = kStandardize, .clip_low = 0, .clip_high = 2'000, .log = true},
      {.column = "delay", .use = kStandardize, .impute = Impute::kMedian, .clip_low = -100, .clip_high = 1'000},
      {.column = "small", .use = kStandardize, .indicator = true},
      {.column = "distance", .use = kMinMax, .clip_low = 0, .clip_high = 2'000},
      {.column = "small", .use = kMinMax, .impute = Impute::kMean, .indicator = true},
      {.column = "distance", .use = kBucketize, .clip_low = 0, .log = true},
      {.column = "small", .use = kBucketize},
      {.column = "delay", .use = kBucketize, .impute = Impute::kMax, .borders = {-5, 0, 0.5, 7.25}},
      {.column = "small", .use = kPolynomial, .degree = 5},
      {.column = "distance",
       .use = kPolynomial,
       .clip_low = 0,
       .clip_high = 2'000,
       .log = true,
       .indicator = true,
       .degree = 3},
  };
}

std::vector<FeatureSpec> WordFeatures() {
  using enum Operation;
  return {
      {.column = "origin", .use = kOneHot},
      {.column = "destination", .use = kOneHot, .top = 3},
      {.column = "small", .use = kOneHot, .top = 5},
      {.column = "distance", .use = kOneHot, .top = 40},
      {.column = "origin", .use = kOrdinal, .indicator = true, .top = 5},
      {.column = "small", .use = kOrdinal, .indicator = true},
      {.columns = {"origin", "destination"}, .use = kCross},
      {.columns = {"destination", "small", "origin"}, .use = kCross, .top = 200},
  };
}

std::vector<FeatureSpec> TimeFeatures() {
  using enum Operation;
  std::vector<FeatureSpec> features;
  for (const Operation use : {kHour, kWeekday, kMonth, kDay}) features.push_back({.column = "date", .use = use});
  for (const Period period : {Period::kHour, Period::kWeekday, Period::kMonth, Period::kDayOfYear}) {
    features.push_back({.column = "date", .use = kCyclic, .indicator = true, .period = period});
  }
  features.push_back({.column = "date", .use = kAge, .since = "2001-05-01"});
  features.push_back({.column = "date", .use = kAge, .indicator = true, .until = "later"});
  features.push_back({.column = "later", .use = kAge, .clip_low = 0, .log = true, .since = "1970-03-01"});
  return features;
}

// Every operation that has a form in ONNX, with every step.
std::vector<FeatureSpec> ExportableFeatures() {
  std::vector<FeatureSpec> features = NumberFeatures();
  for (const auto& more : {WordFeatures(), TimeFeatures()}) features.insert(features.end(), more.begin(), more.end());
  return features;
}

ScoringModel LinearOver(Transform transform, Link link, Task task, std::vector<std::string> classes = {}) {
  std::mt19937 random(5);
  std::normal_distribution<double> normal;
  const size_t outputs = classes.empty() ? 1 : classes.size();
  std::vector<double> intercepts(outputs), weights(outputs * static_cast<size_t>(transform.num_features()));
  for (double& intercept : intercepts) intercept = normal(random);
  for (double& weight : weights) weight = normal(random);
  auto predictor = LinearPredictor::Make(link, std::move(intercepts), weights);
  return *ScoringModel::Make(std::move(transform), *std::move(predictor), task, std::move(classes));
}

ScoringModel Linear(Link link, Task task, std::vector<std::string> classes = {}) {
  static const Transform* const transform = new Transform(Fitted(ExportableFeatures()));
  return LinearOver(*transform, link, task, std::move(classes));
}

absl::StatusOr<ParityCertificate> Certify(const ScoringModel& model, const std::string& bytes, double bound) {
  static const OwnedBatch* const rows = new OwnedBatch(Rows(3'000, 3));
  Threads threads;
  return CertifyParity(model, bytes, std::vector{rows->view()}, bound, threads.context);
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
    EXPECT_EQ(certificate->rows, 3'000);
    EXPECT_GT(certificate->edge_rows, 3'000);
    EXPECT_LE(certificate->largest_relative, 1e-12);
    EXPECT_EQ(certificate->opset, 20);
  }
}

// Each operation for itself, as its exported file serves it. The sums are made in the model's order, so that nothing
// but exp and logarithms may differ.
TEST(OnnxExport, EachOperationServedFromItsFileGivesTheSameScores) {
  const OwnedBatch rows = Rows(2'000, 7);
  Threads threads;
  for (const FeatureSpec& spec : ExportableFeatures()) {
    SCOPED_TRACE(fmt::format("{} of '{}'", transform::OperationName(*spec.use), spec.column));
    const ScoringModel model = LinearOver(Fitted({spec}), Link::kIdentity, Task::kNumber);
    const auto bytes = ExportOnnx(model);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    const bool has_logarithm = spec.log && *spec.use != Operation::kBucketize;
    const auto certificate = Certify(model, *bytes, has_logarithm ? kLinearBound : 0);
    EXPECT_TRUE(certificate.ok()) << certificate.status();
    const auto exported = LoadExported(model, *bytes);
    ASSERT_TRUE(exported.ok()) << exported.status();
    const auto served = ScoringModel::FromParts(exported->ToJson(), std::string(exported->onnx_bytes()));
    ASSERT_TRUE(served.ok()) << served.status();
    const auto expected = model.ScoreBatch(rows.view(), threads.context);
    const auto scores = served->ScoreBatch(rows.view(), threads.context);
    ASSERT_TRUE(scores.ok()) << scores.status();
    EXPECT_TRUE(has_logarithm || *scores == *expected);
    for (size_t row = 0; row < expected->size(); ++row) {
      ASSERT_NEAR((*scores)[row], (*expected)[row], 1e-12 * std::max(1.0, std::fabs((*expected)[row]))) << row;
    }
  }
}

TEST(OnnxExport, CountsAreExponentials) {
  Transform transform = Fitted({{.column = "distance", .use = Operation::kBucketize}});
  std::vector<double> weights(static_cast<size_t>(transform.num_features()));
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = 0.5 * static_cast<double>(i) - 2;
  auto predictor = LinearPredictor::Make(Link::kExp, {0.25}, weights);
  const ScoringModel model = *ScoringModel::Make(std::move(transform), *std::move(predictor), Task::kCounts);
  const auto bytes = ExportOnnx(model);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const auto certificate = Certify(model, *bytes, kLinearBound);
  ASSERT_TRUE(certificate.ok()) << certificate.status();
}

int32_t FeatureCalled(const Transform& transform, std::string_view name) {
  for (int32_t i = 0; i < transform.num_features(); ++i) {
    if (transform.FeatureName(i) == name) return i;
  }
  ADD_FAILURE() << "no feature " << name;
  return 0;
}

// Features that are not 0 or 1 alone.
std::vector<int32_t> ManyValued(const Transform& transform) {
  std::vector<int32_t> features;
  for (const char* name :
       {"delay number", "distance number", "small number", "distance", "delay", "small", "distance min_max", "small^2",
        "small^5", "distance^3", "origin ordinal", "small ordinal", "date hour sine", "date day_of_year cosine",
        "date days since 2001-05-01", "date, later days", "later days since 1970-03-01"}) {
    features.push_back(FeatureCalled(transform, name));
  }
  return features;
}

// Full trees of depth 4 over all kinds of features, with thresholds that rows have exactly, and with sets of
// categories.
TreesModel RandomTrees(const Transform& transform, Task task, int32_t outputs) {
  std::mt19937 random(6);
  const std::vector<int32_t> many_valued = ManyValued(transform);
  TreesModel model{.task = task,
                   .num_features = transform.num_features(),
                   .base_margins = std::vector<float>(static_cast<size_t>(outputs), 0.25F)};
  for (int32_t t = 0; t < 60; ++t) {
    Tree tree{.output = t % outputs};
    for (int32_t n = 0; n < 31; ++n) {
      TreeNode node;
      node.value = static_cast<float>(static_cast<int>(random() % 200) - 100) / 64;
      if (n < 15) {
        node.feature = random() % 3 == 0 ? static_cast<int32_t>(random() % static_cast<uint32_t>(model.num_features))
                                         : many_valued[random() % many_valued.size()];
        node.left = 2 * n + 1;
        node.right = 2 * n + 2;
        node.missing_left = random() % 2 == 0;
        if (transform.IsCategory(node.feature) && random() % 4 != 0) {
          for (int32_t code = 0; code < 8; ++code) {  // also some that no word has
            if (random() % 2 == 0 || code == 7) node.categories.push_back(code);
          }
          node.value = 0;
        }
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
  auto predictor = TreesPredictor::Make(RandomTrees(transform, task, outputs));
  EXPECT_TRUE(predictor.ok()) << predictor.status();
  return *ScoringModel::Make(std::move(transform), *std::move(predictor), task, std::move(classes));
}

TEST(OnnxExport, TreesAreTheSameModelInOnnxRuntime) {
  for (const ScoringModel& model : {Trees(Task::kBinary), Trees(Task::kNumber), Trees(Task::kRanking),
                                    Trees(Task::kClasses, {"a", "b", "c"}), Trees(Task::kCounts)}) {
    const auto bytes = ExportOnnx(model);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    const auto certificate = Certify(model, *bytes, kTreesBound);
    ASSERT_TRUE(certificate.ok()) << TaskName(model.task()) << ": " << certificate.status();
    EXPECT_GT(certificate->edge_rows, 9'000);
  }
}

// Only a row at the very threshold shows it, whatever the feature is made of.
TEST(OnnxExport, ASplitThatIsMovedByOneFloatGetsNoCertificate) {
  const Transform transform = Fitted(ExportableFeatures());
  for (const char* name : {"delay number", "small number", "distance", "delay", "distance min_max", "small^2",
                           "distance^3", "date days since 2001-05-01", "date, later days"}) {
    SCOPED_TRACE(name);
    const auto split_at = [&](float value) {
      const TreesModel model{
          .num_features = transform.num_features(),
          .base_margins = {0},
          .trees = {{.nodes = {{.feature = FeatureCalled(transform, name), .value = value, .left = 1, .right = 2},
                               {.value = 1},
                               {.value = 2}}}}};
      return *ScoringModel::Make(transform, *TreesPredictor::Make(model), Task::kNumber);
    };
    const ScoringModel model = split_at(0.40625F);
    EXPECT_TRUE(Certify(model, *ExportOnnx(model), kTreesBound).ok());
    const ScoringModel moved = split_at(std::nextafter(0.40625F, 1.0F));
    EXPECT_EQ(Certify(model, *ExportOnnx(moved), kTreesBound).status().code(), absl::StatusCode::kFailedPrecondition);
  }
}

TEST(OnnxExport, ASetThatLacksACategoryGetsNoCertificate) {
  const Transform transform = Fitted(ExportableFeatures());
  const auto splits_by = [&](std::vector<int32_t> categories) {
    const int32_t origin = FeatureCalled(transform, "origin ordinal");
    const TreesModel model{
        .num_features = transform.num_features(),
        .base_margins = {0},
        .trees = {{.nodes = {{.feature = origin, .left = 1, .right = 2, .categories = std::move(categories)},
                             {.value = 1},
                             {.value = 2}}}}};
    return *ScoringModel::Make(transform, *TreesPredictor::Make(model), Task::kNumber);
  };
  const ScoringModel model = splits_by({0, 3});
  EXPECT_TRUE(Certify(model, *ExportOnnx(model), 0).ok());
  EXPECT_EQ(Certify(model, *ExportOnnx(splits_by({0})), kTreesBound).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(OnnxExport, RefusesSetsOfWhatIsNoCategory) {
  Transform transform = Fitted({{.column = "small", .use = Operation::kNumber}});
  const TreesModel model{.num_features = 1,
                         .base_margins = {0},
                         .trees = {{.nodes = {{.feature = 0, .left = 1, .right = 2, .categories = {1}}, {}, {}}}}};
  const auto trees = TreesPredictor::Make(model);
  ASSERT_TRUE(trees.ok()) << trees.status();
  const auto scoring = ScoringModel::Make(std::move(transform), *trees, Task::kNumber);
  const absl::Status status = ExportOnnx(*scoring).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("splits feature 0 by categories, and it is not of the operation"));
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
}

// A border that is a little elsewhere: only a row at the border shows it.
TEST(OnnxExport, ABorderThatIsMovedByOneDoubleGetsNoCertificate) {
  for (const bool log : {false, true}) {
    const ScoringModel model =
        LinearOver(Fitted({{.column = "small", .use = Operation::kBucketize, .log = log, .borders = {0.5, 1}}}),
                   Link::kIdentity, Task::kNumber);
    EXPECT_TRUE(Certify(model, *ExportOnnx(model), 0).ok());
    Json json = model.ToJson();
    auto& border = json["transform"]["features"][0]["borders"][0];
    border = std::nextafter(border.get<double>(), 0.0);
    const auto moved = ScoringModel::FromJson(json);
    ASSERT_TRUE(moved.ok()) << moved.status();
    if (log) continue;  // the doubles on both sides of it may have logarithms that are not
    const auto certificate = Certify(*moved, *ExportOnnx(model), kLinearBound);
    EXPECT_EQ(certificate.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(certificate.status().message()), HasSubstr("the graph gives"));
  }
}

// The names of a graph's values, and of its output, are none of the columns'.
TEST(OnnxExport, ColumnsMayBeCalledAsTheGraphWouldCallItsValues) {
  const OwnedBatch rows = BatchBuilder()
                              .Numbers("value", {1, 2, std::nullopt})
                              .Numbers("v0", {3, 5, 4})
                              .Texts("v3", {"a", "b", "a"})
                              .Build();
  const auto transform = transform::FitRows({.derived = {},
                                             .features = {{.column = "v0", .use = Operation::kStandardize},
                                                          {.column = "value", .use = Operation::kNumber},
                                                          {.column = "v3", .use = Operation::kOneHot}}},
                                            std::vector{rows.view()});
  ASSERT_TRUE(transform.ok()) << transform.status();
  const ScoringModel model = LinearOver(*transform, Link::kIdentity, Task::kNumber);
  const auto bytes = ExportOnnx(model);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  Threads threads;
  const auto certificate = CertifyParity(model, *bytes, std::vector{rows.view()}, 0, threads.context);
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  EXPECT_EQ(certificate->rows, 3);
  EXPECT_EQ(LoadExported(model, *bytes)->onnx()->options().output, "predicted_value");
}

absl::Status RefusalOf(const FeatureSpec& spec, std::vector<transform::DerivedColumn> derived = {}) {
  const ScoringModel model =
      LinearOver(Fitted({{.column = "delay", .use = Operation::kNumber}, spec}, std::move(derived)), Link::kIdentity,
                 Task::kNumber);
  return ExportOnnx(model).status();
}

TEST(OnnxExport, EveryOperationIsExportedOrRefusedWithItsReason) {
  using enum Operation;
  struct Refused {
    FeatureSpec spec;
    std::string message, hint;
  };
  const std::string no_hash = "ONNX has no operator that hashes a text";
  const std::vector<Refused> refused{
      {{.column = "origin", .use = kHash},
       "feature 2, hash of column 'origin': its words are told by their hash, and " + no_hash,
       "use one_hot, whose words the model keeps"},
      {{.columns = {"origin", "small"}, .use = kCross, .hash_buckets = 8},
       "feature 2, cross of column 'origin, small': its words are told by their hash, and " + no_hash,
       "leave out hash_buckets, so that the model keeps the words"},
      {{.column = "origin", .use = kOneHot, .unknown_buckets = 3},
       "feature 2, one_hot of column 'origin': unknown words are spread over 3 buckets by their hash, and " + no_hash,
       "declare unknown_buckets: 1"},
      {{.column = "origin", .use = kTokens},
       "feature 2, tokens of column 'origin': it takes words out of texts, which ONNX's operators do not do as Roost "
       "does",
       "serve the model with Roost"},
      {{.column = "tags", .use = kMultiHot},
       "feature 2, multi_hot of column 'tags': it takes lists, and an ONNX tensor has no rows of different lengths",
       "let the data bring what is wanted of the list as columns of their own"},
      {{.column = "tags", .use = kListCount}, "feature 2, list_count of column 'tags': it takes lists, and an", ""},
      {{.column = "scores", .use = kListMean}, "feature 2, list_mean of column 'scores': it takes lists, and an", ""},
  };
  std::vector<Operation> seen;
  for (const FeatureSpec& spec : ExportableFeatures()) seen.push_back(*spec.use);
  for (const Refused& one : refused) {
    seen.push_back(*one.spec.use);
    const absl::Status status = RefusalOf(one.spec);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << status;
    EXPECT_THAT(std::string(status.message()), testing::StartsWith("ONNX export: " + one.message));
    EXPECT_THAT(std::string(HintOf(status)), HasSubstr(one.hint));
  }
  for (const Operation operation : transform::AllOperations()) {
    EXPECT_THAT(seen, testing::Contains(operation)) << transform::OperationName(operation);
  }
}

TEST(OnnxExport, RefusesDerivedColumns) {
  const absl::Status status = RefusalOf({.column = "ratio", .use = Operation::kBucketize},
                                        {{.name = "ratio", .expression = "small / (small + 1)"}});
  EXPECT_EQ(
      std::string(status.message()),
      "ONNX export: feature 2, bucketize of column 'ratio': 'ratio' is derived by an expression, which has no form "
      "in ONNX");
  EXPECT_EQ(HintOf(status), "let the data bring the column, or serve the model with Roost");
}

TEST(OnnxExport, RefusesWordsThatItCannotTellOrHold) {
  std::vector<std::optional<double>> numbers;
  std::vector<std::optional<std::string>> texts;
  for (int i = 0; i < 5'000; ++i) {
    numbers.emplace_back(i);
    texts.emplace_back(i % 2 == 0 ? "\xEF\xBF\xBF" : "a");
  }
  const OwnedBatch rows = BatchBuilder().Numbers("n", numbers).Texts("t", texts).Build();
  const auto refusal = [&](const FeatureSpec& spec) {
    const auto transform = transform::FitRows({.derived = {}, .features = {spec}}, std::vector{rows.view()});
    EXPECT_TRUE(transform.ok()) << transform.status();
    return ExportOnnx(LinearOver(*transform, Link::kIdentity, Task::kNumber)).status();
  };
  const absl::Status many = refusal({.column = "n", .use = Operation::kOneHot, .top = 4'097});
  EXPECT_THAT(std::string(many.message()), HasSubstr("it takes numbers as 4097 different words"));
  EXPECT_EQ(HintOf(many), "declare top: 4096, or let the data bring the column as a text");
  EXPECT_TRUE(refusal({.column = "n", .use = Operation::kOneHot, .top = 4'096}).ok());
  EXPECT_THAT(std::string(refusal({.columns = {"t", "n"}, .use = Operation::kCross, .top = 5'000}).message()),
              HasSubstr("one of its words is U+FFFF"));
  EXPECT_THAT(std::string(refusal({.column = "t", .use = Operation::kOrdinal}).message()),
              HasSubstr("one of its words is U+FFFF, which stands for a missing text"));
}

TEST(OnnxExport, RefusesWhatIsNoPredictorOfItsOwn) {
  Transform transform = Fitted(WordFeatures());
  auto classes = std::make_shared<const ThreeClasses>(transform.num_features());
  const auto other = ScoringModel::Make(std::move(transform), std::move(classes), Task::kClasses, {"a", "b", "c"});
  EXPECT_THAT(std::string(ExportOnnx(*other).status().message()),
              HasSubstr("the predictor 'three_classes' has no form"));
  const ScoringModel model = LinearOver(Fitted(WordFeatures()), Link::kLogistic, Task::kBinary);
  EXPECT_THAT(std::string(ExportOnnx(*LoadExported(model, *ExportOnnx(model))).status().message()),
              HasSubstr("an ONNX file already"));
}

}  // namespace
}  // namespace roost::predict
