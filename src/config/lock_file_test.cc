#include "config/lock_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/status.h"

namespace roost::config {
namespace {

using ::testing::HasSubstr;

const std::string kDigest = Sha256("a").ToHex();

LockFile Lock() {
  return {.datasets = {{"flights", {.version = 3, .digest = kDigest}}, {"null", {.version = 12, .digest = kDigest}}},
          .models = {{"late-flights",
                      {{"champion", {.version = 2, .digest = kDigest}}, {"1.5", {.version = 1, .digest = kDigest}}}}}};
}

TEST(LockFile, WhatIsWrittenIsReadAgain) {
  const std::string text = ToText(Lock());
  const auto read = ParseLock(text, "roost.lock");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, Lock());
  EXPECT_EQ(ToText(*read), text);
  EXPECT_THAT(text, HasSubstr("\nlock: 1\ndatasets:\n  flights:\n    version: 3\n    digest: " + kDigest + "\n"));
  EXPECT_EQ(ParseLock(ToText({}), "roost.lock").value(), LockFile());
}

TEST(LockFile, MistakesAreToldWithTheirLine) {
  const std::string version = "version: 1\n    digest: " + kDigest + "\n";
  const std::vector<std::pair<std::string, const char*>> cases{
      {"", "roost.lock:1: "},
      {"datasets: {a: {version: 1, digest: " + kDigest + "}}\n", "key 'lock' is missing"},
      {"lock: 1\nmodel: {}\n", "roost.lock:2: unknown key 'model'"},
      {"lock: 1\ndatasets:\n  a: 3\n", "roost.lock:3: want 'version' and 'digest'"},
      {"lock: 1\ndatasets:\n  a:\n    version: 1\n", "want 'version' and 'digest'"},
      {"lock: 1\ndatasets:\n  a:\n    version: 0\n    digest: " + kDigest, "roost.lock:4: "},
      {"lock: 1\ndatasets:\n  a:\n    version: 1\n    digest: 12\n", "roost.lock:5: want 64 hexadecimal digits"},
      {"lock: 1\ndatasets:\n  a:\n    " + version + "    rows: 1\n", "roost.lock:6: unknown key 'rows'"},
      {"lock: 1\ndatasets:\n  'a b':\n    " + version, "roost.lock:3: 'a b' is no name"},
      {"lock: 1\nmodels:\n  m:\n    " + version, "roost.lock:4: want 'version' and 'digest'"},
      {"lock: 1\nlock: 1\n", "roost.lock:2: "}};
  for (const auto& [text, message] : cases) {
    const auto lock = ParseLock(text, "roost.lock");
    ASSERT_FALSE(lock.ok()) << text;
    EXPECT_THAT(std::string(lock.status().message()), HasSubstr(message)) << text;
  }
  EXPECT_EQ(HintOf(ParseLock("lock: 2\n", "roost.lock").status()), "Use a newer roost.");
}

}  // namespace
}  // namespace roost::config
