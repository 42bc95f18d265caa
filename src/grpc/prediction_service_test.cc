// TensorFlow Serving's protocol, with messages as clients build them.

#include <cstring>
#include <functional>

#include <gmock/gmock.h>
#include <tensorflow_serving.pb.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "grpc/test_calls.h"
#include "predict/three_classes.h"
#include "serving/infer.h"

namespace roost::grpc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace tensorflow::serving;
using tensorflow::Example;
using tensorflow::Feature;
using tensorflow::TensorProto;

constexpr char kPredict[] = "/tensorflow.serving.PredictionService/Predict";
constexpr char kClassify[] = "/tensorflow.serving.PredictionService/Classify";
constexpr char kRegress[] = "/tensorflow.serving.PredictionService/Regress";
constexpr char kMetadata[] = "/tensorflow.serving.PredictionService/GetModelMetadata";
constexpr char kStatus[] = "/tensorflow.serving.ModelService/GetModelStatus";

Feature Number(float value) {
  Feature feature;
  feature.mutable_float_list()->add_value(value);
  return feature;
}

Feature Integer(int64_t value) {
  Feature feature;
  feature.mutable_int64_list()->add_value(value);
  return feature;
}

Feature Text(const char* value) {
  Feature feature;
  feature.mutable_bytes_list()->add_value(value);
  return feature;
}

void Set(Example& example, const char* name, const Feature& feature) {
  (*example.mutable_features()->mutable_feature())[name] = feature;
}

class PredictionTest : public CallsTest {
 protected:
  /// Two rows: 4 and 100 miles, from SFO both, in 2001 and in 1970.
  static PredictRequest TwoRows() {
    PredictRequest request;
    request.mutable_model_spec()->set_name("delay");
    auto& inputs = *request.mutable_inputs();
    for (const char* name : {"distance", "origin", "date"}) inputs[name].mutable_tensor_shape()->add_dim()->set_size(2);
    inputs["distance"].set_dtype(tensorflow::DT_FLOAT);
    inputs["distance"].add_float_val(4);
    inputs["distance"].add_float_val(100);
    inputs["origin"].set_dtype(tensorflow::DT_STRING);
    inputs["origin"].add_string_val("SFO");
    inputs["date"].set_dtype(tensorflow::DT_INT64);
    inputs["date"].add_int64_val(988'718'400'000'000);
    inputs["date"].add_int64_val(0);
    return request;
  }

  /// The same rows; what both have in common is in the context.
  static Input TwoExamples() {
    Input input;
    auto& list = *input.mutable_example_list_with_context();
    Set(*list.mutable_context(), "origin", Text("SFO"));
    Set(*list.mutable_context(), "distance", Number(100));
    Set(*list.add_examples(), "distance", Integer(4));
    Set(*list.mutable_examples(0), "date", Integer(988'718'400'000'000));
    Set(*list.add_examples(), "date", Integer(0));
    return input;
  }

  std::vector<double> Scores(const PredictRequest& request) {
    const auto answer = Ask<PredictResponse>(kPredict, request);
    const auto output = answer.outputs().find("probability");
    if (output == answer.outputs().end()) return {};
    return {output->second.double_val().begin(), output->second.double_val().end()};
  }
};

TEST_F(PredictionTest, PredictsAsTheEngineDoes) {
  serving::InferRequest request{.model_name = "delay"};
  request.inputs = {{.name = "distance", .shape = {2}},
                    {.name = "origin", .datatype = serving::Datatype::kBytes, .shape = {2}, .texts = {"SFO", "SFO"}},
                    {.name = "date", .datatype = serving::Datatype::kInt64, .shape = {2}}};
  for (const double distance : {4.0, 100.0}) request.inputs[0].Append(distance);
  for (const int64_t date : {988'718'400'000'000, 0L}) request.inputs[2].Append(date);
  const auto expected = serving::Infer(models_, request);
  ASSERT_TRUE(expected.ok()) << expected.status();
  const auto answer = Ask<PredictResponse>(kPredict, TwoRows());
  EXPECT_EQ(answer.model_spec().name(), "delay");
  EXPECT_EQ(answer.model_spec().version().value(), 4);
  EXPECT_EQ(answer.model_spec().signature_name(), "serving_default");
  ASSERT_EQ(answer.outputs().count("probability"), 1u);
  const TensorProto& output = answer.outputs().at("probability");
  EXPECT_EQ(output.dtype(), tensorflow::DT_DOUBLE);
  EXPECT_EQ(output.tensor_shape().dim(0).size(), 2);
  EXPECT_THAT(output.double_val(), ElementsAre(expected->outputs[0].At<double>(0), expected->outputs[0].At<double>(1)));
}

