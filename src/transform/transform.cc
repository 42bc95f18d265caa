#include "transform/transform.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/format.h"
#include "base/status.h"
#include "transform/fitted.h"

namespace roost::transform {
namespace {

constexpr int32_t kHours = 24;
constexpr int32_t kWeekdays = 7;
constexpr int32_t kMonths = 12;

constexpr std::string_view kWeekdayNames[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                              "Friday", "Saturday", "Sunday"};
constexpr std::string_view kMonthNames[] = {"January", "February", "March",     "April",   "May",      "June",
                                            "July",    "August",   "September", "October", "November", "December"};

std::string BucketName(const FittedFeature& feature, int32_t slot) {
  const auto border = [&feature](int32_t i) { return FormatExact(feature.borders[static_cast<size_t>(i)]); };
  const auto last = static_cast<int32_t>(feature.borders.size());
  if (slot == 0) return fmt::format("{} < {}", feature.column, border(0));
  if (slot == last) return fmt::format("{} >= {}", feature.column, border(last - 1));
  return fmt::format("{} in [{}, {})", feature.column, border(slot - 1), border(slot));
}

std::string WordName(const FittedFeature& feature, int32_t slot) {
  const auto words = feature.vocabulary.words();
  const auto position = static_cast<size_t>(slot);
  if (position < words.size()) return fmt::format("{}={}", feature.column, words[position]);
  return fmt::format("{} unknown {}", feature.column, position - words.size());
}

std::string SlotName(const FittedFeature& feature, int32_t slot) {
  const bool is_time = KindFor(feature.use) == column::Kind::kTime;
  const std::string what = is_time ? fmt::format("{} {}", feature.column, OperationName(feature.use)) : feature.column;
  if (feature.use != Operation::kStandardize && slot == feature.num_slots() - 1) return what + " missing";
  switch (feature.use) {
    case Operation::kStandardize: return feature.column;
    case Operation::kBucketize: return BucketName(feature, slot);
    case Operation::kOneHot: return WordName(feature, slot);
    case Operation::kHour: return fmt::format("{}={}", what, slot);
    case Operation::kWeekday: return fmt::format("{}={}", what, kWeekdayNames[slot]);
    case Operation::kMonth:
    default: return fmt::format("{}={}", what, kMonthNames[slot]);
  }
  return what;
}

}  // namespace

column::Kind KindFor(Operation operation) {
  switch (operation) {
    case Operation::kStandardize:
    case Operation::kBucketize: return column::Kind::kNumber;
    case Operation::kOneHot: return column::Kind::kText;
    case Operation::kHour:
    case Operation::kWeekday:
    case Operation::kMonth:
    default: return column::Kind::kTime;
  }
  return column::Kind::kNumber;
}

std::string DescribeFeature(size_t position, std::string_view use, std::string_view column) {
  return fmt::format("feature {}, {} of column '{}'", position + 1, use, column);
}

int32_t FittedFeature::num_slots() const {
  switch (use) {
    case Operation::kStandardize: return 1;
    case Operation::kBucketize: return static_cast<int32_t>(borders.size()) + 2;
    case Operation::kOneHot: return vocabulary.num_slots() + 1;
    case Operation::kHour: return kHours + 1;
    case Operation::kWeekday: return kWeekdays + 1;
    case Operation::kMonth:
    default: return kMonths + 1;
  }
  return 0;
}

absl::StatusOr<Transform> Transform::Fitted::Assemble(std::vector<FittedFeature> features) {
  if (features.empty() || features.size() > kMaxFeatures) {
    return absl::InvalidArgumentError(
        fmt::format("a model needs 1 to {} declared features, not {}", kMaxFeatures, features.size()));
  }
  auto fitted = std::make_shared<Fitted>();
  for (size_t i = 0; i < features.size(); ++i) {
    FittedFeature& feature = features[i];
    const auto fail = [&](std::string_view what) {
      return absl::InvalidArgumentError(
          fmt::format("{}: {}", DescribeFeature(i, OperationName(feature.use), feature.column), what));
    };
    // Such a name could not be written as JSON and read back.
    if (!IsUtf8(feature.column)) return fail("the column's name is not UTF-8");
    for (const FittedFeature& earlier : fitted->features) {
      if (earlier.column == feature.column && earlier.use == feature.use) return fail("is declared twice");
    }
    const column::Kind kind = KindFor(feature.use);
    const auto input = std::find_if(fitted->inputs.begin(), fitted->inputs.end(),
                                    [&](const InputColumn& known) { return known.name == feature.column; });
    feature.input = static_cast<size_t>(input - fitted->inputs.begin());
    if (input == fitted->inputs.end()) {
      fitted->inputs.push_back({feature.column, kind});
    } else if (input->kind != kind) {
      return fail(fmt::format("takes a {}, and an earlier feature takes the column as a {}", column::KindName(kind),
                              column::KindName(input->kind)));
    }
    feature.first = fitted->num_features;
    fitted->num_features += feature.num_slots();
    fitted->features.push_back(std::move(feature));
  }
  return Transform(std::move(fitted));
}

Transform::Transform(std::shared_ptr<const Fitted> fitted) : fitted_(std::move(fitted)) {}

std::span<const InputColumn> Transform::inputs() const { return fitted_->inputs; }

int32_t Transform::num_features() const { return fitted_->num_features; }

std::string Transform::FeatureName(int32_t feature) const {
  ROOST_CHECK(feature >= 0 && feature < num_features(), "no feature " << feature << " of " << num_features());
  const auto after = std::upper_bound(fitted_->features.begin(), fitted_->features.end(), feature,
                                      [](int32_t index, const FittedFeature& next) { return index < next.first; });
  const FittedFeature& owner = *std::prev(after);
  return SlotName(owner, feature - owner.first);
}

}  // namespace roost::transform
