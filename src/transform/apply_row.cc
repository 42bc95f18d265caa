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

column::Value ValueOf(const expr::Values& values) {
  if (values.is_null.front() != 0) return std::monostate();
  switch (values.kind) {
    case expr::Kind::kNumber: return values.numbers.front();
    case expr::Kind::kText: return values.texts.front();
    case expr::Kind::kTime: return values.times.front();
    case expr::Kind::kBoolean: return values.booleans.front() > 0 ? 1.0 : 0.0;
  }
  return std::monostate();
}

}  // namespace

RowValues SourceValues(const Transform::Fitted& fitted, RowValues row, RowScratch& scratch) {
  if (fitted.derived.empty()) return row;
  scratch.values.assign(row.begin(), row.end());
  // Texts among the values point into these.
  scratch.derived.resize(fitted.derived.size());
  for (size_t i = 0; i < fitted.derived.size(); ++i) {
    auto values = fitted.derived[i].expression->EvaluateRow(scratch.values);
    ROOST_CHECK(values.ok(), "derived column '" << fitted.derived[i].declared.name << "': " << values.status());
    scratch.derived[i] = *std::move(values);
    scratch.values.push_back(ValueOf(scratch.derived[i]));
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
