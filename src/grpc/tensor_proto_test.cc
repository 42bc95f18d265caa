#include "grpc/tensor_proto.h"

#include <cstring>
#include <functional>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::grpc {
namespace {

using serving::Datatype;
using serving::Tensor;
using tensorflow::TensorProto;
using testing::ElementsAre;
using testing::HasSubstr;

TensorProto Of(tensorflow::DataType type, std::initializer_list<int64_t> shape) {
  TensorProto proto;
  proto.set_dtype(type);
  for (const int64_t extent : shape) proto.mutable_tensor_shape()->add_dim()->set_size(extent);
  return proto;
}

template <typename T>
std::string Bytes(std::initializer_list<T> values) {
  return std::string(reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T));
}

std::string ErrorOf(const TensorProto& proto) {
  const auto tensor = FromTensorProto("x", proto);
  EXPECT_EQ(tensor.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(tensor.status().message());
}

struct Case {
  Datatype datatype;
  std::function<void(TensorProto&)> fill;  // with 1 and 100; bools with true and false
  std::string bytes;
};

std::vector<Case> Cases() {
  const auto ints = [](TensorProto& proto) {
    proto.add_int_val(1);
    proto.add_int_val(100);
  };
  return {
      {Datatype::kInt8, ints, Bytes<int8_t>({1, 100})},
      {Datatype::kInt16, ints, Bytes<int16_t>({1, 100})},
      {Datatype::kInt32, ints, Bytes<int32_t>({1, 100})},
      {Datatype::kUint8, ints, Bytes<uint8_t>({1, 100})},
      {Datatype::kUint16, ints, Bytes<uint16_t>({1, 100})},
      {Datatype::kInt64, [](TensorProto& p) { p.add_int64_val(1), p.add_int64_val(100); }, Bytes<int64_t>({1, 100})},
      {Datatype::kUint32, [](TensorProto& p) { p.add_uint32_val(1), p.add_uint32_val(100); },
       Bytes<uint32_t>({1, 100})},
      {Datatype::kUint64, [](TensorProto& p) { p.add_uint64_val(1), p.add_uint64_val(100); },
       Bytes<uint64_t>({1, 100})},
      {Datatype::kFp32, [](TensorProto& p) { p.add_float_val(1), p.add_float_val(100); }, Bytes<float>({1, 100})},
      {Datatype::kFp64, [](TensorProto& p) { p.add_double_val(1), p.add_double_val(100); }, Bytes<double>({1, 100})},
      {Datatype::kBool, [](TensorProto& p) { p.add_bool_val(true), p.add_bool_val(false); }, Bytes<uint8_t>({1, 0})}};
}

TEST(TensorProto, EveryDatatypeIsReadFromItsFieldAndFromBytes) {
  for (const Case& c : Cases()) {
    TensorProto typed = Of(TensorflowType(c.datatype), {2});
    c.fill(typed);
    const auto tensor = FromTensorProto("x", typed);
    ASSERT_TRUE(tensor.ok()) << tensor.status();
    EXPECT_EQ(tensor->datatype, c.datatype);
    EXPECT_EQ(tensor->name, "x");
    EXPECT_THAT(tensor->shape, ElementsAre(2));
    EXPECT_EQ(tensor->bytes, c.bytes) << serving::DatatypeName(c.datatype);
    TensorProto raw = Of(TensorflowType(c.datatype), {2});
    raw.set_tensor_content(c.bytes);
    EXPECT_EQ(FromTensorProto("x", raw)->bytes, c.bytes);
  }
}

TEST(TensorProto, TextsAreReadFromStringVal) {
  TensorProto proto = Of(tensorflow::DT_STRING, {2, 1});
  proto.add_string_val("SFO");
  proto.add_string_val("");
  EXPECT_THAT(FromTensorProto("x", proto)->texts, ElementsAre("SFO", ""));
  proto.set_tensor_content("\3SFO");
  EXPECT_THAT(ErrorOf(proto), HasSubstr("string_val"));
}

TEST(TensorProto, TheLastValueIsRepeated) {
  TensorProto proto = Of(tensorflow::DT_INT16, {4});
  proto.add_int_val(7);
  EXPECT_EQ(FromTensorProto("x", proto)->bytes, Bytes<int16_t>({7, 7, 7, 7}));
  proto.add_int_val(9);
  EXPECT_EQ(FromTensorProto("x", proto)->bytes, Bytes<int16_t>({7, 9, 9, 9}));
  TensorProto texts = Of(tensorflow::DT_STRING, {3});
  texts.add_string_val("SFO");
  EXPECT_THAT(FromTensorProto("x", texts)->texts, ElementsAre("SFO", "SFO", "SFO"));
}

TEST(TensorProto, RepetitionIsBounded) {
  TensorProto proto = Of(tensorflow::DT_DOUBLE, {1'000'001});
  proto.add_double_val(1);
  EXPECT_THAT(ErrorOf(proto), HasSubstr("too many"));
  proto = Of(tensorflow::DT_DOUBLE, {std::numeric_limits<int64_t>::max()});
  proto.add_double_val(1);
  EXPECT_THAT(ErrorOf(proto), HasSubstr("too many"));
  proto = Of(tensorflow::DT_STRING, {1'000'000});
  proto.add_string_val(std::string(1000, 'x'));
  EXPECT_THAT(ErrorOf(proto), HasSubstr("too many"));
}

TEST(TensorProto, BadTensorsAreRefused) {
  TensorProto proto = Of(tensorflow::DT_COMPLEX64, {1});
  EXPECT_THAT(ErrorOf(proto), HasSubstr("dtype 8"));
  proto.set_dtype(static_cast<tensorflow::DataType>(-5));
  EXPECT_THAT(ErrorOf(proto), HasSubstr("dtype -5"));
  proto = Of(tensorflow::DT_INT8, {2});
  EXPECT_THAT(ErrorOf(proto), HasSubstr("no values"));
  proto.add_int_val(-129);
  EXPECT_THAT(ErrorOf(proto), HasSubstr("does not fit INT8"));
  proto = Of(tensorflow::DT_INT8, {1});
  proto.add_int_val(1);
  proto.add_int_val(2);
  EXPECT_THAT(ErrorOf(proto), HasSubstr("there are 2"));
  proto.mutable_tensor_shape()->set_unknown_rank(true);
  EXPECT_THAT(ErrorOf(proto), HasSubstr("shape is not known"));
  proto = Of(tensorflow::DT_FLOAT, {-1});
  proto.add_float_val(1);
  EXPECT_THAT(ErrorOf(proto), HasSubstr("negative"));
  proto = Of(tensorflow::DT_FLOAT, {2});
  proto.set_tensor_content("1234567");
  EXPECT_THAT(ErrorOf(proto), HasSubstr("7 bytes"));
}

TEST(TensorProto, IsWrittenWhereClientsLook) {
  TensorProto proto;
  Tensor tensor{.name = "p", .shape = {2, 1}};
  tensor.Append(0.25);
  tensor.Append(0.75);
  ToTensorProto(tensor, proto);
  EXPECT_EQ(proto.dtype(), tensorflow::DT_DOUBLE);
  EXPECT_THAT(proto.double_val(), ElementsAre(0.25, 0.75));
  ASSERT_EQ(proto.tensor_shape().dim_size(), 2);
  EXPECT_EQ(FromTensorProto("p", proto)->bytes, tensor.bytes);
  for (const Case& c : Cases()) {
    TensorProto written;
    ToTensorProto({.name = "x", .datatype = c.datatype, .shape = {2}, .bytes = c.bytes}, written);
    EXPECT_EQ(FromTensorProto("x", written)->bytes, c.bytes);
  }
  TensorProto texts;
  ToTensorProto({.name = "c", .datatype = Datatype::kBytes, .shape = {1}, .texts = {"a"}}, texts);
  EXPECT_THAT(texts.string_val(), ElementsAre("a"));
}

}  // namespace
}  // namespace roost::grpc
