#include "rest/infer_request.h"

#include <cmath>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rest/path.h"
#include "rest/tensor_codec.h"

namespace roost::rest {
namespace {

using serving::Datatype;
using serving::Tensor;
using std::string_literals::operator""s;
using testing::ElementsAre;
using testing::HasSubstr;

std::string Input(std::string_view datatype, std::string_view shape, std::string_view data) {
  return R"({"inputs":[{"name":"x","datatype":")" + std::string(datatype) + R"(","shape":)" + std::string(shape) +
         R"(,"data":)" + std::string(data) + "}]}";
}

TEST(InferRequest, ReadsEveryDatatypeFromJson) {
  const auto read = [](std::string_view datatype, std::string_view data) {
    const auto decoded = DecodeRequest(Input(datatype, "[2]", data), {});
    EXPECT_TRUE(decoded.ok()) << datatype << decoded.status();
    std::string json;
    if (decoded.ok()) AppendJsonData(decoded->request.inputs[0], json);
    return json;
  };
  EXPECT_EQ(read("BOOL", "[true,false]"), "[true,false]");
  EXPECT_EQ(read("INT8", "[-128,127]"), "[-128,127]");
  EXPECT_EQ(read("INT16", "[-32768,32767]"), "[-32768,32767]");
  EXPECT_EQ(read("INT32", "[-2147483648,2147483647]"), "[-2147483648,2147483647]");
  EXPECT_EQ(read("INT64", "[-9223372036854775808,9223372036854775807]"), "[-9223372036854775808,9223372036854775807]");
  EXPECT_EQ(read("UINT8", "[0,255]"), "[0,255]");
  EXPECT_EQ(read("UINT16", "[0,65535]"), "[0,65535]");
  EXPECT_EQ(read("UINT32", "[0,4294967295]"), "[0,4294967295]");
  EXPECT_EQ(read("UINT64", "[0,18446744073709551615]"), "[0,18446744073709551615]");
  EXPECT_EQ(read("FP32", "[0.1,3]"), "[0.1,3]");
  EXPECT_EQ(read("FP64", "[0.1,-1e300]"), "[0.1,-1e+300]");
  EXPECT_EQ(read("BYTES", R"(["é\n\"\\",""])"), R"(["é\u000a\"\\",""])");
  EXPECT_EQ(read("FP64", "[null,1]"), "[null,1]");
  EXPECT_EQ(read("BYTES", R"(["a",null])"), R"(["a",null])");
}

TEST(InferRequest, NestedDataIsTheSameAsFlat) {
  for (const char* data : {"[1,2,null,4]", "[[1],[2],[null],[4]]", "[[1,2],[null,4]]"}) {
    const auto decoded = DecodeRequest(Input("FP64", "[4,1]", data), {});
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    const Tensor& tensor = decoded->request.inputs[0];
    EXPECT_EQ(tensor.size(), 4);
    EXPECT_EQ(tensor.nulls, (std::vector<bool>{false, false, true, false}));
    EXPECT_EQ(tensor.At<double>(3), 4);
  }
}

TEST(InferRequest, ReadsIdAndFormOfTheAnswer) {
  const auto decoded = DecodeRequest(
      R"({"id":"7","parameters":{"binary_data_output":true,"other":1,"priority":1,"timeout":5000},"inputs":[],)"
      R"("outputs":[{"name":"a","parameters":{"binary_data":false}},{"name":"b","parameters":{"classification":3}}],"unknown":{}})",
      {});
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->request.id, "7");
  EXPECT_TRUE(decoded->binary_outputs);
  EXPECT_THAT(decoded->request.outputs, ElementsAre("a", "b"));
  ASSERT_EQ(decoded->outputs.size(), 2u);
  EXPECT_EQ(decoded->outputs[0].binary, false);
  EXPECT_EQ(decoded->outputs[1].binary, std::nullopt);
  EXPECT_EQ(decoded->outputs[1].classification, 3);
}

TEST(InferRequest, ReadsBinaryDataInTheOrderOfTheInputs) {
  const std::string json =
      R"({"inputs":[{"name":"t","datatype":"BYTES","shape":[2],"parameters":{"binary_data_size":11}},)"
      R"({"name":"j","datatype":"FP64","shape":[1],"data":[5]},)"
      R"({"name":"n","datatype":"INT16","shape":[2],"parameters":{"binary_data_size":4}}]})";
  const auto decoded = DecodeRequest(json + "\3\0\0\0SFO\0\0\0\0\1\0\xff\xff"s, json.size());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_THAT(decoded->request.inputs[0].texts, ElementsAre("SFO", ""));
  EXPECT_EQ(decoded->request.inputs[1].At<double>(0), 5);
  EXPECT_EQ(decoded->request.inputs[2].At<int16_t>(0), 1);
  EXPECT_EQ(decoded->request.inputs[2].At<int16_t>(1), -1);
}

TEST(InferRequest, HalvesAreReadWithoutLoss) {
  const auto read = [](std::string_view datatype, std::vector<uint16_t> halves) {
    const std::string bytes(reinterpret_cast<const char*>(halves.data()), 2 * halves.size());
    const std::string json = R"({"inputs":[{"name":"x","datatype":")" + std::string(datatype) + R"(","shape":[)" +
                             std::to_string(halves.size()) + R"(],"parameters":{"binary_data_size":)" +
                             std::to_string(bytes.size()) + "}}]}";
    const auto decoded = DecodeRequest(json + bytes, json.size());
    EXPECT_TRUE(decoded.ok()) << decoded.status();
    std::vector<float> values;
    for (size_t i = 0; decoded.ok() && i < halves.size(); ++i) {
      values.push_back(decoded->request.inputs[0].At<float>(static_cast<int64_t>(i)));
    }
    return values;
  };
  // 1, -2, the greatest, the least above 0 and the least normal number; as IEEE 754 has them.
  EXPECT_EQ(read("FP16", {0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x8000}),
            (std::vector<float>{1, -2, 65'504, 0x1p-24F, 0x1p-14F, 0}));
  EXPECT_EQ(read("BF16", {0x3f80, 0xc000, 0x7f7f}), (std::vector<float>{1, -2, 0x1.fep127F}));
  EXPECT_TRUE(std::isinf(read("FP16", {0x7c00})[0]));
  EXPECT_TRUE(std::isnan(read("FP16", {0x7e00})[0]));
}

TEST(InferRequest, RefusesEachBadBodyByItsReason) {
  const auto binary = [](std::string_view datatype, std::string_view shape, std::string_view size) {
    return R"({"inputs":[{"name":"x","datatype":")" + std::string(datatype) + R"(","shape":)" + std::string(shape) +
           R"(,"parameters":{"binary_data_size":)" + std::string(size) + "}}]}";
  };
  struct Case {
    std::string json;
    std::string tail;
    std::string message;
  };
  const std::vector<Case> cases{
      {"", "", "not JSON"},
      {"{", "", "not JSON"},
      {"[]", "", "not a JSON object"},
      {"{}", "", "no 'inputs'"},
      {R"({"inputs":{}})", "", "no 'inputs'"},
      {R"({"inputs":[1]})", "", "inputs[0] must be an object"},
      {R"({"inputs":[{}]})", "", "inputs[0] has no 'name'"},
      {R"({"id":1,"inputs":[]})", "", "'id' must be a string"},
      {R"({"inputs":[],"outputs":1})", "", "'outputs' must be an array"},
      {R"({"inputs":[],"outputs":[1]})", "", "outputs[0] must be an object"},
      {R"({"inputs":[],"outputs":[{}]})", "", "outputs[0] has no 'name'"},
      {R"({"inputs":[],"parameters":{"binary_data_output":1}})", "", "'binary_data_output' must be true or false"},
      {R"({"inputs":[{"name":"x"}]})", "", "'datatype' must be a string"},
      {Input("FP128", "[1]", "[1]"), "", "'FP128' is not understood"},
      {Input("FP16", "[1]", "[1]"), "", "FP16 comes as binary data only"},
      {binary("BF16", "[2]", "2"), "ab", "2 values of BF16 are 2 bytes each"},
      {R"({"inputs":[],"parameters":{"timeout":"a"}})", "", "'timeout' must be an integer"},
      {R"({"inputs":[],"outputs":[{"name":"a","parameters":{"classification":1.5}}]})", "", "'classification' must be"},
      {Input("FP64", "1", "[1]"), "", "'shape' must be an array"},
      {Input("FP64", "[1.5]", "[1]"), "", "'shape' must hold integers"},
      {Input("FP64", "[1]", "1"), "", "'data' must be an array"},
      {Input("FP64", "[2]", R"([1,"a"])"), "", "value 1 is a string, which does not fit FP64"},
      {Input("FP64", "[2]", "[[1,2],[3]]"), "", "shape [2] means 2 values, and 'data' has more"},
      {binary("BYTES", "[1]", "10"), "\1\0\0\0a\1\0\0\0b"s, "has 1 and more bytes"},
      {Input("FP64", "[1]", "[1e999]"), "", "not JSON"},
      {Input("FP64", "[1]", "[NaN]"), "", "not JSON"},
      {Input("FP32", "[1]", "[1e39]"), "", "does not fit FP32"},
      {Input("INT64", "[1]", "[1.5]"), "", "a number with a fraction, which does not fit INT64"},
      {Input("INT8", "[1]", "[128]"), "", "does not fit INT8"},
      {Input("UINT8", "[1]", "[-1]"), "", "does not fit UINT8"},
      {Input("UINT64", "[1]", "[-1]"), "", "does not fit UINT64"},
      {Input("BOOL", "[1]", "[1]"), "", "an integer, which does not fit BOOL"},
      {Input("BYTES", "[1]", "[{}]"), "", "an object, which does not fit BYTES"},
      {Input("BYTES", "[1]", "[\"\xff\"]"), "", "not JSON"},
      {Input("FP64", "[1]", "[[[[[[[[[1]]]]]]]]]"), "", "nested deeper"},
      {Input("FP64", "[1]", "[1]"), "extra", "5 bytes of the body belong to no input"},
      {binary("FP64", "[1]", "8"), "1234567", "binary_data_size is 8, and 7 bytes are left"},
      {binary("FP64", "[2]", "8"), "12345678", "2 values of FP64"},
      {binary("FP64", "[1]", "-8"), "12345678", "'binary_data_size' must be an integer"},
      {binary("FP64", "[-1]", "8"), "12345678", "negative"},
      {binary("FP64", "[4611686018427387904,4]", "8"), "12345678", "too many elements"},
      {binary("FP64", "[2305843009213693952]", "0"), "", "values of FP64"},
      {binary("BYTES", "[1]", "5"), "\2\0\0\0a"s, "element 0 is 2 bytes long, and 1 bytes are left"},
      {binary("BYTES", "[2]", "5"), "\1\0\0\0a"s, "has 1"},
      {binary("BYTES", "[1]", "3"), "\1\0\0"s, "has 0 and more bytes"},
  };
  for (const Case& c : cases) {
    const auto decoded = DecodeRequest(c.json + c.tail, c.json.empty() ? std::nullopt : std::optional(c.json.size()));
    ASSERT_FALSE(decoded.ok()) << c.json;
    EXPECT_EQ(decoded.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(decoded.status().message()), HasSubstr(c.message)) << c.json;
  }
  EXPECT_FALSE(DecodeRequest("{}", 3).ok());
  EXPECT_FALSE(DecodeRequest("{}", 0).ok());
}

TEST(InferRequest, TakesSpoiltBodiesWithoutCrash) {
  const std::string good = Input("BYTES", "[2,1]", R"([["SFO"],[null]])");
  std::mt19937_64 random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::string body = good;
    for (size_t flips = 1 + random() % 3; flips > 0; --flips)
      body[random() % body.size()] = static_cast<char>(random());
    const auto decoded = DecodeRequest(body, {});
    EXPECT_TRUE(decoded.ok() || decoded.status().code() == absl::StatusCode::kInvalidArgument) << body;
  }
}

TEST(Path, IsCutAtSlashesAndDecoded) {
  EXPECT_THAT(PathPieces::Split("/v2/a%2Fb%20c/d%65/")->all(), ElementsAre("v2", "a/b c", "de"));
  const std::string deep = "/1/2/3/4/5/6/7/8/9/%41";
  EXPECT_THAT(PathPieces::Split(deep)->all(), ElementsAre("1", "2", "3", "4", "5", "6", "7", "8", "9", "A"));
  for (const char* path : {"//", "/v2//x", "/%", "/%4", "/%4g", "/%-1", "/%+1"}) {
    EXPECT_FALSE(PathPieces::Split(path).has_value()) << path;
  }
}

}  // namespace
}  // namespace roost::rest
