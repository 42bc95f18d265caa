#include <functional>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "transform/test_data.h"
#include "transform/transform.h"

namespace roost::transform {
namespace {

Transform Flights() { return *FitSummary(FlightsFeatures(), FlightsSummary()); }

std::string ErrorOf(const Json& json) {
  const absl::Status status = Transform::FromJson(json).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(status.message());
}

std::string ErrorAfter(const std::function<void(Json&)>& edit) {
  Json json = Flights().ToJson();
  edit(json);
  return ErrorOf(json);
}

TEST(TransformJson, ReadsAsItIsMeant) {
  const std::vector<FeatureSpec> features = {{.column = "date", .use = Operation::kHour},
                                             {.column = "distance", .use = Operation::kBucketize, .buckets = 2},
                                             {.column = "distance", .use = Operation::kStandardize},
                                             {.column = "destination", .use = Operation::kOneHot}};
  EXPECT_EQ(ToLine(FitSummary(features, FlightsSummary())->ToJson()),
            R"({"version":2,"inputs":[{"name":"date","kind":"time"},{"name":"distance","kind":"number"},)"
            R"({"name":"destination","kind":"text"}],"features":[{"column":"date","use":"hour"},)"
            R"({"column":"distance","use":"bucketize","borders":[1100.0]},)"
            R"({"column":"distance","use":"standardize","mean":700.0,"standard_deviation":512.5},)"
            R"({"column":"destination","use":"one_hot","words":["LAX","SFO"],"unknown_buckets":1}]})");
}

// A file of version 1, as the first release wrote it. It must be read, to the same features, by every later one.
TEST(TransformJson, Version1IsReadForever) {
  const std::string_view text =
      R"({"version":1,"inputs":[{"name":"date","kind":"time"},{"name":"distance","kind":"number"},)"
      R"({"name":"destination","kind":"text"}],"features":[{"column":"date","use":"hour"},)"
      R"({"column":"date","use":"weekday"},{"column":"date","use":"month"},)"
      R"({"column":"distance","use":"bucketize","borders":[418.0,733.0]},)"
      R"({"column":"distance","use":"standardize","mean":729.25,"standard_deviation":574.5},)"
      R"({"column":"destination","use":"one_hot","words":["ORD","DFW"],"unknown_buckets":2}]})";
  const auto transform = Transform::FromJson(*ParseJson(text, "transform"));
  ASSERT_TRUE(transform.ok()) << transform.status();
  EXPECT_EQ(transform->num_features(), 25 + 8 + 13 + 4 + 1 + 5);
  FeatureVector features;
  const int64_t may = 988'724'700'000'000;  // 2001-05-01T13:45:00Z, a Tuesday
  transform->ApplyRow(std::vector<column::Value>{may, 1'303.75, std::string_view("DFW")}, features);
  EXPECT_EQ(features.indices, (std::vector<int32_t>{13, 25 + 1, 33 + 4, 46 + 2, 50, 51 + 1}));
  EXPECT_EQ(features.values, (std::vector<double>{1, 1, 1, 1, 1, 1}));
  EXPECT_EQ(transform->FeatureName(55), "destination missing");
  Json again = *ParseJson(text, "transform");
  again["version"] = 2;
  EXPECT_EQ(ToLine(transform->ToJson()), ToLine(again));
}

TEST(TransformJson, IsReadBackToTheSameTransform) {
  auto summary = FlightsSummary();
  summary.columns[2].number->mean = 0.1 + 0.2;
  summary.columns[2].number->standard_deviation = 5e-324;
  summary.columns[2].number->percentiles[50] = std::nextafter(1'100.0, 2'000.0);
  summary.columns[3].text->top[2].value = std::string("a\0\"\\\n", 5) + "Z\xc3\xbcrich";
  const Transform transform = *FitSummary(FlightsFeatures(), summary);
  const std::string text = ToLine(transform.ToJson());
  const auto again = Transform::FromJson(*ParseJson(text, "transform"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(ToLine(again->ToJson()), text);
  EXPECT_EQ(again->num_features(), transform.num_features());
  for (int32_t i = 0; i < transform.num_features(); ++i) EXPECT_EQ(again->FeatureName(i), transform.FeatureName(i));
  Threads threads;
  std::vector<RawColumn> columns = GeneratedRows(3'000, 1).Columns();
  const auto a = transform.ApplyBatch(BatchOf(columns), threads.context);
  const auto b = again->ApplyBatch(BatchOf(columns), threads.context);
  EXPECT_EQ(a->indices, b->indices);
  EXPECT_EQ(std::memcmp(a->values.data(), b->values.data(), a->values.size() * sizeof(double)), 0);
}

TEST(TransformJson, WhatIsWrongIsNamed) {
  EXPECT_EQ(ErrorOf(Json::array()), "transform: must be an object");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["version"] = 3; }), "transform: 'version' must be an integer from 1 to 2");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["later"] = 1; }),
            "transform: has a member 'later', which this version of Roost does not know");
  EXPECT_EQ(ErrorAfter([](Json& json) { json.erase("features"); }), "transform: 'features' is missing");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["features"] = Json::array(); }),
            "transform: 'features' must be an array of 1 to 1000 elements");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["features"][3]["use"] = "explode"; }),
            "transform: features[3]: 'use' must be an operation, not 'explode'");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["features"][0]["mean"] = 1; }),
            "transform: features[0]: has a member 'mean', which this version of Roost does not know");
}

