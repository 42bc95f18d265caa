#include "cli/features_page.h"

#include <fmt/format.h>

#include "base/format.h"
#include "report/feature_page.h"

namespace roost::cli {

std::string FeaturesPage(const api::FeatureReport& report) {
  return report::FeaturePage(report.findings, {.name = report.version.ToString(),
                                               .subtitle = fmt::format("{} rows of {} {}", FormatCount(report.num_rows),
                                                                       report.dataset, report.rows)});
}

}  // namespace roost::cli
