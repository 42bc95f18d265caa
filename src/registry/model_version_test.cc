#include "registry/model_version.h"

#include <gtest/gtest.h>

namespace roost::registry {
namespace {

TEST(ModelReference, IsANameWithAVersionAnAliasOrLatest) {
  const ModelReference plain = *ParseModelReference("late-flights");
  EXPECT_EQ(plain.name, "late-flights");
  EXPECT_FALSE(plain.version || plain.alias);
  const ModelReference latest = *ParseModelReference("late-flights@latest");
  EXPECT_FALSE(latest.version || latest.alias);
  EXPECT_EQ(ParseModelReference("late-flights@12")->version, 12);
  EXPECT_EQ(ParseModelReference("late-flights@champion")->alias, "champion");
}

TEST(ModelReference, AnythingElseIsRefused) {
  for (const char* text :
       {"", "@", "@1", "a@", "a@0", "a@-1", "a@99999999999999999999", "a@b@c", "a b", "../a", "a@b/c"}) {
    EXPECT_EQ(ParseModelReference(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(CheckAlias, RefusesWhatNamesAVersion) {
  EXPECT_TRUE(CheckAlias("challenger-2").ok());
  EXPECT_FALSE(CheckAlias("latest").ok());
  EXPECT_FALSE(CheckAlias("7").ok());
}

TEST(VersionRecord, IsReadBack) {
  const ModelVersion version{.name = "late-flights",
                             .version = 3,
                             .manifest = Sha256("x"),
                             .author = "Ada \"L\"",
                             .created = absl::FromUnixMicros(1'000'000'000'000'001)};
  EXPECT_EQ(*ParseRecord(ToRecord(version)), version);
  EXPECT_EQ(version.ToString(), "late-flights@3");
}

TEST(VersionRecord, DamageIsDataLoss) {
  const std::string record = ToRecord({.name = "a", .version = 1, .manifest = Sha256("x"), .author = "b"});
  for (size_t length = 0; length < record.size(); ++length) {
    EXPECT_EQ(ParseRecord(record.substr(0, length)).status().code(), absl::StatusCode::kDataLoss);
  }
  EXPECT_EQ(ParseRecord("{}").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ParseRecord("[1]").status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace roost::registry
