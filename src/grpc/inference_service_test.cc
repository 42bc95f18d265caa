// The Open Inference Protocol v2 over gRPC, with messages as clients build them.

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include <gmock/gmock.h>
#include <inference.pb.h>

#include "grpc/test_calls.h"
#include "serving/infer.h"

namespace roost::grpc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace inference;

constexpr char kInfer[] = "/inference.GRPCInferenceService/ModelInfer";

std::string Path(std::string_view method) { return "/inference.GRPCInferenceService/" + std::string(method); }

template <typename T>
std::string Bytes(std::initializer_list<T> values) {
  return std::string(reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T));
}

std::string RawTexts(std::initializer_list<std::string> texts) {
  std::string raw;
  for (const std::string& text : texts) raw += Bytes({static_cast<uint32_t>(text.size())}) + text;
  return raw;
}

ModelInferRequest::InferInputTensor& AddInput(ModelInferRequest& request, const char* name, const char* datatype,
                                              int64_t rows) {
  auto& input = *request.add_inputs();
  input.set_name(name);
  input.set_datatype(datatype);
  input.add_shape(rows);
  return input;
}

class InferenceTest : public CallsTest {
 protected:
  /// Two rows with typed contents.
  static ModelInferRequest Typed() {
    ModelInferRequest request;
    request.set_model_name("delay");
    request.set_id("7");
    auto& distance = *AddInput(request, "distance", "FP64", 2).mutable_contents();
    distance.add_fp64_contents(4);
    distance.add_fp64_contents(100);
    auto& origin = *AddInput(request, "origin", "BYTES", 2).mutable_contents();
    origin.add_bytes_contents("SFO");
    origin.add_bytes_contents("OAK");
    auto& date = *AddInput(request, "date", "INT64", 2).mutable_contents();
    date.add_int64_contents(988'718'400'000'000);
    date.add_int64_contents(0);
    return request;
  }

  /// The same rows with raw contents.
  static ModelInferRequest Raw() {
    ModelInferRequest request = Typed();
    for (auto& input : *request.mutable_inputs()) input.clear_contents();
    request.add_raw_input_contents(Bytes<double>({4, 100}));
    request.add_raw_input_contents(RawTexts({"SFO", "OAK"}));
    request.add_raw_input_contents(Bytes<int64_t>({988'718'400'000'000, 0}));
    return request;
  }

  std::string RawOutput(const ModelInferRequest& request) {
    const auto answer = Ask<ModelInferResponse>(kInfer, request);
    EXPECT_EQ(answer.raw_output_contents_size(), 1);
    return answer.raw_output_contents_size() == 1 ? answer.raw_output_contents(0) : "";
  }
};

TEST_F(InferenceTest, AnswersAsTheEngineDoes) {
  serving::InferRequest request{.model_name = "delay"};
  request.inputs = {{.name = "distance", .shape = {2}, .bytes = Bytes<double>({4, 100})},
                    {.name = "origin", .datatype = serving::Datatype::kBytes, .shape = {2}, .texts = {"SFO", "OAK"}},
                    {.name = "date",
                     .datatype = serving::Datatype::kInt64,
                     .shape = {2},
                     .bytes = Bytes<int64_t>({988'718'400'000'000, 0})}};
  const auto expected = serving::Infer(models_, request);
  ASSERT_TRUE(expected.ok()) << expected.status();
  const auto answer = Ask<ModelInferResponse>(kInfer, Typed());
  EXPECT_EQ(answer.model_name(), "delay");
  EXPECT_EQ(answer.model_version(), "4");
  EXPECT_EQ(answer.id(), "7");
  ASSERT_EQ(answer.outputs_size(), 1);
  EXPECT_EQ(answer.outputs(0).name(), "probability");
  EXPECT_EQ(answer.outputs(0).datatype(), "FP64");
  EXPECT_THAT(answer.outputs(0).shape(), ElementsAre(2));
  EXPECT_FALSE(answer.outputs(0).has_contents());
  EXPECT_THAT(answer.raw_output_contents(), ElementsAre(expected->outputs[0].bytes));
  EXPECT_EQ(RawOutput(Raw()), expected->outputs[0].bytes);
}