TEST_F(PredictionTest, VersionsLabelsAndSignaturesAreChosen) {
  PredictRequest request = TwoRows();
  const std::vector<double> newest = Scores(request);
  request.mutable_model_spec()->set_version_label("champion");
  const std::vector<double> champion = Scores(request);
  EXPECT_NE(champion, newest);
  request.mutable_model_spec()->mutable_version()->set_value(3);
  EXPECT_EQ(Scores(request), champion);
  request.mutable_model_spec()->set_signature_name("serving_default");
  EXPECT_EQ(Scores(request), champion);
  request.mutable_model_spec()->set_signature_name("train");
  EXPECT_EQ(Fail(kPredict, request).code, 3);
  request = TwoRows();
  request.mutable_model_spec()->set_version_label("challenger");
  EXPECT_EQ(Fail(kPredict, request).code, 5);
  request.mutable_model_spec()->mutable_version()->set_value(9);
  EXPECT_EQ(Fail(kPredict, request).code, 5);
  EXPECT_EQ(Fail(kPredict, PredictRequest()).code, 5);
  request.mutable_model_spec()->mutable_version()->set_value(0);
  EXPECT_EQ(Scores(request), newest);
}

TEST_F(PredictionTest, OutputsAreFiltered) {
  PredictRequest request = TwoRows();
  request.add_output_filter("probability");
  EXPECT_EQ(Scores(request).size(), 2u);
  request.add_output_filter("logit");
  EXPECT_THAT(Fail(kPredict, request).message, HasSubstr("logit"));
}

TEST_F(PredictionTest, BadInputsAreNamed) {
  PredictRequest request = TwoRows();
  request.mutable_inputs()->erase("date");
  EXPECT_THAT(Fail(kPredict, request).message, HasSubstr("date"));
  request = TwoRows();
  (*request.mutable_inputs())["distance"].set_dtype(tensorflow::DT_HALF);
  EXPECT_THAT(Fail(kPredict, request).message, HasSubstr("input 'distance': the dtype 19"));
}

TEST_F(PredictionTest, RegressesExamples) {
  RegressionRequest request;
  request.mutable_model_spec()->set_name("delay");
  *request.mutable_input() = TwoExamples();
  const auto answer = Ask<RegressionResponse>(kRegress, request);
  const std::vector<double> scores = Scores(TwoRows());
  ASSERT_EQ(answer.result().regressions_size(), 2);
  EXPECT_EQ(answer.result().regressions(0).value(), static_cast<float>(scores[0]));
  EXPECT_EQ(answer.result().regressions(1).value(), static_cast<float>(scores[1]));
  EXPECT_EQ(answer.model_spec().version().value(), 4);
}

TEST_F(PredictionTest, ClassifiesExamples) {
  ClassificationRequest request;
  request.mutable_model_spec()->set_name("delay");
  *request.mutable_input() = TwoExamples();
  const auto answer = Ask<ClassificationResponse>(kClassify, request);
  const std::vector<double> scores = Scores(TwoRows());
  ASSERT_EQ(answer.result().classifications_size(), 2);
  for (int row = 0; row < 2; ++row) {
    const auto& classes = answer.result().classifications(row).classes();
    ASSERT_EQ(classes.size(), 2);
    EXPECT_EQ(classes[0].label(), "false");
    EXPECT_EQ(classes[0].score(), static_cast<float>(1 - scores[static_cast<size_t>(row)]));
    EXPECT_EQ(classes[1].label(), "true");
    EXPECT_EQ(classes[1].score(), static_cast<float>(scores[static_cast<size_t>(row)]));
  }
}

