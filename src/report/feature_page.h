#pragma once

#include <string>

#include "evaluate/feature_findings.h"
#include "report/options.h"

namespace roost::report {

/// What each feature of a model is worth and costs, as one HTML document of the kind that ProfileReport makes: the loss
/// without it as a figure and a drawing, what it takes at serving, what it repeats; what can go at once; what was not
/// tried. Lists of more than 1,000 features are cut, and the page says so. The same values give the same bytes.
std::string FeaturePage(const evaluate::FeatureFindings& findings, const ReportOptions& options);

}  // namespace roost::report
