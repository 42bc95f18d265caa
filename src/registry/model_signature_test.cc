#include "registry/model_signature.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace roost::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A key on `curve` as PEM.
std::string PrivatePem(const char* curve, const char* passphrase = nullptr) {
  const KeyHandle key(EVP_EC_gen(curve));
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PrivateKey(bio.get(), key.get(), passphrase != nullptr ? EVP_aes_128_cbc() : nullptr, nullptr, 0,
                           nullptr, const_cast<char*>(passphrase));
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

PrivateKey Key(const char* curve = "P-256") { return PrivateKey::Parse(PrivatePem(curve), "key.pem").value(); }

std::vector<SignedFile> Files() { return {{"config.yaml", Sha256("config")}, {"model.json", Sha256("model")}}; }

absl::StatusOr<SignedStatement> Read(const std::string& bundle, const PrivateKey& key) {
  return ReadSignature(bundle, {&key.public_key(), 1});
}

TEST(ModelSignature, WhatIsSignedIsVerifiedByItsKeyOnEachCurve) {
  for (const char* curve : {"P-256", "P-384", "P-521"}) {
    const PrivateKey key = Key(curve);
    const auto bundle = MakeSignature("late-flights@2", Files(), key);
    ASSERT_TRUE(bundle.ok()) << bundle.status();
    const auto statement = Read(*bundle, key);
    ASSERT_TRUE(statement.ok()) << statement.status();
    EXPECT_EQ(statement->name, "late-flights@2");
    EXPECT_EQ(statement->key_hint, key.public_key().hint());
    EXPECT_THAT(statement->files, ElementsAre(Files()[0], Files()[1]));
    EXPECT_THAT(statement->ignored_paths, ElementsAre("model.sig"));
    EXPECT_TRUE(CheckFiles(*statement, Files()).ok());
  }
}

TEST(ModelSignature, AnotherKeyIsRefused) {
  const PrivateKey key = Key();
  const std::string bundle = MakeSignature("m@1", Files(), key).value();
  const auto statement = Read(bundle, Key());
  EXPECT_EQ(statement.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(statement.status().message()), HasSubstr("signed by another key"));
  EXPECT_EQ(ReadSignature(bundle, {}).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(ModelSignature, AHintThatLiesHelpsNobody) {
  const PrivateKey key = Key();
  const PrivateKey other = Key();
  std::string bundle = MakeSignature("m@1", Files(), key).value();
  bundle.replace(bundle.find(key.public_key().hint()), 64, other.public_key().hint());
  const auto statement = Read(bundle, other);
  EXPECT_THAT(std::string(statement.status().message()), HasSubstr("was changed"));
}

TEST(ModelSignature, NoByteOfTheBundleMayChangeWhatItSays) {
  const PrivateKey key = Key();
  const std::string bundle = MakeSignature("m@1", Files(), key).value();
  for (size_t i = 0; i < bundle.size(); ++i) {
    std::string changed = bundle;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const auto statement = Read(changed, key);
    if (!statement.ok()) continue;
    // What is not signed (white space, the hint's absence) may differ: what it says is the same.
    EXPECT_EQ(statement->name, "m@1") << i;
    EXPECT_TRUE(CheckFiles(*statement, Files()).ok()) << i;
  }
}

TEST(ModelSignature, FilesMustBeThoseThatWereSigned) {
  const PrivateKey key = Key();
  const SignedStatement statement = Read(MakeSignature("m@1", Files(), key).value(), key).value();
  const auto message = [&](std::vector<SignedFile> files) {
    return std::string(CheckFiles(statement, files).message());
  };
  std::vector<SignedFile> flipped = Files();
  flipped[1].digest = Sha256("modeL");
  EXPECT_THAT(message(flipped), HasSubstr("'model.json' is not the one that was signed"));
  EXPECT_THAT(message({Files()[0]}), HasSubstr("'model.json' was signed and is missing"));
  EXPECT_THAT(message({Files()[1]}), HasSubstr("'config.yaml' was signed and is missing"));
  EXPECT_THAT(message({Files()[0], {"evil.onnx", Sha256("x")}, Files()[1]}), HasSubstr("'evil.onnx' is not among"));
  EXPECT_THAT(message({Files()[0], Files()[1], {"zzz", Sha256("x")}}), HasSubstr("'zzz' is not among"));
}

TEST(ModelSignature, WhatIsNoneIsToldApart) {
  const PrivateKey key = Key();
  const std::string good = MakeSignature("m@1", Files(), key).value();
  const auto edited = [&](const std::string& what, const std::string& by) {
    std::string text = good;
    text.replace(text.find(what), what.size(), by);
    return text;
  };
  const std::vector<std::pair<std::string, const char*>> cases{
      {"", "not JSON"},
      {"[]", "not JSON"},
      {"{}", "mediaType"},
      {edited("bundle.v0.3", "bundle.v0.2"), "mediaType"},
      {edited("\"publicKey\"", "\"certificate\""), "not made with a key"},
      {edited("\"hint\":\"", "\"hint\":\"zz"), "hint"},
      {edited("in-toto+json", "in-toto+xml"), "in-toto"},
      {edited("\"payload\":\"", "\"payload\":\"*"), "base64"},
      {edited("\"sig\":\"", "\"sig\":\"===="), "base64"},
      {edited("\"signatures\":[", "\"signatures\":[[],"), "one signature"},
      {std::string(5 << 20, ' '), "bytes"}};
  for (const auto& [text, message] : cases) {
    const auto statement = Read(text, key);
    EXPECT_EQ(statement.status().code(), absl::StatusCode::kInvalidArgument) << text.substr(0, 200);
    EXPECT_THAT(std::string(statement.status().message()), HasSubstr(message)) << text.substr(0, 200);
  }
}

TEST(SigningKey, OtherKeysAndTextsAreNone) {
  const std::string pem = PrivatePem("P-256");
  const std::vector<std::string> texts{"", "hello", PrivatePem("secp256k1"), PrivatePem("P-256", "secret")};
  for (const std::string& text : texts) {
    const auto key = PrivateKey::Parse(text, "key.pem");
    EXPECT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(key.status().message()), HasSubstr("key.pem: no private key")) << text;
  }
  EXPECT_EQ(PublicKey::Parse(pem, "key.pem").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace roost::registry
