#include "mlflow/mlmodel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace roost::mlflow {
namespace {

using ::testing::HasSubstr;

TEST(Mlmodel, HasBothFlavorsAndTheSignature) {
  const std::string text = MlmodelText({.version = "late-flights@2",
                                        .made = absl::FromUnixMicros(1'500'000),
                                        .columns = {{{"name", "origin"}, {"kind", "text"}, {"missing", "\uffff"}},
                                                    {{"name", "date"}, {"kind", "time"}},
                                                    {{"name", "distance"}, {"kind", "number"}}},
                                        .outputs = {"probability"}});
  EXPECT_THAT(text, HasSubstr("  onnx:\n"));
  EXPECT_THAT(text, HasSubstr("    loader_module: roost_onnx\n"));
  EXPECT_THAT(text, HasSubstr("  roost: 'late-flights@2'\n"));
  EXPECT_THAT(text, HasSubstr(R"(inputs: '[{"type":"string","name":"origin","required":true},)"
                              R"({"type":"any","name":"date","required":true},)"
                              R"({"type":"any","name":"distance","required":true}]')"));
  EXPECT_THAT(text, HasSubstr(R"(outputs: '[{"type":"double","name":"probability","required":true}]')"));
  EXPECT_THAT(text, HasSubstr("utc_time_created: '1970-01-01 00:00:01.500000'\n"));
}

TEST(Mlmodel, NamesCannotEndTheQuotes) {
  const std::string text = MlmodelText({.version = "a@1",
                                        .made = absl::UnixEpoch(),
                                        .columns = {{{"name", "it's\n\u00e9: x"}, {"kind", "number"}}},
                                        .outputs = {"value"}});
  EXPECT_THAT(text, HasSubstr(R"("name":"it''s\n\u00e9: x")"));
}

}  // namespace
}  // namespace roost::mlflow
