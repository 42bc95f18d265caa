#include "rest/infer_response.h"

#include <fmt/format.h>

#include "rest/json_text.h"
#include "rest/tensor_codec.h"
#include "serving/binary_tensor.h"

namespace roost::rest {
namespace {

bool IsBinary(const DecodedRequest& decoded, const std::string& output) {
  for (size_t i = 0; i < decoded.request.outputs.size(); ++i) {
    if (decoded.request.outputs[i] == output) return decoded.outputs[i].binary.value_or(decoded.binary_outputs);
  }
  return decoded.binary_outputs;
}

void AppendMember(std::string_view name, std::string_view value, std::string& json) {
  json.append("\"").append(name).append("\":");
  AppendJsonString(value, json);
  json.push_back(',');
}

/// Writes one output into `json`, and its values there or into `binary`.
void AppendOutput(const serving::Tensor& output, bool is_binary, std::string& json, std::string& binary) {
  json.push_back('{');
  AppendMember("name", output.name, json);
  AppendMember("datatype", serving::DatatypeName(output.datatype), json);
  json.append("\"shape\":").append(serving::ShapeText(output.shape));
  if (is_binary) {
    const size_t before = binary.size();
    serving::AppendBinary(output, binary);
    json.append(fmt::format(",\"parameters\":{{\"binary_data_size\":{}}}", binary.size() - before));
  } else {
    json.append(",\"data\":");
    AppendJsonData(output, json);
  }
  json.push_back('}');
}

}  // namespace

void EncodeResponse(const serving::InferResponse& answer, const DecodedRequest& decoded, net::HttpResponse& response) {
  std::string json = "{";
  std::string binary;
  bool any_binary = false;
  AppendMember("model_name", answer.model_name, json);
  AppendMember("model_version", fmt::format("{}", answer.model_version), json);
  if (!answer.id.empty()) AppendMember("id", answer.id, json);
  json.append("\"outputs\":[");
  for (const serving::Tensor& output : answer.outputs) {
    if (&output != &answer.outputs.front()) json.push_back(',');
    const bool is_binary = IsBinary(decoded, output.name);
    any_binary |= is_binary;
    AppendOutput(output, is_binary, json, binary);
  }
  json.append("]}");
  if (any_binary) {
    response.content_type = "application/octet-stream";
    response.AddHeader("Inference-Header-Content-Length", fmt::format("{}", json.size()));
  }
  response.body = std::move(json);
  response.body.append(binary);
}

}  // namespace roost::rest
