#pragma once

#include <string>

#include "base/json.h"
#include "schema/validate.h"

namespace roost::schema {

/// The report for a terminal: for each anomaly its severity, column, message, rows and proposed edit as lines that
/// begin with - and +; the last line counts: "2 errors, 3 warnings". Every line ends with a line feed.
std::string ToText(const Report& report);

/// The same for programs: {"rows", "errors", "warnings", "anomalies": [{"severity", "column", "rule", "message",
/// "observed", "bound", "samples": [{"value", "count"}], "rows", "edit": {"removed", "added"}}]}.
Json ToJson(const Report& report);

}  // namespace roost::schema
