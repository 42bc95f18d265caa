#include "api/leakage.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/status.h"
#include "column/builder.h"
#include "profile/association.h"

namespace roost::api {
namespace {

// No column of a dataset is called so: the label stands beside the columns under this name.
constexpr char kLabel[] = "\x1flabel";

// The labels of some rows as a column: texts for classes, so that each is a class however many there are.
column::OwnedBatch LabelColumn(const LabelledData& data, int64_t first, int64_t rows) {
  const LabelledRows& labelled = data[Part::kTrain];
  const auto targets = std::span(labelled.targets).subspan(static_cast<size_t>(first), static_cast<size_t>(rows));
  column::BatchBuilder builder;
  if (data.task == predict::Task::kClasses) {
    std::vector<std::optional<std::string>> texts;
    for (const double target : targets) texts.emplace_back(data.classes[static_cast<size_t>(target)]);
    return builder.Texts(kLabel, std::move(texts)).Build();
  }
  if (data.task == predict::Task::kBinary) {
    std::vector<std::optional<std::string>> texts;
    for (const double target : targets) texts.emplace_back(target == 1 ? "true" : "false");
    return builder.Texts(kLabel, std::move(texts)).Build();
  }
  std::vector<std::optional<double>> numbers(targets.begin(), targets.end());
  return builder.Numbers(kLabel, std::move(numbers)).Build();
}

}  // namespace

absl::StatusOr<std::vector<Leak>> FindLeaks(const LabelledData& data, const std::vector<std::string>& columns,
                                            const profile::Profile& profile, const Context& context) {
  std::vector<column::OwnedBatch> labels;
  std::vector<column::BatchView> batches;
  profile::Profile of_labels({.has_row_sample = false});
  int64_t first = 0;
  for (const column::OwnedBatch& batch : data[Part::kTrain].batches) {
    labels.push_back(LabelColumn(data, first, batch.view().num_rows()));
    first += batch.view().num_rows();
    TRY(of_labels.Add(labels.back().view()));
    std::vector<column::ColumnView> views(batch.view().columns().begin(), batch.view().columns().end());
    views.push_back(labels.back().view().columns().front());
    batches.emplace_back(batch.view().num_rows(), std::move(views));
  }
  profile::ProfileSummary summary = profile.Summarize();
  profile::ProfileSummary label_summary = of_labels.Summarize();
  summary.columns.push_back(std::move(label_summary.columns.front()));
  std::vector<std::string> readable;
  for (const std::string& name : columns) {
    const profile::ColumnSummary* column = summary.Find(name);
    if (column != nullptr && (column->number.has_value() || column->text.has_value())) {
      readable.push_back(name);
    }
  }
  if (readable.empty()) return std::vector<Leak>();
  TRY_ASSIGN(profile::AssociationPlan plan,
             profile::AssociationPlan::Make(summary, {.label = kLabel, .features = std::move(readable)}));
  TRY_ASSIGN(
      const profile::AssociationState state,
      profile::AssociateBatches(batches, std::make_shared<const profile::AssociationPlan>(std::move(plan)), context));
  std::vector<Leak> leaks;
  for (const profile::LabelAssociation& feature : state.Summarize().features) {
    if (feature.leakage) leaks.push_back({feature.column, feature.power.value_or(0)});
  }
  std::stable_sort(leaks.begin(), leaks.end(), [](const Leak& a, const Leak& b) { return a.power > b.power; });
  return leaks;
}

}  // namespace roost::api