TEST_F(InferenceTest, VersionsAndOutputsAreChosen) {
  ModelInferRequest request = Raw();
  const std::string newest = RawOutput(request);
  request.set_model_version("3");
  request.add_outputs()->set_name("probability");
  EXPECT_NE(RawOutput(request), newest);
  request.set_model_version("4");
  EXPECT_EQ(RawOutput(request), newest);
  request.mutable_outputs(0)->set_name("nothing");
  EXPECT_THAT(Fail(kInfer, request).message, HasSubstr("probability"));
  request.set_model_version("5");
  EXPECT_EQ(Fail(kInfer, request).code, 5);
  request.set_model_version("newest");
  EXPECT_EQ(Fail(kInfer, request).code, 3);
  request.set_model_name("delai");
  request.set_model_version("");
  const Outcome unknown = Fail(kInfer, request);
  EXPECT_EQ(unknown.code, 5);
  EXPECT_THAT(unknown.message, HasSubstr("did you mean 'delay'?"));
}

/// One datatype: how its contents say 4 and 100, and the same in bytes.
struct NumberCase {
  const char* datatype;
  std::function<void(InferTensorContents&)> fill;
  std::string raw;
};

std::vector<NumberCase> NumberCases() {
  const auto ints = [](InferTensorContents& contents) {
    contents.add_int_contents(4);
    contents.add_int_contents(100);
  };
  const auto uints = [](InferTensorContents& contents) {
    contents.add_uint_contents(4);
    contents.add_uint_contents(100);
  };
  return {{"INT8", ints, Bytes<int8_t>({4, 100})},
          {"INT16", ints, Bytes<int16_t>({4, 100})},
          {"INT32", ints, Bytes<int32_t>({4, 100})},
          {"UINT8", uints, Bytes<uint8_t>({4, 100})},
          {"UINT16", uints, Bytes<uint16_t>({4, 100})},
          {"UINT32", uints, Bytes<uint32_t>({4, 100})},
          {"INT64",
           [](InferTensorContents& contents) {
             contents.add_int64_contents(4);
             contents.add_int64_contents(100);
           },
           Bytes<int64_t>({4, 100})},
          {"UINT64",
           [](InferTensorContents& contents) {
             contents.add_uint64_contents(4);
             contents.add_uint64_contents(100);
           },
           Bytes<uint64_t>({4, 100})},
          {"FP32",
           [](InferTensorContents& contents) {
             contents.add_fp32_contents(4);
             contents.add_fp32_contents(100);
           },
           Bytes<float>({4, 100})}};
}

TEST_F(InferenceTest, EveryNumberGivesTheSameScores) {
  const std::string expected = RawOutput(Typed());
  for (const NumberCase& number : NumberCases()) {
    ModelInferRequest typed = Typed();
    typed.mutable_inputs(0)->set_datatype(number.datatype);
    typed.mutable_inputs(0)->clear_contents();
    number.fill(*typed.mutable_inputs(0)->mutable_contents());
    EXPECT_EQ(RawOutput(typed), expected) << number.datatype;
    ModelInferRequest raw = Raw();
    raw.mutable_inputs(0)->set_datatype(number.datatype);
    raw.set_raw_input_contents(0, number.raw);
    EXPECT_EQ(RawOutput(raw), expected) << number.datatype;
  }
}

TEST_F(InferenceTest, HalvesComeRaw) {
  const std::string expected = RawOutput(Typed());
  const std::pair<const char*, std::string> halves[] = {{"FP16", Bytes<uint16_t>({0x4400, 0x5640})},
                                                        {"BF16", Bytes<uint16_t>({0x4080, 0x42c8})}};
  for (const auto& [datatype, bytes] : halves) {  // 4 and 100
    ModelInferRequest request = Raw();
    request.mutable_inputs(0)->set_datatype(datatype);
    request.set_raw_input_contents(0, bytes);
    EXPECT_EQ(RawOutput(request), expected) << datatype;
    request.set_raw_input_contents(0, bytes + "x");
    EXPECT_THAT(Fail(kInfer, request).message, HasSubstr("are 2 bytes each, and there are 5 bytes"));
  }
}

TEST_F(InferenceTest, BoolsAreZeroAndOne) {
  ModelInferRequest numbers = Raw();
  numbers.set_raw_input_contents(0, Bytes<double>({0, 1}));
  const std::string expected = RawOutput(numbers);
  ModelInferRequest raw = Raw();
  raw.mutable_inputs(0)->set_datatype("BOOL");
  raw.set_raw_input_contents(0, Bytes<uint8_t>({0, 1}));
  EXPECT_EQ(RawOutput(raw), expected);
  ModelInferRequest typed = Typed();
  typed.mutable_inputs(0)->set_datatype("BOOL");
  typed.mutable_inputs(0)->mutable_contents()->Clear();
  typed.mutable_inputs(0)->mutable_contents()->add_bool_contents(false);
  typed.mutable_inputs(0)->mutable_contents()->add_bool_contents(true);
  EXPECT_EQ(RawOutput(typed), expected);
}