TEST_F(PredictionTest, ModelsOfClassesClassifyAndDoNotRegress) {
  const auto binary = predict::ScoringModel::FromJson(*ParseJson(serving::TestModelJson(), "model"));
  ASSERT_TRUE(binary.ok()) << binary.status();
  auto predictor = std::make_shared<const predict::ThreeClasses>(binary->transform()->num_features());
  const auto model = predict::ScoringModel::Make(*binary->transform(), std::move(predictor), predict::Task::kClasses,
                                                 {"early", "late", "cancelled"});
  ASSERT_TRUE(model.ok()) << model.status();
  models_.Publish(std::make_shared<const serving::Servable>("classes", 1, *model));
  ClassificationRequest request;
  request.mutable_model_spec()->set_name("classes");
  *request.mutable_input() = TwoExamples();
  const auto answer = Ask<ClassificationResponse>(kClassify, request);
  PredictRequest predict = TwoRows();
  predict.mutable_model_spec()->set_name("classes");
  const auto predicted = Ask<PredictResponse>(kPredict, predict);
  const auto& probabilities = predicted.outputs().at("probabilities").double_val();
  ASSERT_EQ(answer.result().classifications_size(), 2);
  ASSERT_EQ(probabilities.size(), 6);
  for (int row = 0; row < 2; ++row) {
    const auto& classes = answer.result().classifications(row).classes();
    ASSERT_EQ(classes.size(), 3);
    EXPECT_EQ(classes[1].label(), "late");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(classes[i].score(), static_cast<float>(probabilities[3 * row + i]));
  }
  RegressionRequest regression;
  *regression.mutable_model_spec() = request.model_spec();
  *regression.mutable_input() = TwoExamples();
  EXPECT_THAT(Fail(kRegress, regression).message, HasSubstr("Classify"));
}

TEST_F(PredictionTest, MissingFeaturesAreMissingValues) {
  serving::InferRequest engine{.model_name = "delay"};
  engine.inputs = {
      {.name = "distance", .shape = {1}, .nulls = {true}},
      {.name = "origin", .datatype = serving::Datatype::kBytes, .shape = {1}, .texts = {""}, .nulls = {true}},
      {.name = "date", .datatype = serving::Datatype::kBytes, .shape = {1}, .texts = {"2001-05-01T12:00:00Z"}}};
  engine.inputs[0].Append(0.0);
  const auto expected = serving::Infer(models_, engine);
  ASSERT_TRUE(expected.ok()) << expected.status();
  RegressionRequest request;
  request.mutable_model_spec()->set_name("delay");
  Example& example = *request.mutable_input()->mutable_example_list()->add_examples();
  Set(example, "date", Text("2001-05-01T12:00:00Z"));
  Set(example, "origin", Feature());
  const auto answer = Ask<RegressionResponse>(kRegress, request);
  ASSERT_EQ(answer.result().regressions_size(), 1);
  EXPECT_EQ(answer.result().regressions(0).value(), static_cast<float>(expected->outputs[0].At<double>(0)));
}

