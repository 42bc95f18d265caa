#pragma once

#include <inference.pb.h>

#include "absl/status/statusor.h"
#include "serving/infer.h"

namespace roost::grpc {

/// The request in `message`: its tensors from raw_input_contents, in the form of the binary tensor extension, or each
/// from the field of `contents` that belongs to its datatype. FP16 and BF16 come raw only, and are read as FP32.
/// InvalidArgument says which input is wrong and how; Unimplemented for shared memory and for the classification
/// extension, which would change what the answer means.
absl::StatusOr<serving::InferRequest> ToInferRequest(const inference::ModelInferRequest& message);

/// Writes `response` with all values in raw_output_contents: tritonclient reads no other fixed-width values.
void WriteInferResponse(serving::InferResponse response, inference::ModelInferResponse& message);

}  // namespace roost::grpc