TEST_F(InferenceTest, BadRequestsNameTheInput) {
  const std::vector<std::pair<std::function<void(ModelInferRequest&)>, const char*>> cases = {
      {[](auto& r) { r.mutable_inputs(0)->set_datatype("FP16"); }, "FP16 comes in raw_input_contents only"},
      {[](auto& r) { r.mutable_inputs(0)->set_datatype("BF16"); }, "BF16 comes in raw_input_contents only"},
      {[](auto& r) { r.mutable_inputs(0)->set_datatype("FP8"); }, "'FP8' is not understood"},
      {[](auto& r) { r.mutable_inputs(0)->set_shape(0, 3); }, "distance"},
      {[](auto& r) { r.mutable_inputs(0)->set_shape(0, -1); }, "negative"},
      {[](auto& r) { r.mutable_inputs(0)->set_shape(0, std::numeric_limits<int64_t>::max()); }, "distance"},
      {[](auto& r) { r.mutable_inputs(0)->mutable_contents()->add_fp64_contents(1); }, "fp64_contents has 3"},
      {[](auto& r) { r.mutable_inputs(0)->set_datatype("INT32"); }, "int_contents has 0"},
      {[](auto& r) { r.mutable_inputs(0)->set_name("distanc"); }, "distance"},
      {[](auto& r) { r.mutable_inputs()->RemoveLast(); }, "date"},
      {[](auto& r) { r.clear_inputs(); }, "distance"},
      {[](auto& r) { r.mutable_inputs(1)->mutable_contents()->set_bytes_contents(0, "\xff"); }, "UTF-8"},
      {[](auto& r) { r.add_raw_input_contents("x"); }, "raw_input_contents has 1 entries"},
  };
  for (const auto& [spoil, expected] : cases) {
    ModelInferRequest request = Typed();
    spoil(request);
    const Outcome outcome = Fail(kInfer, request);
    EXPECT_EQ(outcome.code, 3) << outcome.message;
    EXPECT_THAT(outcome.message, HasSubstr(expected));
  }
}

TEST_F(InferenceTest, NumbersThatDoNotFitAreRefused) {
  ModelInferRequest request = Typed();
  request.mutable_inputs(0)->set_datatype("INT8");
  request.mutable_inputs(0)->mutable_contents()->add_int_contents(4);
  request.mutable_inputs(0)->mutable_contents()->add_int_contents(128);
  EXPECT_THAT(Fail(kInfer, request).message, HasSubstr("value 1 of int_contents does not fit INT8"));
}

