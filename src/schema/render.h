#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "schema/validate.h"

namespace roost::schema {

/// The report for a terminal: for each anomaly its severity, column, message, rows and proposed edit as lines that
/// begin with - and +; the last line counts: "2 errors, 3 warnings". Those that a person decided on are one line each.
/// Every line ends with a line feed; what a terminal would obey is escaped (Printable).
std::string ToText(const Report& report);

/// The lines of an edit, each behind four spaces and its sign, however many there are.
std::string EditText(const Edit& edit);

/// The same for programs: {"rows", "errors", "warnings", "anomalies": [{"severity", "column", "rule", "message",
/// "observed", "bound", "samples": [{"value", "count"}], "rows", "edit": {"removed", "added"}, "detail", "broken",
/// "broken_is_exact", "tfx", "decided"}], "decided", "distances": [{"column", "against", "measure", "observed", "max",
/// "p_value", "broken"}]}. `detail`, `broken` with `broken_is_exact`, `tfx` and `decided` are there where there are
/// such, `distances` where distances were measured.
Json ToJson(const Report& report);

/// The report as a test suite in the XML that CI servers read (JUnit's format): a case for each anomaly, errors as
/// failures, warnings and what was decided on as passed cases with their text; without anomalies one passed case.
/// `source` names what was checked. Characters that XML cannot hold are replaced.
std::string ToJUnit(const Report& report, std::string_view source);

/// The report as commands of GitHub's workflows, one a line: "::error title=delay: type::text where ...", "::warning
/// ...", and "::notice ..." for what was decided on. What a terminal would obey is escaped.
std::string ToGitHub(const Report& report, std::string_view source);

}  // namespace roost::schema
