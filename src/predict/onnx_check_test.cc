#include "predict/onnx_check.h"

#include <functional>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <onnx-ml.pb.h>
#include "base/status.h"
#include "predict/onnx_golden.h"

namespace roost::predict {
namespace {

using testing::HasSubstr;

std::string Golden() { return std::string(std::begin(kLateClassifier), std::end(kLateClassifier)); }

absl::Status After(const std::function<void(onnx::ModelProto&)>& change) {
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromString(Golden()));
  change(model);
  return CheckOnnx(model.SerializeAsString());
}

void MakeExternal(onnx::TensorProto& tensor) {
  tensor.set_name("weights");
  auto* entry = tensor.add_external_data();
  entry->set_key("location");
  entry->set_value("../../etc/passwd");
}

TEST(CheckOnnx, TakesWhatSkl2onnxWrites) {
  EXPECT_TRUE(CheckOnnx(Golden()).ok()) << CheckOnnx(Golden());
  EXPECT_TRUE(CheckOnnx({reinterpret_cast<const char*>(kLateZipMap), std::size(kLateZipMap)}).ok());
}

TEST(CheckOnnx, RefusesExternalDataInEveryCorner) {
  const std::vector<std::function<onnx::TensorProto*(onnx::ModelProto&)>> corners{
      [](auto& m) { return m.mutable_graph()->add_initializer(); },
      [](auto& m) { return m.mutable_graph()->add_sparse_initializer()->mutable_values(); },
      [](auto& m) { return m.mutable_graph()->add_sparse_initializer()->mutable_indices(); },
      [](auto& m) { return m.mutable_graph()->add_node()->add_attribute()->mutable_t(); },
      [](auto& m) { return m.mutable_graph()->add_node()->add_attribute()->add_tensors(); },
      [](auto& m) { return m.mutable_graph()->add_node()->add_attribute()->mutable_sparse_tensor()->mutable_values(); },
      [](auto& m) { return m.mutable_graph()->add_node()->add_attribute()->mutable_g()->add_initializer(); },
      [](auto& m) {
        auto* inner = m.mutable_graph()->add_node()->add_attribute()->add_graphs();
        return inner->add_node()->add_attribute()->mutable_g()->add_node()->add_attribute()->mutable_t();
      },
      [](auto& m) { return m.add_functions()->add_node()->add_attribute()->mutable_t(); },
      [](auto& m) { return m.add_training_info()->mutable_algorithm()->add_initializer(); },
  };
  for (size_t i = 0; i < corners.size(); ++i) {
    const absl::Status status = After([&](auto& model) { MakeExternal(*corners[i](model)); });
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << i;
    EXPECT_THAT(std::string(status.message()), HasSubstr("tensor 'weights' are in another file ('../../etc/passwd')"));
    EXPECT_THAT(HintOf(status), HasSubstr("save_as_external_data=False"));
    EXPECT_FALSE(After([&](auto& model) { corners[i](model)->set_data_location(onnx::TensorProto::EXTERNAL); }).ok());
  }
}

TEST(CheckOnnx, RefusesDomainsThatTheRuntimeLacks) {
  const auto add = [](auto& imports) { imports.set_domain("ai.onnx.contrib"); };
  EXPECT_THAT(std::string(After([&](auto& model) { add(*model.add_opset_import()); }).message()),
              HasSubstr("operators of the domain 'ai.onnx.contrib', which ONNX Runtime does not have"));
  EXPECT_FALSE(After([&](auto& model) { add(*model.add_functions()->add_opset_import()); }).ok());
  EXPECT_TRUE(After([&](auto& model) {
                add(*model.add_opset_import());
                model.add_functions()->set_domain("ai.onnx.contrib");
              }).ok());
}

TEST(CheckOnnx, RefusesWhatIsNoModel) {
  EXPECT_THAT(std::string(CheckOnnx("").message()), HasSubstr("it has no graph"));
  EXPECT_THAT(std::string(CheckOnnx("{\"json\": 1}").message()), HasSubstr("no ModelProto"));
  EXPECT_THAT(std::string(CheckOnnx(Golden().substr(0, 500)).message()), HasSubstr("no ModelProto"));
}

// Whatever comes in, there is an answer: this is all that foreign bytes meet before the runtime sees them.
TEST(CheckOnnx, NoMutationCrashes) {
  const std::string golden = Golden();
  std::mt19937 random(4);
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string mutated = golden;
    for (uint32_t flips = 1 + random() % 4; flips > 0; --flips) {
      const size_t position = random() % mutated.size();
      switch (random() % 3) {
        case 0: mutated[position] = static_cast<char>(random()); break;
        case 1: mutated.erase(position, 1 + random() % 9); break;
        case 2: mutated.insert(position, golden.substr(random() % golden.size(), 1 + random() % 40)); break;
      }
    }
    refused += CheckOnnx(mutated).ok() ? 0 : 1;
  }
  EXPECT_GT(refused, 0);
  EXPECT_LT(refused, 20'000);
}

}  // namespace
}  // namespace roost::predict
