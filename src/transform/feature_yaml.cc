#include "transform/feature_yaml.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/json.h"

namespace roost::transform {
namespace {

constexpr std::array<std::string_view, 11> kYamlWords = {"true", "false", "null", "yes", "no", "on",
                                                         "off",  "y",     "n",    "inf", "nan"};

// Plain where every YAML reader takes it for this text, else in JSON's quotes, which are YAML's too.
std::string Scalar(const std::string& text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto is_plain = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  std::string lower = text;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  const bool plain = !text.empty() && is_letter(text.front()) && std::all_of(text.begin(), text.end(), is_plain) &&
                     std::find(kYamlWords.begin(), kYamlWords.end(), lower) == kYamlWords.end();
  return plain ? text : Json(text).dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

std::string Scalar(bool value) { return value ? "true" : "false"; }
std::string Scalar(int64_t value) { return fmt::format("{}", value); }
std::string Scalar(double value) { return FormatExact(value); }
std::string Scalar(const std::optional<double>& value) { return FormatExact(*value); }
std::string Scalar(TokenWeight weight) { return std::string(TokenWeightName(weight)); }
std::string Scalar(Period period) { return std::string(PeriodName(period)); }
std::string Scalar(std::optional<Operation> use) { return std::string(OperationName(*use)); }

template <typename T>
std::string Scalar(const std::vector<T>& values) {
  std::vector<std::string> scalars;
  for (const T& value : values) scalars.push_back(Scalar(value));
  return fmt::format("[{}]", fmt::join(scalars, ", "));
}

class EntryWriter {
 public:
  explicit EntryWriter(const FeatureSpec& spec) : spec_(spec) {}

  template <typename T>
  EntryWriter& Add(std::string_view key, T FeatureSpec::*member) {
    if (spec_.*member != FeatureSpec().*member) entries_.push_back(fmt::format("{}: {}", key, Scalar(spec_.*member)));
    return *this;
  }

  // One key of two members: a name, or the number itself.
  EntryWriter& AddImpute() {
    if (spec_.impute == Impute::kNone) return *this;
    entries_.push_back(fmt::format(
        "impute: {}", spec_.impute == Impute::kValue ? FormatExact(spec_.impute_value) : ImputeName(spec_.impute)));
    return *this;
  }

  std::string Text() const { return fmt::format("{{{}}}", fmt::join(entries_, ", ")); }

 private:
  const FeatureSpec& spec_;
  std::vector<std::string> entries_;
};

}  // namespace

std::string ToYaml(const FeatureSpec& spec) {
  EntryWriter writer(spec);
  writer.Add("column", &FeatureSpec::column)
      .Add("columns", &FeatureSpec::columns)
      .Add("use", &FeatureSpec::use)
      .AddImpute()
      .Add("clip_low", &FeatureSpec::clip_low)
      .Add("clip_high", &FeatureSpec::clip_high)
      .Add("log", &FeatureSpec::log)
      .Add("indicator", &FeatureSpec::indicator)
      .Add("buckets", &FeatureSpec::buckets)
      .Add("borders", &FeatureSpec::borders)
      .Add("degree", &FeatureSpec::degree)
      .Add("top", &FeatureSpec::top)
      .Add("min_count", &FeatureSpec::min_count)
      .Add("unknown_buckets", &FeatureSpec::unknown_buckets)
      .Add("hash_buckets", &FeatureSpec::hash_buckets)
      .Add("ngrams", &FeatureSpec::ngrams)
      .Add("weight", &FeatureSpec::weight)
      .Add("max_share", &FeatureSpec::max_share)
      .Add("lower", &FeatureSpec::lower)
      .Add("unit_length", &FeatureSpec::unit_length)
      .Add("period", &FeatureSpec::period)
      .Add("since", &FeatureSpec::since)
      .Add("until", &FeatureSpec::until);
  return writer.Text();
}

std::string ToYaml(const FeatureChoice& choice, std::string_view indent) {
  std::string yaml = fmt::format("{}features:\n", indent);
  for (const ChosenFeature& feature : choice.features) {
    yaml += fmt::format("{}  - {}  # {}\n", indent, ToYaml(feature.spec), Printable(feature.reason));
  }
  for (const LeftOutColumn& column : choice.left_out) {
    yaml += fmt::format("{}  # {} is left out: {}\n", indent, Printable(column.column), Printable(column.reason));
  }
  return yaml;
}

}  // namespace roost::transform
