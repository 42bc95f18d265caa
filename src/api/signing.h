#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/project.h"
#include "base/context.h"
#include "registry/registry.h"

namespace roost::api {

/// Whether versions that are made now will be signed as roost.yaml says: to be called before long work. The errors of
/// the key's file; InvalidArgument where its public key is not among `signing.public_keys`, which would refuse what it
/// signs.
absl::Status CheckSigningKey(const Project& project);

/// Signs a version that was just registered with `signing.key` of roost.yaml, unless there is none, or it is signed by
/// that key already.
absl::Status SignRegistered(Project& project, const registry::ModelVersion& version, const Context& context);

/// FailedPrecondition, with the reason, where roost.yaml has `signing.public_keys` and none of them has signed the
/// version's package as it is. Reads the keys, the signatures and the manifest, and nothing of the model itself.
absl::Status CheckTrusted(Project& project, const registry::ModelVersion& version);

struct SignModelRequest {
  std::string reference;
  std::string key;     ///< PEM file of a private key; empty: `signing.key` of roost.yaml
  std::string bundle;  ///< in place of a key: a signature that another tool made of the exported files
};

struct SignModelResponse {
  registry::ModelVersion version;
  std::string key_hint;
  int64_t files = 0;
};

/// Keeps a signature of a version beside its package. A bundle must be about the version's files: FailedPrecondition
/// where it is not; whose it is is asked when it is verified.
absl::StatusOr<SignModelResponse> SignModel(Project& project, const SignModelRequest& request, const Context& context);

struct VerifyModelRequest {
  std::string reference;                 ///< a version; empty where there is a folder
  std::string folder;                    ///< a folder with a model.sig: what was exported, or signed by another tool
  std::vector<std::string> public_keys;  ///< PEM files; empty: those of roost.yaml
};

struct VerifyModelResponse {
  std::string name;  ///< "late-flights@2", or the folder
  bool good = false;
  std::string reason;    ///< why it is not
  std::string key_hint;  ///< of the key that signed
  int64_t files = 0;
  std::string author;  ///< who kept the signature; "" for a folder
  std::optional<absl::Time> made;
};

/// Whether one of the keys has signed what is there. InvalidArgument where there is no key to ask.
absl::StatusOr<VerifyModelResponse> VerifyModel(Project& project, const VerifyModelRequest& request);

/// The same of a folder, without a project; the keys must be named.
absl::StatusOr<VerifyModelResponse> VerifyFolder(const std::string& folder,
                                                 const std::vector<std::string>& public_keys);

struct PackageFiles {
  registry::ModelVersion version;
  std::map<std::string, std::string> files;  ///< by name; with model.sig where the version is signed
};

/// A version as a folder of files, as serve --model-dir and tools of OpenSSF take it.
absl::StatusOr<PackageFiles> ExportPackage(Project& project, const std::string& reference);

}  // namespace roost::api
