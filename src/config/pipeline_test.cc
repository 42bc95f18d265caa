#include "config/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/project.h"

namespace roost::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Pipeline, TheSourceIsRead) {
  const std::string text = "project: p\ndataset: d\ndata:\n  source: [a.csv, 'in/*.parquet']\n";
  EXPECT_THAT(ParsePipeline(text, "roost.yaml")->source, ElementsAre("a.csv", "in/*.parquet"));
  EXPECT_TRUE(ParseProject(text, "roost.yaml").ok());
  EXPECT_THAT(ParsePipeline("project: p\ndataset: d\n", "roost.yaml")->source, IsEmpty());
  EXPECT_THAT(ParsePipeline("data: {gate: warn}\n", "roost.yaml")->source, IsEmpty());
}

TEST(Pipeline, ASourceThatIsNoListIsRefusedWithItsLine) {
  for (const char* bad : {"source: {}", "source: []", "source: [{}]"}) {
    const std::string text = std::string("project: p\ndataset: d\ndata:\n  ") + bad + "\n";
    for (const absl::Status& status :
         {ParsePipeline(text, "roost.yaml").status(), ParseProject(text, "roost.yaml").status()}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad;
      EXPECT_EQ(std::string(status.message()).rfind("roost.yaml:4: ", 0), 0u) << status;
    }
  }
}

}  // namespace
}  // namespace roost::config
