#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>
#include <reflection.pb.h>
#include <reflection_v1alpha.pb.h>

#include "grpc/method.h"
#include "grpc/test_calls.h"

namespace roost::grpc {
namespace {

using ::grpc::reflection::v1::ServerReflectionRequest;
using ::grpc::reflection::v1::ServerReflectionResponse;

constexpr char kReflect[] = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
constexpr char kReflectAlpha[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

class ReflectionTest : public CallsTest {
 protected:
  ServerReflectionResponse Reflect(const ServerReflectionRequest& request) {
    return Ask<ServerReflectionResponse>(kReflect, request);
  }
  ServerReflectionResponse FileOf(const std::string& symbol) {
    ServerReflectionRequest request;
    request.set_file_containing_symbol(symbol);
    return Reflect(request);
  }
  std::set<std::string> Services() {
    ServerReflectionRequest request;
    request.set_list_services("*");
    const ServerReflectionResponse answer = Reflect(request);
    std::set<std::string> names;
    for (const auto& service : answer.list_services_response().service()) names.insert(service.name());
    return names;
  }
};

/// The files of an answer, of which clients build what they need.
void Collect(const ServerReflectionResponse& answer, google::protobuf::SimpleDescriptorDatabase& files) {
  for (const auto& bytes : answer.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    ASSERT_TRUE(file.ParseFromString(bytes));
    ASSERT_TRUE(files.Add(file)) << file.name();
  }
}

TEST_F(ReflectionTest, WhatIsDescribedIsWhatIsServed) {
  std::set<std::string> served;
  for (const auto methods :
       {InferenceMethods(), RepositoryMethods(), PredictionMethods(), HealthMethods(), ReflectionMethods()}) {
    for (const Method& method : methods) served.emplace(method.path);
  }
  std::set<std::string> described;
  for (const std::string& name : Services()) {
    google::protobuf::SimpleDescriptorDatabase files;
    Collect(FileOf(name), files);
    google::protobuf::DescriptorPool pool(&files);
    const auto* service = pool.FindServiceByName(name);
    ASSERT_NE(service, nullptr) << name;
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& method = *service->method(i);
      described.insert("/" + name + "/" + method.name());
      EXPECT_EQ(method.client_streaming(), method.server_streaming());
      EXPECT_EQ(method.client_streaming(), method.name() == "ServerReflectionInfo");
    }
  }
  EXPECT_EQ(described, served);
}

TEST_F(ReflectionTest, AFileComesWithItsImportsAndIsFoundByAnythingInIt) {
  for (const char* symbol : {"tensorflow.serving.PredictionService", "tensorflow.serving.PredictionService.Predict",
                             "tensorflow.serving.PredictRequest", "tensorflow.serving.PredictRequest.model_spec"}) {
    const auto answer = FileOf(symbol);
    std::vector<std::string> names;
    for (const auto& bytes : answer.file_descriptor_response().file_descriptor_proto()) {
      google::protobuf::FileDescriptorProto file;
      ASSERT_TRUE(file.ParseFromString(bytes));
      names.push_back(file.name());
    }
    ASSERT_FALSE(names.empty()) << symbol << ": " << answer.error_response().error_message();
    EXPECT_EQ(names[0], "tensorflow_serving.proto");
    EXPECT_THAT(names, testing::Contains("tensorflow.proto"));
    EXPECT_THAT(names, testing::Contains("google/protobuf/any.proto"));
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size()) << "each comes once";
  }
  ServerReflectionRequest request;
  request.set_file_by_filename("google/protobuf/any.proto");
  EXPECT_EQ(Reflect(request).file_descriptor_response().file_descriptor_proto_size(), 1);
}

TEST_F(ReflectionTest, TheOlderNameSaysTheSame) {
  ::grpc::reflection::v1alpha::ServerReflectionRequest request;
  request.set_host("here");
  request.set_file_containing_symbol("inference.GRPCInferenceService");
  const auto answer = Ask<::grpc::reflection::v1alpha::ServerReflectionResponse>(kReflectAlpha, request);
  EXPECT_EQ(answer.valid_host(), "here");
  EXPECT_EQ(answer.original_request().file_containing_symbol(), "inference.GRPCInferenceService");
  const auto newer = FileOf("inference.GRPCInferenceService");
  EXPECT_EQ(answer.file_descriptor_response().SerializeAsString(),
            newer.file_descriptor_response().SerializeAsString());
}

TEST_F(ReflectionTest, WhatThereIsNotIsAnAnswerAndTheCallGoesOn) {
  const auto code_of = [&](const ServerReflectionRequest& request) {
    const ServerReflectionResponse answer = Reflect(request);
    EXPECT_EQ(answer.original_request().SerializeAsString(), request.SerializeAsString());
    EXPECT_NE(answer.error_response().error_message(), "");
    return answer.error_response().error_code();
  };
  ServerReflectionRequest request;
  EXPECT_EQ(code_of(request), 3);
  for (const std::string& symbol :
       {std::string("no.Service"), std::string(), std::string("..."), std::string(1'000'000, 'x'),
        std::string("onnx.ModelProto"), std::string("google.protobuf.FileDescriptorProto")}) {
    request.set_file_containing_symbol(symbol);
    EXPECT_EQ(code_of(request), 5) << symbol.substr(0, 40);
  }
  request.set_file_by_filename("google/protobuf/descriptor.proto");
  EXPECT_EQ(code_of(request), 5) << "it is no file of a service";
  request.mutable_file_containing_extension()->set_containing_type("inference.ModelInferRequest");
  EXPECT_EQ(code_of(request), 5);
  request.set_all_extension_numbers_of_type("inference.GRPCInferenceService");
  EXPECT_EQ(code_of(request), 5) << "a service has no extensions";
  request.set_all_extension_numbers_of_type("inference.ModelInferRequest");
  const auto extensions = Reflect(request).all_extension_numbers_response();
  EXPECT_EQ(extensions.base_type_name(), "inference.ModelInferRequest");
  EXPECT_EQ(extensions.extension_number_size(), 0);
}

TEST_F(ReflectionTest, NoFileOfAServiceHasExtensions) {
  for (const std::string& name : Services()) {
    const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileContainingSymbol(name);
    ASSERT_NE(file, nullptr);
    EXPECT_EQ(file->extension_count(), 0) << name;
  }
}

}  // namespace
}  // namespace roost::grpc