TEST(TransformJson, ParametersOutOfRangeAreRefused) {
  EXPECT_EQ(ErrorAfter([](Json& json) {
              json["features"][3]["borders"] = {1, 2, 2};
            }),
            "transform: features[3]: 'borders' must be strictly increasing");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["features"][3]["borders"][1] = std::nan(""); }),
            "transform: features[3]: 'borders' must hold finite numbers; element 1 is none");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["features"][3]["borders"] = std::vector<double>(100, 0.5); }),
            "transform: features[3]: 'borders' must be an array of 1 to 99 elements");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["features"][4]["standard_deviation"] = -1; }),
            "transform: features[4]: 'standard_deviation' must not be negative");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["features"][4]["mean"] = "1"; }),
            "transform: features[4]: 'mean' must be a finite number");
  EXPECT_EQ(ErrorAfter([](Json& json) {
              json["features"][5]["words"] = {"a", "b", "a"};
            }),
            "transform: features[5]: 'words' holds 'a' twice");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["features"][5]["words"][0] = "\xff"; }),
            "transform: features[5]: 'words' must be UTF-8");
  for (const Json& bad : {Json(0), Json(1'001), Json(-1), Json(1.5), Json(uint64_t{1} << 63), Json("1"), Json()}) {
    EXPECT_EQ(ErrorAfter([&bad](Json& json) { json["features"][5]["unknown_buckets"] = bad; }),
              "transform: features[5]: 'unknown_buckets' must be an integer from 1 to 1000");
  }
}

TEST(TransformJson, InputsMustBeThoseOfTheFeatures) {
  EXPECT_EQ(ErrorAfter([](Json& json) { json["inputs"][1]["name"] = "delay"; }),
            "transform: feature 4, bucketize of column 'distance': 'inputs' lacks 'distance', which a feature uses");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["inputs"][1]["kind"] = "text"; }),
            "transform: feature 4, bucketize of column 'distance': takes a number, and the column holds a text");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["inputs"][1]["kind"] = "image"; }),
            "transform: inputs[1]: 'kind' must be a kind of columns, not 'image'");
  EXPECT_EQ(
      ErrorAfter([](Json& json) { json["inputs"].erase(3); }),
      "transform: feature 7, one_hot of column 'destination': 'inputs' lacks 'destination', which a feature uses");
  EXPECT_EQ(ErrorAfter([](Json& json) {
              json["inputs"].push_back({{"name", "x"}, {"kind", "text"}});
            }),
            "transform: inputs[4]: 'name' is 'x', which no feature uses");
  EXPECT_EQ(ErrorAfter([](Json& json) { std::swap(json["inputs"][1], json["inputs"][2]); }),
            "transform: inputs[1]: 'name' must be 'distance', as the features use it, not 'origin'");
}

// Every value of `json` and below, in one order.
void Collect(Json& json, std::vector<Json*>& values) {
  values.push_back(&json);
  for (Json& child : json) {
    if (json.is_structured()) Collect(child, values);
  }
}

TEST(TransformJson, NoMutationCrashes) {
  const std::vector<Json> replacements = {Json(),
                                          Json(true),
                                          Json(-1),
                                          Json(1e300),
                                          Json(""),
                                          Json("one_hot"),
                                          Json("bucketize"),
                                          Json::array(),
                                          Json::object(),
                                          Json("\xff"),
                                          Json(uint64_t{1} << 63),
                                          Json("distance")};
  std::mt19937 random(1);
  std::vector<RawColumn> columns = GeneratedRows(50, 1).Columns();
  Threads threads;
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    Json json = Flights().ToJson();
    for (uint32_t edits = 1 + random() % 3; edits > 0; --edits) {
      std::vector<Json*> values;
      Collect(json, values);
      Json& value = *values[random() % values.size()];
      if (value.is_structured() && !value.empty() && random() % 2 == 0) {
        value.erase(std::next(value.begin(), static_cast<int64_t>(random() % value.size())));
      } else if (value.is_array() && !value.empty() && random() % 2 == 0) {
        value.push_back(value[random() % value.size()]);
      } else {
        value = random() % 4 == 0 ? *values[random() % values.size()] : replacements[random() % replacements.size()];
      }
    }
    const auto transform = Transform::FromJson(json);
    if (!transform.ok()) {
      ASSERT_EQ(transform.status().code(), absl::StatusCode::kInvalidArgument) << transform.status();
      continue;
    }
    ++accepted;
    ASSERT_EQ(ToLine(Transform::FromJson(transform->ToJson())->ToJson()), ToLine(transform->ToJson()));
    const auto rows = transform->ApplyBatch(BatchOf(columns), threads.context);
    for (const int32_t index : rows.ok() ? rows->indices : std::vector<int32_t>()) {
      ASSERT_TRUE(index >= 0 && index < transform->num_features());
    }
  }
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace roost::transform
