#include "api/signing.h"

#include <algorithm>
#include <filesystem>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "api/model_folder.h"
#include "base/status.h"
#include "registry/model_signature.h"
#include "registry/signing_key.h"
#include "table/text_file.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;

using registry::PrivateKey;
using registry::PublicKey;
using registry::SignedFile;

std::string InProject(const Project& project, const std::string& file) {
  return (fs::path(project.folder()) / file).string();
}

absl::StatusOr<PrivateKey> ReadPrivateKey(const std::string& file) {
  TRY_ASSIGN(const std::string pem, table::ReadTextFile(file));
  return PrivateKey::Parse(pem, file);
}

absl::StatusOr<std::vector<PublicKey>> ReadPublicKeys(const std::vector<std::string>& files) {
  std::vector<PublicKey> keys;
  for (const std::string& file : files) {
    TRY_ASSIGN(const std::string pem, table::ReadTextFile(file));
    TRY_ASSIGN(PublicKey key, PublicKey::Parse(pem, file));
    keys.push_back(std::move(key));
  }
  return keys;
}

std::vector<std::string> TrustedFiles(const Project& project) {
  std::vector<std::string> files;
  for (const std::string& file : project.config().signing.public_keys) files.push_back(InProject(project, file));
  return files;
}

absl::StatusOr<std::vector<SignedFile>> FilesOf(Project& project, const registry::ModelVersion& version) {
  TRY_ASSIGN(const registry::Manifest manifest, project.registry().LoadManifest(version));
  std::vector<SignedFile> files;
  for (const registry::Manifest::Part& part : manifest.parts) files.push_back({part.name, part.digest});
  return files;
}

/// The statement of a signature of `files` by one of `keys`.
absl::StatusOr<registry::SignedStatement> Verified(const std::string& bundle, const std::vector<SignedFile>& files,
                                                   std::span<const PublicKey> keys) {
  TRY_ASSIGN(registry::SignedStatement statement, registry::ReadSignature(bundle, keys));
  TRY(registry::CheckFiles(statement, files));
  return statement;
}

/// Of the signatures of a version the newest good one; else why the newest is none.
absl::StatusOr<VerifyModelResponse> VerifyVersion(Project& project, const registry::ModelVersion& version,
                                                  const std::vector<PublicKey>& keys) {
  VerifyModelResponse response{.name = version.ToString(), .reason = "it has no signature"};
  TRY_ASSIGN(const std::vector<SignedFile> files, FilesOf(project, version));
  TRY_ASSIGN(const std::vector<registry::SignatureRecord> signatures,
             project.registry().signatures().Of(version.name, version.version));
  for (const registry::SignatureRecord& signature : signatures) {
    const auto statement = Verified(signature.bundle, files, keys);
    if (!statement.ok()) {
      if (&signature == &signatures.front()) response.reason = std::string(statement.status().message());
      continue;
    }
    response.good = true;
    response.reason.clear();
    response.key_hint = statement->key_hint;
    response.files = static_cast<int64_t>(files.size());
    response.author = signature.author;
    response.made = signature.made;
    break;
  }
  return response;
}

absl::Status Keep(Project& project, const registry::ModelVersion& version, std::string bundle, const std::string& key,
                  const Context& context) {
  registry::SignatureRecord record{.model = version.name,
                                   .version = version.version,
                                   .bundle = std::move(bundle),
                                   .author = project.author(),
                                   .made = absl::FromUnixMicros(absl::ToUnixMicros(context.now()))};
  return Annotate(project.registry().signatures().Add(record, key),
                  fmt::format("keeping the signature of {}", version.ToString()));
}

bool IsIgnored(const std::string& name, const std::vector<std::string>& ignored) {
  return std::any_of(ignored.begin(), ignored.end(), [&](const std::string& path) {
    return name == path || (name.starts_with(path) && name[path.size()] == '/');
  });
}

