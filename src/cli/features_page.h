#pragma once

#include <string>

#include "api/feature_report.h"

namespace roost::cli {

/// The page of `roost features report --html`.
std::string FeaturesPage(const api::FeatureReport& report);

}  // namespace roost::cli
