#include "registry/model_signature.h"

#include <openssl/evp.h>

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"
#include "registry/records.h"

namespace roost::registry {
namespace {

constexpr char kBundleType[] = "application/vnd.dev.sigstore.bundle.v0.3+json";
constexpr char kPayloadType[] = "application/vnd.in-toto+json";
constexpr char kStatementType[] = "https://in-toto.io/Statement/v1";
constexpr char kPredicateType[] = "https://model_signing/signature/v1.0";
constexpr size_t kMaxBytes = size_t{4} << 20;
constexpr size_t kHintShown = 12;

std::string ToBase64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // OpenSSL ends it with a zero
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(size));
  return text;
}

/// Empty for what is no base64 with its padding. OpenSSL alone would take blanks around it, and '=' anywhere.
std::optional<std::string> FromBase64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (text.find_first_not_of(kDigits) < text.size() - padding) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  bytes.resize(static_cast<size_t>(size) - padding);
  return bytes;
}

/// What is signed: DSSE's pre-authentication encoding.
std::string Encoded(std::string_view payload) {
  return fmt::format("DSSEv1 {} {} {} {}", std::string_view(kPayloadType).size(), kPayloadType, payload.size(),
                     payload);
}

/// The digest of all digests, in the order of the names.
Digest RootOf(std::span<const SignedFile> files) {
  Sha256Stream stream;
  for (const SignedFile& file : files) {
    stream.Add({reinterpret_cast<const char*>(file.digest.bytes.data()), file.digest.bytes.size()});
  }
  return stream.Finish();
}

absl::Status Bad(std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("this is no signature of a model that can be read here: {}", why));
}

/// The member of an object, or null.
const Json& Member(const Json& json, const char* name) {
  static const Json null;
  if (!json.is_object()) return null;
  const auto found = json.find(name);
  return found == json.end() ? null : *found;
}

absl::Status ReadFiles(const Json& resources, std::vector<SignedFile>& files) {
  if (!resources.is_array() || resources.empty()) return Bad("it lists no files");
  for (const Json& resource : resources) {
    const std::string name = resource.is_object() ? TextMember(resource, "name") : "";
    if (name.empty()) return Bad("a file has no name");
    if (TextMember(resource, "algorithm") != "sha256") return Bad("its files are not hashed by SHA-256");
    const absl::StatusOr<Digest> digest = Digest::FromHex(TextMember(resource, "digest"));
    if (!digest.ok()) return Bad(fmt::format("the file '{}' has no SHA-256", name));
    files.push_back({name, *digest});
  }
  return absl::OkStatus();
}

absl::StatusOr<SignedStatement> ParseStatement(std::string_view payload) {
  const absl::StatusOr<Json> json = ParseJson(payload, "the statement of the signature");
  if (!json.ok() || !json->is_object() || TextMember(*json, "_type") != kStatementType) {
    return Bad("it holds no in-toto statement");
  }
  if (TextMember(*json, "predicateType") != kPredicateType) {
    return Bad(fmt::format("its predicate is not {}", kPredicateType));
  }
  const Json& subject = Member(*json, "subject");
  if (!subject.is_array() || subject.size() != 1 || !subject[0].is_object()) return Bad("it has not one subject");
  const Json& predicate = Member(*json, "predicate");
  const Json& serialization = Member(predicate, "serialization");
  if (!serialization.is_object() || TextMember(serialization, "method") != "files") {
    return Bad("it is not about whole files");
  }
  SignedStatement statement{.name = TextMember(subject[0], "name")};
  TRY(ReadFiles(Member(predicate, "resources"), statement.files));
  const absl::StatusOr<Digest> root = Digest::FromHex(
      Member(subject[0], "digest").is_object() ? TextMember(Member(subject[0], "digest"), "sha256") : "");
  if (!root.ok() || *root != RootOf(statement.files)) return Bad("the digest of its subject is not that of its files");
  const Json& ignored = Member(serialization, "ignore_paths");
  for (const Json& path : ignored.is_array() ? ignored : Json::array()) {
    if (path.is_string()) statement.ignored_paths.push_back(path.get<std::string>());
  }
  std::sort(statement.files.begin(), statement.files.end());
  const auto same = [](const SignedFile& a, const SignedFile& b) { return a.name == b.name; };
  if (std::adjacent_find(statement.files.begin(), statement.files.end(), same) != statement.files.end()) {
    return Bad("it lists a file twice");
  }
  return statement;
}

/// The outermost layer; nothing of it is known to be true yet.
struct Bundle {
  std::string hint;  ///< of the key; hexadecimal, or ""
  std::string payload, signature;
};

