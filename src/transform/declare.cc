#include "transform/declare.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/format.h"
#include "base/status.h"

namespace roost::transform {
namespace {

absl::Status Fail(const std::string& message) { return absl::InvalidArgumentError(message); }

absl::Status CheckRange(std::string_view parameter, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return Fail(
      fmt::format("{} must be {} to {}, not {}", parameter, FormatCount(low), FormatCount(high), FormatCount(value)));
}

bool HasVocabulary(Operation use) {
  return use == Operation::kOneHot || use == Operation::kOrdinal || use == Operation::kTokens ||
         use == Operation::kCross || use == Operation::kMultiHot;
}

absl::Status CheckColumns(const FeatureSpec& spec) {
  if (*spec.use != Operation::kCross) {
    if (!spec.columns.empty()) return Fail("takes one `column`, not `columns`");
    return spec.column.empty() ? Fail("needs a `column`") : absl::OkStatus();
  }
  std::vector<std::string> names = spec.columns;
  std::sort(names.begin(), names.end());
  const bool distinct = std::adjacent_find(names.begin(), names.end()) == names.end();
  if (spec.column.empty() && distinct && names.size() >= kMinCrossed && names.size() <= kMaxCrossed) {
    return absl::OkStatus();
  }
  return Fail(fmt::format("takes `columns`, {} or {} different ones, and no `column`", kMinCrossed, kMaxCrossed));
}

absl::Status CheckSteps(const FeatureSpec& spec) {
  const bool has_steps = spec.clip_low || spec.clip_high || spec.log || spec.impute != Impute::kNone;
  if (has_steps && !IsOfNumbers(*spec.use)) {
    return Fail("has no number that clip_low, clip_high, log or impute could change");
  }
  if (spec.indicator && HasMissingSlot(*spec.use)) {
    return Fail("has a feature for missing values already; it takes no indicator");
  }
  for (const auto& [name, value] : {std::pair("clip_low", spec.clip_low), {"clip_high", spec.clip_high}}) {
    if (value.has_value() && !std::isfinite(*value)) return Fail(fmt::format("{} must be finite", name));
  }
  if (spec.clip_low && spec.clip_high && *spec.clip_low >= *spec.clip_high) {
    return Fail(fmt::format("clip_low, {}, must be below clip_high, {}", FormatExact(*spec.clip_low),
                            FormatExact(*spec.clip_high)));
  }
  if (spec.impute == Impute::kValue && !std::isfinite(spec.impute_value)) return Fail("impute must be finite");
  return absl::OkStatus();
}

absl::Status CheckBuckets(const FeatureSpec& spec) {
  if (spec.borders.empty()) return CheckRange("buckets", spec.buckets, 2, kMaxBuckets);
  TRY(CheckRange("the number of borders", static_cast<int64_t>(spec.borders.size()), 1, kMaxBuckets - 1));
  const bool finite = std::all_of(spec.borders.begin(), spec.borders.end(), [](double b) { return std::isfinite(b); });
  const bool rising =
      std::adjacent_find(spec.borders.begin(), spec.borders.end(), std::greater_equal<>()) == spec.borders.end();
  return finite && rising ? absl::OkStatus() : Fail("borders must be finite and strictly increasing");
}

absl::Status CheckTokens(const FeatureSpec& spec) {
  TRY(CheckRange("ngrams", spec.ngrams, 1, kMaxNgrams));
  if (!(spec.max_share > 0 && spec.max_share <= 1)) {
    return Fail(fmt::format("max_share must be above 0 and at most 1, not {}", FormatNumber(spec.max_share)));
  }
  if (spec.weight == TokenWeight::kTfIdf && spec.hash_buckets > 0) {
    return WithHint(Fail("tf_idf needs a vocabulary, and hash_buckets has none"),
                    "leave out hash_buckets, or use count");
  }
  return absl::OkStatus();
}

absl::Status CheckWords(const FeatureSpec& spec) {
  const bool hashes =
      *spec.use == Operation::kHash || *spec.use == Operation::kTokens || *spec.use == Operation::kCross;
  if (spec.hash_buckets != 0) {
    if (!hashes) return Fail("has no hash_buckets; use hash, tokens or cross for these");
    TRY(CheckRange("hash_buckets", spec.hash_buckets, 2, kMaxHashBuckets));
  }
  if (!HasVocabulary(*spec.use)) return absl::OkStatus();
  TRY(CheckRange("top", spec.top, 1, kMaxWords));
  if (spec.min_count < 1) return Fail(fmt::format("min_count must be at least 1, not {}", FormatCount(spec.min_count)));
  return CheckRange("unknown_buckets", spec.unknown_buckets, 1, kMaxUnknownBuckets);
}

absl::StatusOr<int64_t> ParseSince(const std::string& text) {
  for (const char* format : {"%Y-%m-%d%ET%H:%M:%E*S%Ez", "%Y-%m-%d%ET%H:%M:%E*S", "%Y-%m-%d"}) {
    absl::Time time;
    std::string error;
    if (absl::ParseTime(format, text, &time, &error)) return absl::ToUnixMicros(time);
  }
  return Fail(fmt::format("since must be an ISO 8601 time such as 2001-05-01 or 2001-05-01T13:45:00Z, not '{}'", text));
}

absl::Status DeclareAge(const FeatureSpec& spec, FittedFeature& feature) {
  if (spec.since.empty() == spec.until.empty()) return Fail("needs `since` or `until`, one of them");
  if (!spec.until.empty()) {
    if (spec.until == spec.column) return Fail("`until` must be another column");
    feature.columns.push_back(spec.until);
    return absl::OkStatus();
  }
  feature.since = spec.since;
  TRY_ASSIGN(feature.since_micros, ParseSince(spec.since));
  return absl::OkStatus();
}

int32_t HashBuckets(const FeatureSpec& spec) {
  const bool standard = *spec.use == Operation::kHash && spec.hash_buckets == 0;
  return static_cast<int32_t>(standard ? kHashBuckets : spec.hash_buckets);
}

}  // namespace

std::string LabelOf(const FeatureSpec& spec) {
  return spec.columns.empty() ? spec.column : fmt::format("{}", fmt::join(spec.columns, ", "));
}

absl::StatusOr<FittedFeature> Declare(const FeatureSpec& spec) {
  if (!spec.use.has_value()) {
    return WithHint(Fail("no operation is named"), "say what it does, `use: standardize`; docs/features.md tells all");
  }
  TRY(CheckColumns(spec));
  TRY(CheckSteps(spec));
  TRY(CheckWords(spec));
  if (*spec.use == Operation::kBucketize) TRY(CheckBuckets(spec));
  if (*spec.use == Operation::kPolynomial) TRY(CheckRange("degree", spec.degree, kMinDegree, kMaxDegree));
  if (*spec.use == Operation::kTokens) TRY(CheckTokens(spec));
  FittedFeature feature{.columns = spec.columns.empty() ? std::vector{spec.column} : spec.columns, .use = *spec.use};
  if (*spec.use == Operation::kAge) TRY(DeclareAge(spec, feature));
  feature.steps = {.clip_low = spec.clip_low, .clip_high = spec.clip_high};
  if (spec.impute == Impute::kValue) feature.steps.imputed = spec.impute_value;
  feature.indicator = spec.indicator;
  feature.borders = spec.borders;
  feature.degree = static_cast<int32_t>(spec.degree);
  feature.hash_buckets = HashBuckets(spec);
  feature.ngrams = static_cast<int32_t>(spec.ngrams);
  feature.weight = spec.weight;
  feature.lower = spec.lower;
  feature.unit_length = spec.unit_length;
  feature.period = spec.period;
  if (*spec.use == Operation::kCyclic) feature.circle = CircleOf(spec.period);
  return feature;
}

}  // namespace roost::transform