/// All files below `folder` but those that the signer left out, by name.
absl::StatusOr<std::vector<SignedFile>> FilesIn(const fs::path& folder, const std::vector<std::string>& ignored) {
  std::error_code error;
  std::vector<SignedFile> files;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().lexically_relative(folder).generic_string();
    if (IsIgnored(name, ignored)) {
      it.disable_recursion_pending();
      continue;
    }
    if (it->is_symlink()) return absl::FailedPreconditionError(fmt::format("'{}' is a link", name));
    if (it->is_directory()) continue;
    TRY_ASSIGN(const std::string bytes, ReadModelFile(it->path().string()));
    files.push_back({name, Sha256(bytes)});
  }
  if (error) return ErrnoStatus(error.value(), folder.string());
  std::sort(files.begin(), files.end());
  return files;
}

absl::StatusOr<VerifyModelResponse> VerifyFolderBy(const std::string& folder, const std::vector<PublicKey>& keys) {
  VerifyModelResponse response{.name = folder};
  const fs::path path(folder);
  TRY_ASSIGN(const std::string bundle, ReadModelFile((path / registry::kSignatureFile).string()));
  const absl::StatusOr<registry::SignedStatement> statement = registry::ReadSignature(bundle, keys);
  if (!statement.ok()) {
    response.reason = std::string(statement.status().message());
    return response;
  }
  std::vector<std::string> ignored = statement->ignored_paths;
  ignored.emplace_back(registry::kSignatureFile);
  const absl::StatusOr<std::vector<SignedFile>> files = FilesIn(path, ignored);
  if (!files.ok() && !absl::IsFailedPrecondition(files.status())) return files.status();
  const absl::Status checked = files.ok() ? registry::CheckFiles(*statement, *files) : files.status();
  response.good = checked.ok();
  response.reason = std::string(checked.message());
  response.key_hint = statement->key_hint;
  response.files = static_cast<int64_t>(statement->files.size());
  return response;
}

absl::Status NoKeys() {
  return WithHint(absl::InvalidArgumentError("whose signature? no public key is named"),
                  "--public-key FILE, or signing.public_keys in roost.yaml");
}

}  // namespace

absl::Status CheckSigningKey(const Project& project) {
  const config::SigningConfig& signing = project.config().signing;
  if (signing.key.empty()) return absl::OkStatus();
  TRY_ASSIGN(const PrivateKey key, ReadPrivateKey(InProject(project, signing.key)));
  TRY_ASSIGN(const std::vector<PublicKey> trusted, ReadPublicKeys(TrustedFiles(project)));
  const bool is_trusted = std::any_of(trusted.begin(), trusted.end(),
                                      [&](const PublicKey& one) { return one.hint() == key.public_key().hint(); });
  if (trusted.empty() || is_trusted) return absl::OkStatus();
  return WithHint(
      absl::InvalidArgumentError(fmt::format(
          "signing.key {}: its public key is not among signing.public_keys, which would refuse what it signs",
          signing.key)),
      fmt::format("'openssl ec -in {} -pubout -out public.pem' writes it", signing.key));
}

absl::Status SignRegistered(Project& project, const registry::ModelVersion& version, const Context& context) {
  const std::string& file = project.config().signing.key;
  if (file.empty()) return absl::OkStatus();
  TRY_ASSIGN(const PrivateKey key, ReadPrivateKey(InProject(project, file)));
  TRY_ASSIGN(const std::vector<SignedFile> files, FilesOf(project, version));
  TRY_ASSIGN(const std::vector<registry::SignatureRecord> signatures,
             project.registry().signatures().Of(version.name, version.version));
  for (const registry::SignatureRecord& signature : signatures) {
    if (Verified(signature.bundle, files, {&key.public_key(), 1}).ok()) return absl::OkStatus();
  }
  TRY_ASSIGN(std::string bundle, registry::MakeSignature(version.ToString(), files, key));
  return Keep(project, version, std::move(bundle), key.public_key().hint(), context);
}

