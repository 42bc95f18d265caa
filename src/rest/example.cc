#include "rest/example.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "predict/example_row.h"

namespace roost::rest {
namespace {

std::string PercentEncoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      encoded.push_back(c);
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

/// In single quotes; a quote within is closed, escaped and opened again.
std::string ShellQuoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

}  // namespace

Json ScoreExample(const serving::Servable& servable) { return predict::ExampleRow(servable.model()); }

Json RowsExample(const serving::Servable& servable) {
  return {{"rows", Json::array({ScoreExample(servable)})}, {"explain", true}};
}

Json InferExample(const serving::Servable& servable) {
  const Json row = ScoreExample(servable);
  Json inputs = Json::array();
  for (const serving::TensorSpec& spec : servable.inputs()) {
    Json value = row.at(spec.name);
    // A time in a tensor may be a text; a list is the text of its JSON.
    const bool is_text = value.is_string() || value.is_array();
    if (value.is_array()) value = ToLine(value);
    const auto datatype = is_text ? serving::Datatype::kBytes : spec.datatype;
    inputs.push_back({{"name", spec.name},
                      {"shape", Json::array({1})},
                      {"datatype", std::string(serving::DatatypeName(datatype))},
                      {"data", Json::array({std::move(value)})}});
  }
  return {{"inputs", std::move(inputs)}};
}

Json PredictExample(const serving::Servable& servable) {
  return {{"instances", Json::array({ScoreExample(servable)})}};
}

Json ExamplesExample(const serving::Servable& servable) {
  return {{"examples", Json::array({ScoreExample(servable)})}};
}

Endpoint EndpointOf(const net::HttpRequest& request) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view authorization = request.Header("authorization").value_or("");
  return {
      fmt::format("{}://{}", request.tls ? "https" : "http", request.host.empty() ? "localhost:8080" : request.host),
      net::EqualIgnoringCase(authorization.substr(0, kScheme.size()), kScheme)};
}

std::string CurlCommand(const Endpoint& endpoint, std::string_view path, const Json& body) {
  const std::string_view token = endpoint.with_token ? " -H \"Authorization: Bearer $ROOST_TOKEN\"" : "";
  return fmt::format("curl -s{} {}{} -d {}", token, endpoint.origin, path, ShellQuoted(ToLine(body)));
}

std::string V1Path(std::string_view model, std::string_view verb) {
  return fmt::format("/v1/models/{}:{}", PercentEncoded(model), verb);
}

std::string InferPath(std::string_view model) { return fmt::format("/v2/models/{}/infer", PercentEncoded(model)); }

std::string CallExample(const serving::Servable& servable, std::string_view verb, const Endpoint& endpoint) {
  if (verb == "infer") return CurlCommand(endpoint, InferPath(servable.name()), InferExample(servable));
  const Json body = verb == "score"     ? ScoreExample(servable)
                    : verb == "predict" ? PredictExample(servable)
                                        : ExamplesExample(servable);
  return CurlCommand(endpoint, V1Path(servable.name(), verb), body);
}

}  // namespace roost::rest
