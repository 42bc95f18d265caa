#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "net/http_message.h"
#include "rest/row_scorer.h"

namespace roost::rest {

/// A call whose rows come as JSON, in steps, so that they can be scored at once or later by another thread: Parse,
/// Read, then Take for the rows in their order, Finish. What Parse has read must live as long as the rows.
class RowsCall {
 public:
  virtual ~RowsCall() = default;

  /// Reads the body but for its rows. With `own_memory` the call may outlive others of its thread (json_body.h).
  virtual absl::Status Parse(std::string_view body, bool own_memory) = 0;
  /// Hands all rows over.
  virtual absl::Status Read(RowSink& rows) = 0;
  /// Some rows are scored.
  virtual absl::Status Take(const ScoredRows& rows) = 0;
  /// Writes the answer.
  virtual absl::Status Finish(net::HttpResponse& response) = 0;

  virtual Dialect dialect() const = 0;
};

/// All steps on this thread. Work on the request began at `start`.
absl::Status ScoreNow(RowsCall& call, const serving::Servable& servable, std::string_view body,
                      serving::Clock::time_point start, net::HttpResponse& response);

}  // namespace roost::rest
