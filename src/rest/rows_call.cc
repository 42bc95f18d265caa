#include "rest/rows_call.h"

#include "base/status.h"

namespace roost::rest {

absl::Status ScoreNow(RowsCall& call, const serving::Servable& servable, std::string_view body,
                      serving::Clock::time_point start, net::HttpResponse& response) {
  TRY(call.Parse(body, /*own_memory=*/false));
  const auto take = [&call](const ScoredRows& rows) { return call.Take(rows); };
  RowScorer scorer(servable, call.dialect(), start, take);
  TRY(call.Read(scorer));
  TRY(scorer.Finish());
  response.notes.rows = scorer.num_rows();
  return call.Finish(response);
}

}  // namespace roost::rest
