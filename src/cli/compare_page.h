#pragma once

#include <string>

#include "api/measure.h"

namespace roost::cli {

/// What was measured, as an HTML page (report/evaluation_report.h).
std::string ComparePage(const api::Measured& measured);

}  // namespace roost::cli
