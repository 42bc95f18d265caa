#include "table/text_file.h"

#include <filesystem>

#include <gtest/gtest.h>

namespace roost::table {
namespace {

namespace fs = std::filesystem;

TEST(TextFile, WhatWasWrittenIsReadAndReplacedAsAWhole) {
  const fs::path folder = fs::path(testing::TempDir()) / "text_file";
  fs::remove_all(folder);
  fs::create_directories(folder);
  const std::string path = (folder / "schema.yaml").string();
  ASSERT_TRUE(WriteTextFile(path, "a: 1\n").ok());
  ASSERT_TRUE(WriteTextFile(path, "").ok());
  EXPECT_EQ(*ReadTextFile(path), "");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1);
  EXPECT_EQ(ReadTextFile(folder.string()).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadTextFile((folder / "missing").string()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(WriteTextFile((folder / "missing" / "x").string(), "a").code(), absl::StatusCode::kNotFound);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace roost::table
