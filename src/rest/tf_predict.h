#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "net/http_message.h"
#include "rest/rows_call.h"
#include "serving/servable.h"

namespace roost::rest {

/// The three calls of TensorFlow Serving's REST interface that score (g3doc/api_rest.md there). Rows are read as
/// row_reader.h says, with Dialect::kTfServing; NaN, Infinity and -Infinity are taken and given. InvalidArgument says
/// what is wrong; Internal and more as scoring. Work on the request began at `start`.
///
/// Predict: {"instances": [row, ...]} -> {"predictions": [...]}, or {"inputs": {column: [value, ...], ...}} ->
/// {"outputs": ...}. Models of one column may leave out its name. One output comes as bare values, several by name.
absl::Status TfPredict(const serving::Servable& servable, std::string_view body, net::HttpResponse& response,
                       serving::Clock::time_point start = serving::Clock::now());

/// {"examples": [row, ...], "context": row} -> {"results": [[[class, probability], ...], ...]}, for models of classes
/// and of two outcomes, whose classes are "false" and "true".
absl::Status TfClassify(const serving::Servable& servable, std::string_view body, net::HttpResponse& response,
                        serving::Clock::time_point start = serving::Clock::now());

/// The same body -> {"results": [number, ...]}, for models with one output.
absl::Status TfRegress(const serving::Servable& servable, std::string_view body, net::HttpResponse& response,
                       serving::Clock::time_point start = serving::Clock::now());

/// The same in steps; `servable` outlives them.
std::unique_ptr<RowsCall> NewPredictCall(const serving::Servable& servable);
std::unique_ptr<RowsCall> NewClassifyCall(const serving::Servable& servable);
std::unique_ptr<RowsCall> NewRegressCall(const serving::Servable& servable);

}  // namespace roost::rest
