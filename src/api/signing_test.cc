#include "api/signing.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/models.h"
#include "api/registry_models.h"
#include "api/releases.h"
#include "base/status.h"
#include "base/thread_pool.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class SigningTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              (std::string("roost_signing_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    Write("roost.yaml", "project: p\ndataset: d\n");
    ASSERT_TRUE(Init({.folder = folder_.string()}).ok());
    MakeKeys("key", "public");
    MakeKeys("other-key", "other-public");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  template <typename Writer>
  static std::string Pem(Writer write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
    write(bio.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<size_t>(size)};
  }

  void MakeKeys(const std::string& private_name, const std::string& public_name) const {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    Write(private_name,
          Pem([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); }));
    Write(public_name, Pem([&](BIO* bio) { PEM_write_bio_PUBKEY(bio, key.get()); }));
  }

  Project Open(const std::string& signing = "") const {
    Write("roost.yaml", "project: p\ndataset: d\n" + signing);
    return *Project::Open(folder_.string());
  }

  /// Not a model at all: whoever parses it says so.
  registry::ModelVersion Register(Project& project, const std::string& content) const {
    return project.registry().Register("delay", {{{"model.json", content}, {"profile", "p"}}}, "ada", context_).value();
  }

  static absl::Status Load(Project& project, const registry::ModelVersion& version) {
    return RegistryModels(project).Load(version.name, {version.version, version.manifest.ToHex()}).status();
  }

  fs::path folder_;
  ThreadPool pool_{1};
  Context context_{.pool = &pool_};
};

constexpr char kTrusting[] = "signing:\n  public_keys: [public]\n";

TEST_F(SigningTest, WithoutPublicKeysEverythingIsLoaded) {
  Project project = Open();
  EXPECT_TRUE(Load(project, Register(project, "one")).ok());
}

TEST_F(SigningTest, AnUnsignedVersionIsRefusedBeforeItIsParsed) {
  Project project = Open(kTrusting);
  const registry::ModelVersion version = Register(project, "no JSON at all");
  for (const absl::Status& status : {Load(project, version), LoadModel(project, "delay@1").status(),
                                     PromoteModel(project, {.reference = "delay@1", .reason = "r"}, context_).status(),
                                     ExportPackage(project, "delay@1").status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("delay@1 is not trusted")) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("it has no signature")) << status;
  }
  ASSERT_TRUE(SignModel(project, {.reference = "delay@1", .key = Path("key")}, context_).ok());
  EXPECT_TRUE(Load(project, version).ok());
  EXPECT_THAT(std::string(LoadModel(project, "delay@1").status().message()), HasSubstr("model.json"));  // parsed now
  EXPECT_TRUE(PromoteModel(project, {.reference = "delay@1", .reason = "r"}, context_).ok());
}

TEST_F(SigningTest, AnotherKeyAndASignatureOfAnotherVersionAreRefused) {
  Project project = Open(kTrusting);
  const registry::ModelVersion one = Register(project, "one");
  const registry::ModelVersion two = Register(project, "two");
  ASSERT_TRUE(SignModel(project, {.reference = "delay@1", .key = Path("other-key")}, context_).ok());
  EXPECT_THAT(std::string(Load(project, one).message()), HasSubstr("signed by another key"));

  ASSERT_TRUE(SignModel(project, {.reference = "delay@2", .key = Path("key")}, context_).ok());
  const std::string bundle = project.registry().signatures().Of("delay", 2)->front().bundle;
  Write("bundle", bundle);
  const auto kept = SignModel(project, {.reference = "delay@1", .bundle = Path("bundle")}, context_);
  EXPECT_THAT(std::string(kept.status().message()), HasSubstr("is no signature of delay@1"));
  // Whoever writes into the database itself does not get further.
  registry::SignatureRecord moved{.model = "delay", .version = 1, .bundle = bundle, .author = "eve"};
  ASSERT_TRUE(project.registry().signatures().Add(moved, "").ok());
  EXPECT_THAT(std::string(Load(project, one).message()), HasSubstr("'model.json' is not the one that was signed"));
  EXPECT_TRUE(Load(project, two).ok());
}

TEST_F(SigningTest, AGoodSignatureCountsWhateverElseIsThere) {
  Project project = Open(kTrusting);
  const registry::ModelVersion version = Register(project, "one");
  ASSERT_TRUE(SignModel(project, {.reference = "delay@1", .key = Path("key")}, context_).ok());
  ASSERT_TRUE(SignModel(project, {.reference = "delay@1", .key = Path("other-key")}, context_).ok());
  EXPECT_TRUE(Load(project, version).ok());
}

TEST_F(SigningTest, WhatIsRegisteredIsSignedOnce) {
  Project project = Open("signing:\n  key: key\n  public_keys: [public]\n");
  ASSERT_TRUE(CheckSigningKey(project).ok());
  const registry::ModelVersion version = Register(project, "one");
  ASSERT_TRUE(SignRegistered(project, version, context_).ok());
  ASSERT_TRUE(SignRegistered(project, version, context_).ok());
  EXPECT_EQ(project.registry().signatures().Of("delay", 1)->size(), 1u);
  EXPECT_TRUE(Load(project, version).ok());
}

TEST_F(SigningTest, AKeyThatIsMissingOrNotTrustedIsToldBeforeTheWork) {
  EXPECT_EQ(CheckSigningKey(Open("signing: {key: none}\n")).code(), absl::StatusCode::kNotFound);
  const absl::Status stranger = CheckSigningKey(Open("signing: {key: other-key, public_keys: [public]}\n"));
  EXPECT_EQ(stranger.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(stranger.message()), HasSubstr("not among signing.public_keys"));
}

TEST_F(SigningTest, AFolderIsVerifiedByteForByte) {
  Project project = Open();
  Register(project, "one");
  ASSERT_TRUE(SignModel(project, {.reference = "delay@1", .key = Path("key")}, context_).ok());
  const PackageFiles package = ExportPackage(project, "delay@1").value();
  const auto write = [&] {
    fs::remove_all(folder_ / "out");
    fs::create_directories(folder_ / "out");
    for (const auto& [name, content] : package.files) Write("out/" + name, content);
  };
  const auto verify = [&](const std::string& key) { return *VerifyFolder(Path("out"), {Path(key)}); };
  write();
  EXPECT_TRUE(verify("public").good) << verify("public").reason;
  EXPECT_THAT(verify("other-public").reason, HasSubstr("another key"));
  Write("out/profile", "q");
  EXPECT_THAT(verify("public").reason, HasSubstr("'profile' is not the one that was signed"));
  write();
  fs::create_directories(folder_ / "out/more");
  Write("out/more/model.onnx", "x");
  EXPECT_THAT(verify("public").reason, HasSubstr("'more/model.onnx' is not among"));
  write();
  fs::remove(folder_ / "out/profile");
  EXPECT_THAT(verify("public").reason, HasSubstr("'profile' was signed and is missing"));
  fs::create_symlink(folder_ / "roost.yaml", folder_ / "out/profile");
  EXPECT_THAT(verify("public").reason, HasSubstr("'profile' is a link"));
  EXPECT_EQ(VerifyFolder(Path("out"), {}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace roost::api
