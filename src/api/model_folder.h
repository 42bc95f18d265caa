#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "serving/repository.h"

namespace roost::api {

/// The bytes of a file of a model. NotFound, PermissionDenied and the like; ResourceExhausted for more than 1 GiB.
absl::StatusOr<std::string> ReadModelFile(const std::string& path);

/// Where a ModelFolder looks.
struct ModelFolderLayout {
  std::string path;
  std::string only_model;  ///< the folder is this one model's; "" for a folder of models
};

/// Models in a folder, for a server without a workspace:
///
///   NAME/VERSION/model.json, and beside it model.onnx and warmup.json where the model has them: a package's parts
///   NAME/VERSION/model.onnx alone: an ONNX file of whoever made it (predict/plain_onnx.h)
///   NAME.onnx: the same, as version 1
///
/// or in the folder of one model, whose name the folder does not tell, as KServe mounts it:
///
///   VERSION/model.json, VERSION/model.onnx: as above
///   model.json or model.onnx, or one ONNX file of any other name: the same, as version 1
///
/// VERSION counts from 1. What begins with a dot, has another form or another name is passed over, as editors, version
/// control and Kubernetes leave such things there; symbolic links are followed. A version's identity is made of the
/// sizes, inodes and times of its files: write a file beside and rename it, or write into a new folder, so that no half
/// of it is read. There are no aliases.
class ModelFolder : public serving::Repository {
 public:
  explicit ModelFolder(ModelFolderLayout layout) : layout_(std::move(layout)) {}

  /// NotFound, PermissionDenied and the like where the folder cannot be read; InvalidArgument where that of one model
  /// has several ONNX files and none is model.onnx, or the model's name is none.
  absl::StatusOr<serving::Listing> List() override;
  absl::StatusOr<int64_t> Size(const std::string& name, const serving::ListedVersion& version) override;
  /// ResourceExhausted for a file of more than 1 GiB.
  absl::StatusOr<serving::ModelFiles> Load(const std::string& name, const serving::ListedVersion& version) override;

 private:
  ModelFolderLayout layout_;
};

}  // namespace roost::api
