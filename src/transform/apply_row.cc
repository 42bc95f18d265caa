#include <utility>

#include "base/check.h"
#include "transform/row_entries.h"

namespace roost::transform {
namespace {

// The entries of one feature go to the row's.
struct RowSink {
  FeatureVector* features;
  int32_t first;

  void Add(int32_t slot, double value) { features->Add(first + slot, value); }
};

}  // namespace

RowValues SourceValues(const Transform::Fitted& fitted, RowValues row, RowScratch& scratch) {
  if (fitted.derived.empty()) return row;
  scratch.values.assign(row.begin(), row.end());
  scratch.derived.StartRow();
  for (const FittedDerived& derived : fitted.derived) {
    column::Value value;
    const absl::Status status = derived.expression->EvaluateRow(scratch.values, scratch.derived, value);
    ROOST_CHECK(status.ok(), "derived column '" << derived.declared.name << "': " << status);
    scratch.values.push_back(value);
  }
  return scratch.values;
}

void Transform::ApplyRow(std::span<const column::Value> row, FeatureVector& features) const {
  const Fitted& fitted = *fitted_;
  ROOST_CHECK(row.size() == fitted.inputs.size(), "got " << row.size() << " values, want " << inputs().size());
  for (size_t i = 0; i < row.size(); ++i) {
    ROOST_CHECK(HasKind(row[i], fitted.inputs[i].kind),
                "the value of '" << fitted.inputs[i].name << "' has another kind");
  }
  features.Clear();
  const RowValues values = SourceValues(fitted, row, features.scratch);
  for (const FittedFeature& feature : fitted.features) {
    RowSink sink{&features, feature.first};
    AddEntries(feature, values, features.scratch.entries, sink);
  }
}

}  // namespace roost::transform
