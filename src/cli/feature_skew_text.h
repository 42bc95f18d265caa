#pragma once

#include <string>

#include "base/json.h"
#include "schema/feature_skew.h"

namespace roost::cli {

/// What a comparison of rows by their keys found, for a terminal: a line for each column that differs, then pairs of
/// values and rows.
std::string FeatureSkewText(const schema::FeatureSkew& skew);

/// The same for programs.
Json FeatureSkewJson(const schema::FeatureSkew& skew);

}  // namespace roost::cli
