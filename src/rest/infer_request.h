#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "serving/infer.h"

namespace roost::rest {

/// The body of an infer call and what it says about the form of the answer.
struct DecodedRequest {
  serving::InferRequest request;                   ///< without model name and version, which are in the path
  bool binary_outputs = false;                     ///< the parameter binary_data_output
  std::vector<std::optional<bool>> binary_output;  ///< the parameter binary_data of each of request.outputs
};

/// Reads the body of an infer call: JSON, of which `header_length` bytes where the header field
/// Inference-Header-Content-Length is there; the binary data of the inputs follow in their order.
/// Unknown members and parameters are ignored, as the protocol allows. `data` may be nested or flat, and has null for
/// missing values. InvalidArgument says which input is wrong and how.
absl::StatusOr<DecodedRequest> DecodeRequest(std::string_view body, std::optional<size_t> header_length);

}  // namespace roost::rest
