#pragma once

#include <string>

#include "serving/tensor.h"

namespace roost::rest {

/// Appends the elements as a JSON array. Doubles and floats are written in the shortest form that reads back to the
/// same bits; what JSON has no number for (NaN, infinity) and nulls are written as null.
void AppendJsonData(const serving::Tensor& tensor, std::string& json);

}  // namespace roost::rest
