#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "schema/anomaly.h"

namespace roost::schema {

/// One of the anomaly types of TensorFlow Data Validation (TFDV), and what finds it here.
struct TfxName {
  std::string_view name;  ///< of AnomalyInfo.Type in anomalies.proto
  Rule rule;              ///< ours
  bool detected;          ///< whether TFDV itself detects it; else it only documents it
  std::string_view when;  ///< what tells it apart, for people (Markdown)
};

/// All 87, in the order of docs/validate.md, whose table is tested against this. Where several names have one rule, an
/// anomaly's `tfx` says which one it was.
std::span<const TfxName> TfxNames();

/// The names that `rule` may have; none for rules that TFDV has not.
std::vector<std::string_view> TfxNames(Rule rule);

/// What TFDV calls it where a column of these rules holds `seen`: one of its types for that.
/// `unreadable`: whether texts were found that do not read as the numbers that are wanted.
std::string_view TfxTypeName(const ColumnRules& rules, Type seen, bool unreadable);

}  // namespace roost::schema
