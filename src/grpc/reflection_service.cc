// grpc.reflection: what grpcurl and its like ask of a server whose messages they do not have.

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <reflection.pb.h>
#include <reflection_v1alpha.pb.h>

#include "grpc/method.h"
#include "grpc/status.h"

namespace roost::grpc {
namespace {

namespace v1 = ::grpc::reflection::v1;
namespace v1alpha = ::grpc::reflection::v1alpha;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using Files = std::vector<const FileDescriptor*>;

bool Contains(const Files& files, const FileDescriptor* file) {
  return std::find(files.begin(), files.end(), file) != files.end();
}

/// Adds `file` and all that it imports, each once.
void AddWithImports(const FileDescriptor* file, Files& files) {
  if (Contains(files, file)) return;
  files.push_back(file);
  for (int i = 0; i < file->dependency_count(); ++i) AddWithImports(file->dependency(i), files);
}

/// The files of the services. Nothing is told of other messages that the program has.
const Files& ServedFiles() {
  static const Files served = [] {
    Files files;
    for (const std::string_view service : kServices) {
      AddWithImports(DescriptorPool::generated_pool()->FindFileContainingSymbol(std::string(service)), files);
    }
    return files;
  }();
  return served;
}

template <typename Response>
void WriteError(const absl::Status& error, Response& answer) {
  answer.mutable_error_response()->set_error_code(CodeOf(error));
  answer.mutable_error_response()->set_error_message(std::string(error.message()));
}

/// `file` is null where there is none.
template <typename Response>
void WriteFile(const FileDescriptor* file, Response& answer) {
  if (file == nullptr || !Contains(ServedFiles(), file)) {
    return WriteError(absl::NotFoundError("no service here has anything of this name"), answer);
  }
  Files files;
  AddWithImports(file, files);
  for (const FileDescriptor* each : files) {
    google::protobuf::FileDescriptorProto description;
    each->CopyTo(&description);
    answer.mutable_file_descriptor_response()->add_file_descriptor_proto(description.SerializeAsString());
  }
}

/// The services' files have no extensions, so that no type has any.
template <typename Response>
void WriteExtensions(const std::string& type, Response& answer) {
  const auto* message = DescriptorPool::generated_pool()->FindMessageTypeByName(type);
  if (message == nullptr || !Contains(ServedFiles(), message->file())) {
    return WriteError(absl::NotFoundError("no service here has a message of this name"), answer);
  }
  answer.mutable_all_extension_numbers_response()->set_base_type_name(type);
}

/// Both versions have the same messages in packages of their own. What is not found is an answer, not an error of the
/// call: the stream goes on.
template <typename Request, typename Response>
absl::Status Reflect(const Call&, const Request& request, Response& answer) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  answer.set_valid_host(request.host());
  *answer.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case Request::kListServices:
      for (const std::string_view service : kServices) {
        answer.mutable_list_services_response()->add_service()->set_name(std::string(service));
      }
      break;
    case Request::kFileByFilename: WriteFile(pool.FindFileByName(request.file_by_filename()), answer); break;
    case Request::kFileContainingSymbol:
      WriteFile(pool.FindFileContainingSymbol(request.file_containing_symbol()), answer);
      break;
    case Request::kFileContainingExtension:
      WriteError(absl::NotFoundError("no service here has an extension"), answer);
      break;
    case Request::kAllExtensionNumbersOfType: WriteExtensions(request.all_extension_numbers_of_type(), answer); break;
    case Request::MESSAGE_REQUEST_NOT_SET:
      WriteError(absl::InvalidArgumentError("the request asks for nothing"), answer);
      break;
  }
  return absl::OkStatus();
}

template <typename Request, typename Response>
constexpr auto kRun = RunMethod<Request, Response, Reflect<Request, Response>>;

constexpr std::array kMethods{Method{"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                                     kRun<v1::ServerReflectionRequest, v1::ServerReflectionResponse>, true},
                              Method{"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                                     kRun<v1alpha::ServerReflectionRequest, v1alpha::ServerReflectionResponse>, true}};

}  // namespace

std::span<const Method> ReflectionMethods() { return kMethods; }

}  // namespace roost::grpc
