#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/format.h"
#include "base/status.h"
#include "transform/declare.h"
#include "transform/learn.h"

namespace roost::transform {
namespace {

using profile::ColumnSummary;
using profile::ProfileSummary;

absl::StatusOr<SourceType> TypeOf(const ColumnSummary& column) {
  const bool is_list = column.list.has_value() && column.children.size() == 1;
  auto kind = is_list ? column::ListKindOf(column.children.front().type) : column::KindOf(column.type);
  if (kind.ok()) return SourceType{*kind, column.type == column::Type::kBool};
  return WithHint(
      absl::InvalidArgumentError(fmt::format("the column '{}' holds {}", column.name, column.type_text)),
      "no feature can be made from this type; leave the column out, or make another one of it with an expression");
}

absl::StatusOr<SourceType> FindIn(const ProfileSummary& summary, const std::string& name) {
  const auto column = std::find_if(summary.columns.begin(), summary.columns.end(),
                                   [&name](const ColumnSummary& one) { return one.name == name; });
  if (column != summary.columns.end()) return TypeOf(*column);
  std::vector<std::string> names;
  for (const ColumnSummary& one : summary.columns) names.push_back(one.name);
  const std::string_view closest = ClosestName(name, names);
  return WithHint(
      absl::NotFoundError(fmt::format("the data has no column '{}'; its columns are {}", name, fmt::join(names, ", "))),
      closest.empty() ? "name a column of the training data" : fmt::format("did you mean '{}'?", closest));
}

absl::Status DeclareAll(const TransformSpec& spec, Transform::Fitted& fitted) {
  for (size_t i = 0; i < spec.features.size(); ++i) {
    const FeatureSpec& declared = spec.features[i];
    auto feature = Declare(declared);
    if (!feature.ok()) {
      const std::string_view use = declared.use.has_value() ? OperationName(*declared.use) : "a feature";
      return Annotate(feature.status(), DescribeFeature(i, use, LabelOf(declared)));
    }
    fitted.features.push_back(*std::move(feature));
  }
  return absl::OkStatus();
}

// The profile of the feature's only column; null where it is derived or where there are more.
const ColumnSummary* SummaryOf(const FittedFeature& feature, const Transform::Fitted& fitted,
                               const ProfileSummary& summary) {
  const bool is_input = feature.sources.size() == 1 && feature.sources.front() < fitted.inputs.size();
  return is_input ? summary.Find(feature.columns.front()) : nullptr;
}

absl::StatusOr<std::vector<FeatureStatistics>> Count(const Transform::Fitted& fitted,
                                                     std::span<const StatisticsWanted> wanted, const FitData& data,
                                                     const Context& context) {
  const auto first = std::find_if(wanted.begin(), wanted.end(), [](const StatisticsWanted& one) { return one.any(); });
  if (first == wanted.end()) return std::vector<FeatureStatistics>(wanted.size());
  if (data.batches.empty()) {
    const auto position = static_cast<size_t>(first - wanted.begin());
    const FittedFeature& feature = fitted.features[position];
    return absl::InvalidArgumentError(
        fmt::format("{}: it is learned from the rows themselves, and there are none",
                    DescribeFeature(position, OperationName(feature.use), feature.Label())));
  }
  return CountOver(data.batches, fitted, wanted, context);
}

}  // namespace

absl::StatusOr<Transform> Transform::Fit(const TransformSpec& spec, const FitData& data, const Context& context) {
  auto fitted = std::make_shared<Fitted>();
  TRY(DeclareAll(spec, *fitted));
  TRY(fitted->Link(spec.derived, [&data](const std::string& name) { return FindIn(data.summary, name); }));
  std::vector<StatisticsWanted> wanted;
  for (size_t i = 0; i < fitted->features.size(); ++i) {
    const FittedFeature& feature = fitted->features[i];
    wanted.push_back(WantedOf(feature, spec.features[i], SummaryOf(feature, *fitted, data.summary)));
  }
  TRY_ASSIGN(std::vector<FeatureStatistics> statistics, Count(*fitted, wanted, data, context));
  for (size_t i = 0; i < fitted->features.size(); ++i) {
    FittedFeature& feature = fitted->features[i];
    const ColumnSummary* column = SummaryOf(feature, *fitted, data.summary);
    if (auto status = Learn(spec.features[i], column, statistics[i], feature); !status.ok()) {
      return Annotate(status, DescribeFeature(i, OperationName(feature.use), LabelOf(spec.features[i])));
    }
    statistics[i] = {};
  }
  TRY(fitted->Number());
  return Transform(std::move(fitted));
}

}  // namespace roost::transform
