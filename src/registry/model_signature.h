#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/hash.h"
#include "registry/signing_key.h"

namespace roost::registry {

/// The name under which a signature lies beside the files that it is about, as the tools of OpenSSF expect it.
inline constexpr char kSignatureFile[] = "model.sig";

/// A file that a signature vouches for.
struct SignedFile {
  std::string name;  ///< with '/' between folders
  Digest digest;

  friend auto operator<=>(const SignedFile&, const SignedFile&) = default;
};

/// What a signature says, once it is known to be that of a key.
struct SignedStatement {
  std::string name;                        ///< of the model, as its signer called it; nobody checks it
  std::vector<SignedFile> files;           ///< by name, each once
  std::vector<std::string> ignored_paths;  ///< that the signer left out
  std::string key_hint;                    ///< of the key that signed
};

/// Signs `files`, which are by name, in the layout of OpenSSF's model signing 1.0: a Sigstore bundle (v0.3) whose DSSE
/// envelope holds an in-toto statement, with the method "key". JSON on one line.
absl::StatusOr<std::string> MakeSignature(std::string_view model, std::span<const SignedFile> files,
                                          const PrivateKey& key);

/// What `bundle` says, where one of `keys` has signed it. FailedPrecondition where none has; InvalidArgument where it
/// is no such bundle, and for what is not read here: other methods than "key", other hashes than SHA-256 of whole
/// files. Takes at most 4 MiB.
absl::StatusOr<SignedStatement> ReadSignature(std::string_view bundle, std::span<const PublicKey> keys);

/// What a bundle says, whoever has signed it: for those who only keep it. Otherwise as ReadSignature; `key_hint` is
/// what the bundle says itself.
absl::StatusOr<SignedStatement> ReadUnverified(std::string_view bundle);

/// FailedPrecondition, naming the first of them, where `files`, which are by name, are not those of `statement`, each
/// with its digest, and no others.
absl::Status CheckFiles(const SignedStatement& statement, std::span<const SignedFile> files);

}  // namespace roost::registry
