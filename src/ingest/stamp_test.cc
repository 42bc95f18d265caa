#include "ingest/stamp.h"

#include <chrono>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace roost::ingest {
namespace {

namespace fs = std::filesystem;

TEST(StampOf, TellsEveryChange) {
  const std::string folder = testing::TempDir() + "stamps/";
  fs::remove_all(folder);
  fs::create_directories(folder);
  const std::vector<std::string> paths{folder + "a", folder + "b"};
  for (const std::string& path : paths) std::ofstream(path) << "rows";
  const auto stamp = [&](const std::vector<std::string>& files) { return *StampOf(folder, files); };
  const Digest before = stamp(paths);
  EXPECT_EQ(stamp(paths), before);
  EXPECT_NE(stamp({paths[0]}), before);
  EXPECT_NE(stamp({paths[1], paths[0]}), before);
  std::ofstream(paths[1], std::ios::app) << "more";
  const Digest longer = stamp(paths);
  EXPECT_NE(longer, before);
  fs::last_write_time(paths[1], fs::last_write_time(paths[1]) + std::chrono::seconds(1));
  EXPECT_NE(stamp(paths), longer);
  fs::remove(paths[1]);
  EXPECT_EQ(StampOf(folder, paths).status().code(), absl::StatusCode::kNotFound);
  fs::remove_all(folder);
}

TEST(StampOf, MovesWithTheFolder) {
  const std::string folder = testing::TempDir() + "moving_stamps/";
  fs::remove_all(folder);
  fs::create_directories(folder + "one");
  std::ofstream(folder + "one/a") << "rows";
  const Digest before = *StampOf(folder + "one", {folder + "one/a"});
  fs::rename(folder + "one", folder + "other");
  EXPECT_EQ(*StampOf(folder + "other", {folder + "other/a"}), before);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace roost::ingest
