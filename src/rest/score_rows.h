#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "net/http_message.h"
#include "rest/rows_call.h"
#include "serving/servable.h"

namespace roost::rest {

/// More rows than that are not explained in one request.
inline constexpr int64_t kMaxExplainedRows = 100;

/// Roost's own form of scoring: rows as plain JSON objects, {"distance": 366, "origin": "SFO", ...} (row_reader.h).
///
/// `body` is one row, or {"rows": [row, ...], "explain": false, "threshold": 0.5}; a member `rows` always means the
/// second form. The answer to the first is
///
///   {"probability":0.2,"decision":false,"threshold":0.5,"model":"late-flights","version":1,"request_id":"..."}
///
/// and to the second {"rows":[{"probability":0.2,"decision":false}, ...],"threshold":...}, in the order of the rows. In
/// place of probability and decision (probability >= threshold) models of several classes have
/// "class":"late","probabilities":{"early":0.1,"late":0.9}, all others their one output by its name. With `explain`
/// each row has "explanation" too (predict::ToJson).
///
/// The request's id is that of response.notes, where the number of rows is noted. Work on the request began at `start`.
/// InvalidArgument names the row, its key and what was expected; also for more rows than kMaxRows, more outputs than
/// kMaxOutputs, and more rows to explain than kMaxExplainedRows. Internal where a score is no number.
absl::Status ScoreJsonRows(const serving::Servable& servable, std::string_view body, net::HttpResponse& response,
                           serving::Clock::time_point start = serving::Clock::now());

/// The same in steps; `servable` outlives it.
std::unique_ptr<RowsCall> NewScoreCall(const serving::Servable& servable);

}  // namespace roost::rest
