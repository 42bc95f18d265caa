#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/later_reply.h"
#include "rest/compression.h"
#include "rest/example.h"
#include "rest/rows_call.h"
#include "serving/served.h"
#include "serving/tensor_job.h"

namespace roost::rest {

/// The answer to a request that a worker scores: what it takes from the request, and the way back.
/// Threads: made on the thread of the request, then used on one at a time.
class LaterAnswer {
 public:
  /// While the handler of `request` runs. `so_far` has the fields that the answer is to have, and its notes. `verb`:
  /// CallExample.
  LaterAnswer(const net::HttpRequest& request, const net::HttpResponse& so_far, std::string verb);

  bool cancelled() const { return reply_.cancelled(); }
  net::HttpResponse& response() { return response_; }
  /// Sends the response, or what `status` says.
  void Send(const absl::Status& status, const serving::Servable& servable);

 private:
  Coding coding_;
  Endpoint endpoint_;
  std::string verb_;
  net::HttpResponse response_;
  net::LaterReply reply_;
};

/// Lets the workers score the rows of `call`, which came in `request`, and answers later. An error is to be answered
/// now. Notes the number of rows in `response`, whose other notes are there.
absl::Status ScoreLater(const serving::Served& served, std::shared_ptr<const serving::Servable> servable,
                        std::unique_ptr<RowsCall> call, std::string verb, const net::HttpRequest& request,
                        net::HttpResponse& response);

}  // namespace roost::rest
