// Bodies of an infer call of the Open Inference Protocol v2: the first byte says whether a header length comes with
// them (its next two bytes), the rest is the body. No body crashes it; it is refused with a reason, or its inputs are
// the same when they come as binary data, and the answer is JSON with the binary data that it speaks of.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/json.h"
#include "base/number_text.h"
#include "rest/infer_request.h"
#include "rest/infer_response.h"
#include "serving/binary_tensor.h"
#include "serving/servable.h"
#include "serving/test_model.h"

namespace roost::rest {
namespace {

constexpr uint8_t kHasLength = 1, kRaw = 2;

bool AreSame(const serving::Tensor& a, const serving::Tensor& b) {
  return a.name == b.name && a.datatype == b.datatype && a.shape == b.shape && a.bytes == b.bytes && a.texts == b.texts;
}

/// Reads the inputs of `request` again, from binary data.
void CheckBinaryForm(const serving::InferRequest& request) {
  Json header{{"inputs", Json::array()}};
  std::string data;
  for (const serving::Tensor& tensor : request.inputs) {
    // Binary data cannot say nulls; another number of values than the shape's is refused later, by Infer.
    if (!tensor.nulls.empty() || !serving::CheckTensor(tensor).ok()) return;
    const size_t before = data.size();
    serving::AppendBinary(tensor, data);
    header["inputs"].push_back({{"name", tensor.name},
                                {"shape", tensor.shape},
                                {"datatype", std::string(serving::DatatypeName(tensor.datatype))},
                                {"parameters", {{"binary_data_size", data.size() - before}}}});
  }
  const std::string json = ToLine(header);
  const auto again = DecodeRequest(json + data, json.size());
  ROOST_CHECK(again.ok(), again.status() << '\n' << json);
  ROOST_CHECK(again->request.inputs.size() == request.inputs.size(), "inputs were lost");
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    ROOST_CHECK(AreSame(request.inputs[i], again->request.inputs[i]), "another tensor as binary data\n" << json);
  }
}

void CheckAnswer(const net::HttpResponse& response) {
  std::string_view json = response.body;
  size_t binary = 0;
  for (const auto& [name, value] : response.headers) {
    if (name != "Inference-Header-Content-Length") continue;
    const auto length = IntegerIn(value);
    ROOST_CHECK(length.has_value() && static_cast<size_t>(*length) <= json.size(), "a wrong header length");
    binary = json.size() - static_cast<size_t>(*length);
    json = json.substr(0, static_cast<size_t>(*length));
  }
  const auto answer = ParseJson(json, "answer");
  ROOST_CHECK(answer.ok(), answer.status() << '\n' << json);
  for (const Json& output : (*answer)["outputs"]) {
    if (output.contains("parameters")) binary -= output["parameters"]["binary_data_size"].get<size_t>();
  }
  ROOST_CHECK(binary == 0, "the answer has another length than it says");
}

void Check(const serving::Servable& servable, const absl::StatusOr<DecodedRequest>& decoded) {
  if (!decoded.ok()) {
    ROOST_CHECK(absl::IsInvalidArgument(decoded.status()) && !decoded.status().message().empty(), decoded.status());
    return;
  }
  const auto answer = serving::Infer(servable, decoded->request, serving::Clock::now());
  if (!answer.ok()) {
    ROOST_CHECK(!answer.status().message().empty(), answer.status());
    return;
  }
  net::HttpResponse response;
  EncodeResponse(*answer, *decoded, response);
  CheckAnswer(response);
}

}  // namespace
}  // namespace roost::rest

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace roost::rest;
  using roost::serving::Servable;
  static const auto delay = *Servable::Parse("delay", 1, roost::serving::TestModelJson());
  static const auto classes = *Servable::Parse("class", 1, roost::serving::TestClassesJson());
  if (size < 3) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 3, size - 3);
  if ((data[0] & kRaw) != 0) {
    Check(*delay, DecodeRawRequest(body, *delay));
    Check(*classes, DecodeRawRequest(body, *classes));
    return 0;
  }
  std::optional<size_t> length;
  if ((data[0] & kHasLength) != 0) length = data[1] + 256U * data[2];
  const auto decoded = DecodeRequest(body, length);
  if (decoded.ok()) CheckBinaryForm(decoded->request);
  Check(*delay, decoded);
  Check(*classes, decoded);
  return 0;
}
