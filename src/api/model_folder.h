#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "serving/repository.h"

namespace roost::api {

/// Models in a folder, for a server without a workspace:
///
///   NAME/VERSION/model.json, and beside it model.onnx and warmup.json where the model has them: a package's parts
///   NAME/VERSION/model.onnx alone: an ONNX file of whoever made it (predict/plain_onnx.h)
///   NAME.onnx: the same, as version 1
///
/// VERSION counts from 1. What begins with a dot, has another form or another name is passed over, as editors, version
/// control and Kubernetes leave such things there; symbolic links are followed. A version's identity is made of the
/// sizes, inodes and times of its files: write a file beside and rename it, or write into a new folder, so that no half
/// of it is read. There are no aliases.
class ModelFolder : public serving::Repository {
 public:
  explicit ModelFolder(std::string path) : path_(std::move(path)) {}

  /// NotFound, PermissionDenied and the like where the folder cannot be read.
  absl::StatusOr<serving::Listing> List() override;
  absl::StatusOr<int64_t> Size(const std::string& name, const serving::ListedVersion& version) override;
  /// ResourceExhausted for a file of more than 1 GiB.
  absl::StatusOr<serving::ModelFiles> Load(const std::string& name, const serving::ListedVersion& version) override;

 private:
  std::string path_;
};

}  // namespace roost::api
