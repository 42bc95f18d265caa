#include "cli/feature_skew_text.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "cli/table_text.h"

namespace roost::cli {
namespace {

constexpr size_t kSamplesShown = 3;
constexpr size_t kConfusionsShown = 3;

std::string ValueText(const std::optional<std::string>& value) {
  return value.has_value() ? Printable(*value) : "missing";
}

Json ValueJson(const std::optional<std::string>& value) {
  if (!value.has_value()) return nullptr;
  return *value;
}

// "5 as 7 (12), ATL as missing (3)".
std::string ConfusionsText(const schema::ColumnSkew& column) {
  std::string text;
  for (size_t i = 0; i < std::min(column.confusions.size(), kConfusionsShown); ++i) {
    const schema::ValueConfusion& confusion = column.confusions[i];
    text += fmt::format("{}{} as {} ({})", i == 0 ? "" : ", ", ValueText(confusion.training),
                        ValueText(confusion.serving), FormatCount(confusion.rows));
  }
  return text;
}

std::string ShareOfRows(int64_t rows, int64_t joined) {
  return FormatShare(joined == 0 ? 0.0 : static_cast<double>(rows) / static_cast<double>(joined));
}

}  // namespace

std::string FeatureSkewText(const schema::FeatureSkew& skew) {
  std::string text =
      fmt::format("{} joined by their keys, {} with other values at serving ({})\n", CountOf(skew.joined, "row"),
                  FormatCount(skew.skewed), ShareOfRows(skew.skewed, skew.joined));
  const auto add = [&](int64_t count, std::string_view thing, std::string_view where) {
    if (count > 0) text += fmt::format("  {} {}\n", CountOf(count, thing), where);
  };
  add(skew.only_training, "key", "only in the data");
  add(skew.only_serving, "key", "only at serving");
  add(skew.repeated_training, "key", "in several rows of the data, left out");
  add(skew.repeated_serving, "key", "in several rows at serving, left out");
  add(skew.training_without_key + skew.serving_without_key, "row", "without a key, left out");
  if (skew.sampled_share < 1) text += fmt::format("  a sample: {} of the keys\n", FormatShare(skew.sampled_share));
  std::vector<std::vector<std::string>> rows{{"column", "differs", "share", "data as serving (rows)"}};
  for (const schema::ColumnSkew& column : skew.columns) {
    if (column.skewed() == 0) continue;
    rows.push_back({column.column, FormatCount(column.skewed()), ShareOfRows(column.skewed(), skew.joined),
                    ConfusionsText(column)});
  }
  if (rows.size() > 1) text += AlignColumns(rows, "lrrl");
  for (size_t i = 0; i < std::min(skew.samples.size(), kSamplesShown); ++i) {
    const schema::SkewSample& sample = skew.samples[i];
    text += fmt::format("  {}:", Printable(fmt::format("{}", fmt::join(sample.key, ", "))));
    for (const auto& difference : sample.differences) {
      text += fmt::format(" {} {} as {};", Printable(difference.column), ValueText(difference.training),
                          ValueText(difference.serving));
    }
    text.back() = '\n';
  }
  for (const std::string& column : skew.not_compared) {
    text += fmt::format("  {} is not compared: its values are lists or structs\n", Printable(column));
  }
  return text;
}

Json FeatureSkewJson(const schema::FeatureSkew& skew) {
  Json json{{"training_rows", skew.training_rows},
            {"serving_rows", skew.serving_rows},
            {"training_without_key", skew.training_without_key},
            {"serving_without_key", skew.serving_without_key},
            {"sampled_share", skew.sampled_share},
            {"joined", skew.joined},
            {"skewed", skew.skewed},
            {"only_training", skew.only_training},
            {"only_serving", skew.only_serving},
            {"repeated_training", skew.repeated_training},
            {"repeated_serving", skew.repeated_serving}};
  json["columns"] = Json::array();
  for (const schema::ColumnSkew& column : skew.columns) {
    Json confusions = Json::array();
    for (const schema::ValueConfusion& confusion : column.confusions) {
      confusions.push_back({{"training", ValueJson(confusion.training)},
                            {"serving", ValueJson(confusion.serving)},
                            {"rows", confusion.rows}});
    }
    json["columns"].push_back({{"column", column.column},
                               {"equal", column.equal},
                               {"different", column.different},
                               {"only_training", column.only_training},
                               {"only_serving", column.only_serving},
                               {"confusions", std::move(confusions)}});
  }
  json["samples"] = Json::array();
  for (const schema::SkewSample& sample : skew.samples) {
    Json differences = Json::array();
    for (const auto& difference : sample.differences) {
      differences.push_back({{"column", difference.column},
                             {"training", ValueJson(difference.training)},
                             {"serving", ValueJson(difference.serving)}});
    }
    json["samples"].push_back({{"key", sample.key}, {"differences", std::move(differences)}});
  }
  json["not_compared"] = skew.not_compared;
  return json;
}

}  // namespace roost::cli