TEST_F(InferenceTest, RawContentsAreAllOrNothing) {
  ModelInferRequest request = Raw();
  request.mutable_inputs(2)->mutable_contents()->add_int64_contents(1);
  EXPECT_THAT(Fail(kInfer, request).message, HasSubstr("input 'date' has 'contents'"));
  request = Raw();
  request.mutable_raw_input_contents()->RemoveLast();
  EXPECT_EQ(Fail(kInfer, request).code, 3);
  request = Raw();
  request.mutable_raw_input_contents(1)->push_back('x');
  EXPECT_THAT(Fail(kInfer, request).message, HasSubstr("more bytes"));
  request.set_raw_input_contents(1, Bytes<uint32_t>({1'000'000'000}));
  EXPECT_THAT(Fail(kInfer, request).message, HasSubstr("bytes are left"));
}

TEST_F(InferenceTest, ParametersThatChangeTheMeaningAreRefused) {
  ModelInferRequest request = Raw();
  (*request.mutable_inputs(0)->mutable_parameters())["shared_memory_region"].set_string_param("a");
  EXPECT_EQ(Fail(kInfer, request).code, 12);
  request = Raw();
  request.add_outputs()->set_name("probability");
  (*request.mutable_outputs(0)->mutable_parameters())["classification"].set_int64_param(1);
  EXPECT_EQ(Fail(kInfer, request).code, 12);
}

TEST_F(InferenceTest, TellsOfServerAndModels) {
  EXPECT_TRUE(Ask<ServerReadyResponse>(Path("ServerReady"), ServerReadyRequest()).ready());
  const auto server = Ask<ServerMetadataResponse>(Path("ServerMetadata"), ServerMetadataRequest());
  EXPECT_EQ(server.name(), "roost");
  EXPECT_THAT(server.extensions(),
              ElementsAre("model_configuration", "model_repository", "schedule_policy", "statistics"));
  ModelMetadataRequest request;
  request.set_name("delay");
  const auto model = Ask<ModelMetadataResponse>(Path("ModelMetadata"), request);
  EXPECT_EQ(model.platform(), "roost");
  EXPECT_THAT(model.versions(), ElementsAre("3", "4"));
  ASSERT_EQ(model.inputs_size(), 3);
  EXPECT_EQ(model.inputs(1).name(), "origin");
  EXPECT_EQ(model.inputs(1).datatype(), "BYTES");
  EXPECT_THAT(model.inputs(1).shape(), ElementsAre(-1));
  ASSERT_EQ(model.outputs_size(), 1);
  request.set_version("9");
  EXPECT_EQ(Fail(Path("ModelMetadata"), request).code, 5);
}

TEST_F(InferenceTest, AModelIsReadyOrNot) {
  ModelReadyRequest request;
  request.set_name("delay");
  EXPECT_TRUE(Ask<ModelReadyResponse>(Path("ModelReady"), request).ready());
  request.set_version("9");
  EXPECT_FALSE(Ask<ModelReadyResponse>(Path("ModelReady"), request).ready());
  request.set_name("fraud");
  EXPECT_FALSE(Ask<ModelReadyResponse>(Path("ModelReady"), request).ready());
}

TEST_F(InferenceTest, ConfigurationIsThatOfTriton) {
  ModelConfigRequest request;
  request.set_name("delay");
  const ModelConfig config = Ask<ModelConfigResponse>(Path("ModelConfig"), request).config();
  EXPECT_EQ(config.name(), "delay");
  EXPECT_EQ(config.max_batch_size(), 0);
  ASSERT_EQ(config.input_size(), 3);
  EXPECT_EQ(config.input(0).data_type(), TYPE_FP64);
  EXPECT_EQ(config.input(1).data_type(), TYPE_STRING);
  EXPECT_EQ(config.input(2).data_type(), TYPE_INT64);
  EXPECT_THAT(config.output(0).dims(), ElementsAre(-1));
}

TEST_F(InferenceTest, TheIndexHasWhatIsLoadedAndWhatIsNot) {
  models_.SetState({.name = "fraud", .version = 1, .state = serving::State::kEnd, .reason = "cut off"});
  RepositoryIndexRequest request;
  const auto all = Ask<RepositoryIndexResponse>(Path("RepositoryIndex"), request);
  ASSERT_EQ(all.models_size(), 3);
  EXPECT_EQ(all.models(0).name(), "delay");
  EXPECT_EQ(all.models(0).version(), "3");
  EXPECT_EQ(all.models(0).state(), "READY");
  EXPECT_EQ(all.models(2).state(), "UNAVAILABLE");
  EXPECT_EQ(all.models(2).reason(), "cut off");
  request.set_ready(true);
  EXPECT_EQ(Ask<RepositoryIndexResponse>(Path("RepositoryIndex"), request).models_size(), 2);
  request.set_repository_name("other");
  EXPECT_EQ(Fail(Path("RepositoryIndex"), request).code, 5);
}

TEST_F(InferenceTest, StatisticsCountWhatWasAsked) {
  RawOutput(Raw());
  ModelInferRequest bad = Typed();
  bad.mutable_inputs(0)->set_name("x");
  Fail(kInfer, bad);
  ModelStatisticsRequest request;
  EXPECT_EQ(Ask<ModelStatisticsResponse>(Path("ModelStatistics"), request).model_stats_size(), 2);
  request.set_name("delay");
  request.set_version("4");
  const auto answer = Ask<ModelStatisticsResponse>(Path("ModelStatistics"), request);
  ASSERT_EQ(answer.model_stats_size(), 1);
  EXPECT_EQ(answer.model_stats(0).inference_count(), 2u);
  EXPECT_EQ(answer.model_stats(0).execution_count(), 1u);
  EXPECT_EQ(answer.model_stats(0).inference_stats().success().count(), 1u);
  EXPECT_EQ(answer.model_stats(0).inference_stats().fail().count(), 1u);
  EXPECT_GT(answer.model_stats(0).inference_stats().compute_infer().ns(), 0u);
  request.set_name("fraud");
  EXPECT_EQ(Fail(Path("ModelStatistics"), request).code, 5);
  request.set_version("");
  EXPECT_EQ(Fail(Path("ModelStatistics"), request).code, 5);
}

}  // namespace
}  // namespace roost::grpc
