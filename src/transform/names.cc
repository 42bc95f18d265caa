#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "base/check.h"
#include "base/format.h"
#include "base/hash.h"
#include "transform/fitted.h"

namespace roost::transform {
namespace {

constexpr std::string_view kWeekdayNames[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                              "Friday", "Saturday", "Sunday"};
constexpr std::string_view kMonthNames[] = {"January", "February", "March",     "April",   "May",      "June",
                                            "July",    "August",   "September", "October", "November", "December"};

std::string BucketName(const FittedFeature& feature, int32_t slot) {
  const auto border = [&feature](int32_t i) { return FormatExact(feature.borders[static_cast<size_t>(i)]); };
  const auto last = static_cast<int32_t>(feature.borders.size());
  if (slot == 0) return fmt::format("{} < {}", feature.Label(), border(0));
  if (slot == last) return fmt::format("{} >= {}", feature.Label(), border(last - 1));
  return fmt::format("{} in [{}, {})", feature.Label(), border(slot - 1), border(slot));
}

// The word as people read it: the parts of a cross with commas.
std::string ReadableWord(std::string_view word) {
  std::string text;
  for (const char byte : word) {
    if (byte == kCrossSeparator) {
      text += ", ";
    } else {
      text += byte;
    }
  }
  return text;
}

// Of one_hot, hash, tokens, cross and multi_hot.
std::string WordName(const FittedFeature& feature, int32_t slot) {
  if (feature.hash_buckets > 0) return fmt::format("{} hash {}", feature.Label(), slot);
  const int32_t words = feature.vocabulary.size();
  if (slot >= words) return fmt::format("{} unknown {}", feature.Label(), slot - words);
  const std::string& word = feature.vocabulary.words()[static_cast<size_t>(slot)];
  const bool is_cross = feature.use == Operation::kCross;
  const char* const between = feature.use == Operation::kTokens ? ": " : "=";
  return fmt::format("{}{}{}", feature.Label(), between, is_cross ? ReadableWord(word) : word);
}

std::string TimeName(const FittedFeature& feature, int32_t slot) {
  const std::string what = fmt::format("{} {}", feature.Label(), OperationName(feature.use));
  if (slot == feature.num_operation_slots() - 1) return what + " missing";
  switch (feature.use) {
    case Operation::kWeekday: return fmt::format("{}={}", what, kWeekdayNames[slot]);
    case Operation::kMonth: return fmt::format("{}={}", what, kMonthNames[slot]);
    case Operation::kDay: return fmt::format("{}={}", what, slot + 1);
    default: return fmt::format("{}={}", what, slot);
  }
}

}  // namespace

std::string FittedFeature::Label() const { return fmt::format("{}", fmt::join(columns, ", ")); }

std::string PlainName(const FittedFeature& feature, int32_t slot) {
  const std::string label = feature.Label();
  if (slot == feature.num_operation_slots()) return label + " is missing";
  if (HasMissingSlot(feature.use) && slot == feature.num_operation_slots() - 1 && feature.use != Operation::kHour &&
      feature.use != Operation::kWeekday && feature.use != Operation::kMonth && feature.use != Operation::kDay) {
    return label + " missing";
  }
  switch (feature.use) {
    case Operation::kStandardize: return label;
    case Operation::kNumber: return label + " number";
    case Operation::kMinMax: return label + " min_max";
    case Operation::kBucketize: return BucketName(feature, slot);
    case Operation::kPolynomial: return fmt::format("{}^{}", label, slot + 1);
    case Operation::kOrdinal: return label + " ordinal";
    case Operation::kOneHot:
    case Operation::kHash:
    case Operation::kTokens:
    case Operation::kCross:
    case Operation::kMultiHot: return WordName(feature, slot);
    case Operation::kHour:
    case Operation::kWeekday:
    case Operation::kMonth:
    case Operation::kDay: return TimeName(feature, slot);
    case Operation::kCyclic:
      return fmt::format("{} {} {}", label, PeriodName(feature.period), slot == 0 ? "sine" : "cosine");
    case Operation::kAge: return feature.columns.size() == 2 ? label + " days" : label + " days since " + feature.since;
    case Operation::kListCount: return label + " count";
    case Operation::kListMean: return label + " mean";
  }
  return label;
}

const FittedFeature& Transform::Fitted::Owner(int32_t feature) const {
  ROOST_CHECK(feature >= 0 && feature < num_features, "no feature " << feature << " of " << num_features);
  const auto after = std::upper_bound(features.begin(), features.end(), feature,
                                      [](int32_t index, const FittedFeature& next) { return index < next.first; });
  return *std::prev(after);
}

absl::Status Transform::Fitted::Number() {
  int64_t total = 0;
  for (const FittedFeature& feature : features) total += feature.num_slots();
  if (total > kMaxTotalFeatures) {
    return absl::InvalidArgumentError(fmt::format("{} features are too many for one model", FormatCount(total)));
  }
  num_features = 0;
  copies.clear();
  // Names by two independent hashes, so that a billion of them have no false twins; the map lives only here.
  absl::flat_hash_map<std::pair<uint64_t, uint64_t>, int32_t> seen;
  for (FittedFeature& feature : features) {
    feature.first = num_features;
    for (int32_t slot = 0; slot < feature.num_slots(); ++slot, ++num_features) {
      std::string name = PlainName(feature, slot);
      const auto key = [](std::string_view text) { return std::pair(Hash64(text), Hash64(text, 1)); };
      if (seen.emplace(key(name), 1).second) continue;
      int32_t copy = 2;
      while (!seen.emplace(key(fmt::format("{} #{}", name, copy)), 1).second) ++copy;
      copies[num_features] = copy;
    }
  }
  return absl::OkStatus();
}

std::string Transform::FeatureName(int32_t feature) const {
  const FittedFeature& owner = fitted_->Owner(feature);
  std::string name = PlainName(owner, feature - owner.first);
  const auto copy = fitted_->copies.find(feature);
  return copy == fitted_->copies.end() ? name : fmt::format("{} #{}", name, copy->second);
}

int32_t Transform::NumCategories(int32_t feature) const {
  const FittedFeature& owner = fitted_->Owner(feature);
  return owner.use == Operation::kOrdinal && feature == owner.first ? owner.vocabulary.size() : 0;
}

}  // namespace roost::transform
