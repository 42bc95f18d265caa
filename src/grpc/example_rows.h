#pragma once

#include <vector>

#include <tensorflow_serving.pb.h>

#include "absl/status/statusor.h"
#include "serving/servable.h"

namespace roost::grpc {

/// The rows of `input`, tf.Examples, as one tensor for each input of `servable`, in its order.
///
/// A feature of one value is that value: a number from a float_list or an int64_list, a text from a bytes_list, a time
/// from an int64_list (microseconds since 1970) or a bytes_list (ISO 8601); no feature, or one without values, is a
/// missing value. Lists come as their JSON text in a bytes_list. Features of the context are those of every example
/// that has none of that name. InvalidArgument for a feature that the model does not have, one of another kind or of
/// several values, and where there are no examples or more than serving::kMaxRows.
absl::StatusOr<std::vector<serving::Tensor>> ExampleTensors(const serving::Servable& servable,
                                                            const tensorflow::serving::Input& input);

}  // namespace roost::grpc
