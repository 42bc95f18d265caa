#include "registry/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace roost::registry {
namespace {

using testing::HasSubstr;

ModelPackage Package() {
  return {{{"model.json", "{}"}, {"config.yaml", "a: 1\n"}, {"profile", std::string("\0x", 2)}}};
}

TEST(Manifest, ListsThePartsInOrderWithDigestsAndSizes) {
  const Manifest manifest = *MakeManifest(Package());
  ASSERT_EQ(manifest.parts.size(), 3u);
  EXPECT_EQ(manifest.parts[0].name, "config.yaml");
  EXPECT_EQ(manifest.parts[0].digest, Sha256("a: 1\n"));
  EXPECT_EQ(manifest.parts[0].bytes, 5);
  EXPECT_EQ(manifest.Find("profile")->bytes, 2);
  EXPECT_EQ(manifest.Find("lineage.json"), nullptr);
}

TEST(Manifest, BytesAreStable) {
  // The digest of these bytes is the identity of a model version: they must never change.
  const Manifest manifest = *MakeManifest({{{"model.json", "{}"}}});
  EXPECT_EQ(manifest.ToBytes(),
            R"({"format":"roost model","version":1,"parts":[{"name":"model.json",)"
            R"("sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","bytes":2}]})");
}

TEST(Manifest, IsReadBack) {
  const Manifest manifest = *MakeManifest(Package());
  EXPECT_EQ(*ParseManifest(manifest.ToBytes()), manifest);
}

TEST(MakeManifest, RefusesAPackageThatIsNone) {
  EXPECT_THAT(std::string(MakeManifest({}).status().message()), HasSubstr("no part 'model.json'"));
  for (const char* name : {"", "../model", "a/b", "A", ".hidden", "a b"}) {
    EXPECT_EQ(MakeManifest({{{"model.json", ""}, {name, ""}}}).status().code(), absl::StatusCode::kInvalidArgument);
  }
  ModelPackage many = Package();
  for (int i = 0; i < 64; ++i) many.parts["part" + std::to_string(i)] = "";
  EXPECT_THAT(std::string(MakeManifest(many).status().message()), HasSubstr("64 is the most"));
}

TEST(ParseManifest, EveryCutAndEveryFlippedBitIsAnErrorOrAnotherManifest) {
  const Manifest manifest = *MakeManifest(Package());
  const std::string bytes = manifest.ToBytes();
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_EQ(ParseManifest(bytes.substr(0, length)).status().code(), absl::StatusCode::kDataLoss);
  }
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const auto parsed = ParseManifest(flipped);
    // Upper and lower case of a hexadecimal digit are one: the digest of the bytes finds that flip.
    if (parsed.ok() && *parsed == manifest) {
      EXPECT_NE(Sha256(flipped), Sha256(bytes));
    }
  }
}

TEST(ParseManifest, RefusesWhatIsNoManifest) {
  const auto message = [](std::string_view bytes) { return std::string(ParseManifest(bytes).status().message()); };
  EXPECT_THAT(message("[]"), HasSubstr("it is no manifest"));
  EXPECT_THAT(message(R"({"format":"roost model","version":1,"parts":7})"), HasSubstr("it lists no parts"));
  EXPECT_THAT(message(R"({"format":"roost model","version":1,"parts":[{}]})"), HasSubstr("lacks its name"));
  EXPECT_THAT(message(R"({"format":"roost model","version":1,"parts":[]})"), HasSubstr("no part 'model.json'"));
  EXPECT_THAT(message(std::string((1 << 20) + 1, ' ')), HasSubstr("1048577 bytes"));
  const absl::Status newer = ParseManifest(R"({"format":"roost model","version":2})").status();
  EXPECT_EQ(newer.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(HintOf(newer), "Use a newer roost.");
}

}  // namespace
}  // namespace roost::registry