absl::Status CheckTrusted(Project& project, const registry::ModelVersion& version) {
  if (project.config().signing.public_keys.empty()) return absl::OkStatus();
  TRY_ASSIGN(const std::vector<PublicKey> keys, ReadPublicKeys(TrustedFiles(project)));
  TRY_ASSIGN(const VerifyModelResponse verified, VerifyVersion(project, version, keys));
  if (verified.good) return absl::OkStatus();
  return WithHint(absl::FailedPreconditionError(
                      fmt::format("{} is not trusted (signing.public_keys): {}", verified.name, verified.reason)),
                  fmt::format("'roost model sign {} --key FILE' signs it, for whoever vouches for it", verified.name));
}

absl::StatusOr<SignModelResponse> SignModel(Project& project, const SignModelRequest& request, const Context& context) {
  SignModelResponse response;
  TRY_ASSIGN(response.version, project.registry().Resolve(request.reference));
  TRY_ASSIGN(const std::vector<SignedFile> files, FilesOf(project, response.version));
  response.files = static_cast<int64_t>(files.size());
  if (!request.bundle.empty()) {
    TRY_ASSIGN(std::string bundle, ReadModelFile(request.bundle));
    TRY_ASSIGN(const registry::SignedStatement statement, registry::ReadUnverified(bundle));
    TRY(Annotate(registry::CheckFiles(statement, files),
                 fmt::format("{} is no signature of {}", request.bundle, response.version.ToString())));
    response.key_hint = statement.key_hint;
    TRY(Keep(project, response.version, std::move(bundle), response.key_hint, context));
    return response;
  }
  std::string file = request.key;
  if (file.empty() && !project.config().signing.key.empty()) file = InProject(project, project.config().signing.key);
  if (file.empty()) {
    return WithHint(absl::InvalidArgumentError("with which key? roost.yaml has no signing.key"),
                    "--key FILE names a private key; 'openssl ecparam -name prime256v1 -genkey -noout -out key.pem' "
                    "makes one");
  }
  TRY_ASSIGN(const PrivateKey key, ReadPrivateKey(file));
  TRY_ASSIGN(std::string bundle, registry::MakeSignature(response.version.ToString(), files, key));
  response.key_hint = key.public_key().hint();
  TRY(Keep(project, response.version, std::move(bundle), response.key_hint, context));
  return response;
}

absl::StatusOr<VerifyModelResponse> VerifyModel(Project& project, const VerifyModelRequest& request) {
  const std::vector<std::string> files = request.public_keys.empty() ? TrustedFiles(project) : request.public_keys;
  if (files.empty()) return NoKeys();
  TRY_ASSIGN(const std::vector<PublicKey> keys, ReadPublicKeys(files));
  if (!request.folder.empty()) return VerifyFolderBy(request.folder, keys);
  TRY_ASSIGN(const registry::ModelVersion version, project.registry().Resolve(request.reference));
  return VerifyVersion(project, version, keys);
}

absl::StatusOr<VerifyModelResponse> VerifyFolder(const std::string& folder,
                                                 const std::vector<std::string>& public_keys) {
  if (public_keys.empty()) return NoKeys();
  TRY_ASSIGN(const std::vector<PublicKey> keys, ReadPublicKeys(public_keys));
  return VerifyFolderBy(folder, keys);
}

absl::StatusOr<PackageFiles> ExportPackage(Project& project, const std::string& reference) {
  PackageFiles package;
  TRY_ASSIGN(package.version, project.registry().Resolve(reference));
  TRY(CheckTrusted(project, package.version));
  TRY_ASSIGN(registry::ModelPackage parts, project.registry().Load(package.version));
  package.files = std::move(parts.parts);
  TRY_ASSIGN(const std::vector<registry::SignatureRecord> signatures,
             project.registry().signatures().Of(package.version.name, package.version.version));
  if (!signatures.empty()) package.files[registry::kSignatureFile] = signatures.front().bundle;
  return package;
}

}  // namespace roost::api
