#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "serving/infer.h"

namespace roost::rest {

/// What an infer call says about one output that it asks for.
struct RequestedOutput {
  std::optional<bool> binary;             ///< the parameter binary_data
  std::optional<int64_t> classification;  ///< the parameter classification: so many of the greatest values
};

/// The body of an infer call and what it says about the form of the answer.
struct DecodedRequest {
  serving::InferRequest request;         ///< without model name and version, which are in the path
  bool binary_outputs = false;           ///< the parameter binary_data_output
  std::vector<RequestedOutput> outputs;  ///< of each of request.outputs
};

/// Reads the body of an infer call: JSON, of which `header_length` bytes where the header field
/// Inference-Header-Content-Length is there; the binary data of the inputs follow in their order.
/// Unknown members and parameters are ignored, as the protocol allows. `data` may be nested or flat, and has null for
/// missing values. FP16 and BF16 come as binary data only, and are read as FP32. InvalidArgument says which input is
/// wrong and how.
absl::StatusOr<DecodedRequest> DecodeRequest(std::string_view body, std::optional<size_t> header_length);

/// Reads a raw binary request, whose header length is 0: `body` is the data of the only input of `servable`, in the
/// datatype of its metadata; of BYTES it is one text, without a length before it. All outputs are binary.
/// InvalidArgument where the model has several inputs or the bytes are no whole number of values.
absl::StatusOr<DecodedRequest> DecodeRawRequest(std::string_view body, const serving::Servable& servable);

}  // namespace roost::rest
