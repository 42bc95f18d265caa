#include "registry/signing_key.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/status.h"

namespace roost::registry {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Bio BioOf(std::string_view pem) { return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free}; }

std::string TakeText(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

/// An encrypted key is refused: nobody is there to be asked for its passphrase.
int NoPassphrase(char*, int, int, void*) { return -1; }

/// Null for another curve or kind of key.
const EVP_MD* HashFor(EVP_PKEY* key) {
  char group[64] = "";
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC || EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) != 1) {
    return nullptr;
  }
  const std::string_view name = group;
  if (name == "prime256v1") return EVP_sha256();
  if (name == "secp384r1") return EVP_sha384();
  if (name == "secp521r1") return EVP_sha512();
  return nullptr;
}

std::string PublicPem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PUBKEY(bio.get(), key);
  return TakeText(bio);
}

absl::Status NoKey(std::string_view file, std::string_view kind) {
  ERR_clear_error();
  return WithHint(
      absl::InvalidArgumentError(fmt::format("{}: no {} key in PEM of ECDSA on P-256, P-384 or P-521{}", file, kind,
                                             kind == "private" ? ", without a passphrase" : "")),
      kind == "private" ? "'openssl ecparam -name prime256v1 -genkey -noout -out key.pem' makes one"
                        : "'openssl ec -in key.pem -pubout -out public.pem' writes that of a private key");
}

}  // namespace

void KeyDeleter::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

absl::StatusOr<PublicKey> PublicKey::Parse(std::string_view pem, std::string_view file) {
  KeyHandle key(PEM_read_bio_PUBKEY(BioOf(pem).get(), nullptr, &NoPassphrase, nullptr));
  if (key == nullptr || HashFor(key.get()) == nullptr) return NoKey(file, "public");
  std::string hint = Sha256(PublicPem(key.get())).ToHex();
  return PublicKey(std::move(key), std::move(hint));
}

bool PublicKey::Verifies(std::string_view bytes, std::string_view signature) const {
  const DigestContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const bool good =
      EVP_DigestVerifyInit(context.get(), nullptr, HashFor(key_.get()), nullptr, key_.get()) == 1 &&
      EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) == 1;
  ERR_clear_error();
  return good;
}

absl::StatusOr<PrivateKey> PrivateKey::Parse(std::string_view pem, std::string_view file) {
  KeyHandle key(PEM_read_bio_PrivateKey(BioOf(pem).get(), nullptr, &NoPassphrase, nullptr));
  if (key == nullptr || HashFor(key.get()) == nullptr) return NoKey(file, "private");
  TRY_ASSIGN(PublicKey public_key, PublicKey::Parse(PublicPem(key.get()), file));
  return PrivateKey(std::move(key), std::move(public_key));
}

absl::StatusOr<std::string> PrivateKey::Sign(std::string_view bytes) const {
  const DigestContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t size = 0;
  std::string signature;
  if (EVP_DigestSignInit(context.get(), nullptr, HashFor(key_.get()), nullptr, key_.get()) == 1 &&
      EVP_DigestSign(context.get(), nullptr, &size, data, bytes.size()) == 1) {
    signature.resize(size);
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data, bytes.size()) ==
        1) {
      signature.resize(size);
      return signature;
    }
  }
  ERR_clear_error();
  return absl::InternalError("OpenSSL cannot sign with this key");
}

}  // namespace roost::registry