TEST_F(PredictionTest, BadExamplesAreNamed) {
  const std::vector<std::pair<std::function<void(Input&)>, const char*>> cases = {
      {[](Input& input) { input.Clear(); }, "no examples"},
      {[](Input& input) { input.mutable_example_list_with_context()->clear_examples(); }, "no examples"},
      {[](Input& input) {
         Set(*input.mutable_example_list_with_context()->mutable_examples(1), "carrier", Text("AA"));
       },
       "no input 'carrier'"},
      {[](Input& input) { Set(*input.mutable_example_list_with_context()->mutable_context(), "tail", Text("N1")); },
       "no input 'tail'"},
      {[](Input& input) {
         Set(*input.mutable_example_list_with_context()->mutable_examples(1), "distance", Text("far"));
       },
       "feature 'distance' of example 1"},
      {[](Input& input) { Set(*input.mutable_example_list_with_context()->mutable_examples(0), "origin", Number(1)); },
       "feature 'origin' of example 0"},
      {[](Input& input) {
         Feature two = Number(1);
         two.mutable_float_list()->add_value(2);
         Set(*input.mutable_example_list_with_context()->mutable_examples(0), "distance", two);
       },
       "one value"},
      {[](Input& input) { Set(*input.mutable_example_list_with_context()->mutable_examples(0), "date", Text("May")); },
       "date"},
  };
  for (const auto& [spoil, expected] : cases) {
    RegressionRequest request;
    request.mutable_model_spec()->set_name("delay");
    *request.mutable_input() = TwoExamples();
    spoil(*request.mutable_input());
    const Outcome outcome = Fail(kRegress, request);
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.message, HasSubstr(expected));
  }
}

TEST_F(PredictionTest, MetadataIsASignature) {
  GetModelMetadataRequest request;
  request.mutable_model_spec()->set_name("delay");
  request.add_metadata_field("signature_def");
  const auto answer = Ask<GetModelMetadataResponse>(kMetadata, request);
  EXPECT_EQ(answer.model_spec().version().value(), 4);
  const auto& packed = answer.metadata().at("signature_def");
  EXPECT_EQ(packed.type_url(), "type.googleapis.com/tensorflow.serving.SignatureDefMap");
  SignatureDefMap signatures;
  ASSERT_TRUE(signatures.ParseFromString(packed.value()));
  const auto& signature = signatures.signature_def().at("serving_default");
  EXPECT_EQ(signature.method_name(), "tensorflow/serving/predict");
  EXPECT_EQ(signature.inputs().at("origin").dtype(), tensorflow::DT_STRING);
  EXPECT_EQ(signature.inputs().at("date").dtype(), tensorflow::DT_INT64);
  EXPECT_EQ(signature.outputs().at("probability").dtype(), tensorflow::DT_DOUBLE);
  EXPECT_EQ(signature.outputs().at("probability").tensor_shape().dim(0).size(), -1);
  request.add_metadata_field("graph");
  EXPECT_EQ(Fail(kMetadata, request).code, 3);
  request.clear_metadata_field();
  EXPECT_EQ(Fail(kMetadata, request).code, 3);
}

TEST_F(PredictionTest, StatusTellsOfVersions) {
  models_.SetState({.name = "delay", .version = 5, .state = serving::State::kEnd, .reason = "cut off"});
  GetModelStatusRequest request;
  request.mutable_model_spec()->set_name("delay");
  const auto all = Ask<GetModelStatusResponse>(kStatus, request);
  ASSERT_EQ(all.model_version_status_size(), 3);
  EXPECT_EQ(all.model_version_status(0).version(), 3);
  EXPECT_EQ(all.model_version_status(0).state(), ModelVersionStatus::AVAILABLE);
  EXPECT_EQ(all.model_version_status(0).status().error_code(), 0);
  EXPECT_EQ(all.model_version_status(2).state(), ModelVersionStatus::END);
  EXPECT_EQ(all.model_version_status(2).status().error_code(), 2);
  EXPECT_EQ(all.model_version_status(2).status().error_message(), "cut off");
  request.mutable_model_spec()->set_version_label("champion");
  const auto one = Ask<GetModelStatusResponse>(kStatus, request);
  ASSERT_EQ(one.model_version_status_size(), 1);
  EXPECT_EQ(one.model_version_status(0).version(), 3);
  request.mutable_model_spec()->mutable_version()->set_value(9);
  EXPECT_EQ(Fail(kStatus, request).code, 5);
  request.mutable_model_spec()->set_name("fraud");
  EXPECT_EQ(Fail(kStatus, request).code, 5);
}

}  // namespace
}  // namespace roost::grpc