absl::StatusOr<Bundle> ParseBundle(std::string_view text) {
  if (text.size() > kMaxBytes) return Bad(fmt::format("it has {} bytes", text.size()));
  const absl::StatusOr<Json> json = ParseJson(text, "the signature");
  if (!json.ok() || !json->is_object()) return Bad("it is not JSON");
  if (TextMember(*json, "mediaType") != kBundleType) return Bad(fmt::format("its mediaType is not {}", kBundleType));
  const Json& public_key = Member(Member(*json, "verificationMaterial"), "publicKey");
  if (!public_key.is_object()) return Bad("it was not made with a key, but with a certificate or a Sigstore service");
  const Json& envelope = Member(*json, "dsseEnvelope");
  const Json& signatures = Member(envelope, "signatures");
  if (!signatures.is_array() || signatures.size() != 1 || !signatures[0].is_object()) {
    return Bad("it has not one signature");
  }
  if (TextMember(envelope, "payloadType") != kPayloadType) return Bad("its payload is no in-toto statement");
  const std::optional<std::string> payload = FromBase64(TextMember(envelope, "payload"));
  const std::optional<std::string> signature = FromBase64(TextMember(signatures[0], "sig"));
  if (!payload.has_value() || !signature.has_value()) return Bad("its payload or signature is not base64");
  Bundle bundle{.hint = TextMember(public_key, "hint"), .payload = *payload, .signature = *signature};
  if (!bundle.hint.empty() && !Digest::FromHex(bundle.hint).ok()) return Bad("the hint of its key is no SHA-256");
  return bundle;
}

}  // namespace

absl::StatusOr<std::string> MakeSignature(std::string_view model, std::span<const SignedFile> files,
                                          const PrivateKey& key) {
  Json resources = Json::array();
  for (const SignedFile& file : files) {
    resources.push_back({{"name", file.name}, {"algorithm", "sha256"}, {"digest", file.digest.ToHex()}});
  }
  const Json statement{{"_type", kStatementType},
                       {"subject", Json::array({{{"name", model}, {"digest", {{"sha256", RootOf(files).ToHex()}}}}})},
                       {"predicateType", kPredicateType},
                       {"predicate",
                        {{"serialization",
                          {{"method", "files"},
                           {"hash_type", "sha256"},
                           {"allow_symlinks", false},
                           {"ignore_paths", Json::array({kSignatureFile})}}},
                         {"resources", std::move(resources)}}}};
  const std::string payload = ToLine(statement);
  TRY_ASSIGN(const std::string signature, key.Sign(Encoded(payload)));
  const Json bundle{
      {"mediaType", kBundleType},
      {"verificationMaterial", {{"publicKey", {{"hint", key.public_key().hint()}}}, {"tlogEntries", Json::array()}}},
      {"dsseEnvelope",
       {{"payload", ToBase64(payload)},
        {"payloadType", kPayloadType},
        {"signatures", Json::array({{{"sig", ToBase64(signature)}, {"keyid", ""}}})}}}};
  return ToLine(bundle);
}

absl::StatusOr<SignedStatement> ReadUnverified(std::string_view text) {
  TRY_ASSIGN(const Bundle bundle, ParseBundle(text));
  TRY_ASSIGN(SignedStatement statement, ParseStatement(bundle.payload));
  statement.key_hint = bundle.hint;
  return statement;
}

absl::StatusOr<SignedStatement> ReadSignature(std::string_view text, std::span<const PublicKey> keys) {
  TRY_ASSIGN(const Bundle bundle, ParseBundle(text));
  // Nothing of the statement is read before its signature is known to be good.
  const std::string encoded = Encoded(bundle.payload);
  bool is_known = bundle.hint.empty();
  for (const PublicKey& key : keys) {
    if (!bundle.hint.empty() && bundle.hint != key.hint()) continue;
    is_known = true;
    if (!key.Verifies(encoded, bundle.signature)) continue;
    TRY_ASSIGN(SignedStatement statement, ParseStatement(bundle.payload));
    statement.key_hint = key.hint();
    return statement;
  }
  return absl::FailedPreconditionError(
      is_known ? "its signature is not that of the key: it, or what it says, was changed"
               : fmt::format("it is signed by another key ({})", bundle.hint.substr(0, kHintShown)));
}

absl::Status CheckFiles(const SignedStatement& statement, std::span<const SignedFile> files) {
  const auto refuse = [](std::string_view name, std::string_view what) {
    return absl::FailedPreconditionError(fmt::format("the file '{}' {}", name, what));
  };
  auto is_signed = statement.files.begin();
  for (const SignedFile& file : files) {
    if (is_signed == statement.files.end() || file.name < is_signed->name) {
      return refuse(file.name, "is not among those that were signed");
    }
    if (is_signed->name < file.name) return refuse(is_signed->name, "was signed and is missing");
    if (is_signed->digest != file.digest) return refuse(file.name, "is not the one that was signed: its bytes differ");
    ++is_signed;
  }
  if (is_signed != statement.files.end()) return refuse(is_signed->name, "was signed and is missing");
  return absl::OkStatus();
}

}  // namespace roost::registry
