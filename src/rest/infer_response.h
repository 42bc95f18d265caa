#pragma once

#include "net/http_message.h"
#include "rest/infer_request.h"
#include "serving/infer.h"

namespace roost::rest {

/// Writes the answer to an infer call in the form that `decoded` asks for: JSON, or JSON with the binary data of the
/// outputs after it (Inference-Header-Content-Length says where they begin).
void EncodeResponse(const serving::InferResponse& answer, const DecodedRequest& decoded, net::HttpResponse& response);

}  // namespace roost::rest
