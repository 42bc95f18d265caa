#include "api/signature.h"

#include <set>

#include <fmt/format.h>

#include "base/status.h"

namespace roost::api {
namespace {

// "number distance" for each member of a list. InvalidArgument for anything else.
absl::StatusOr<std::set<std::string>> PortsOf(const Json& signature, const char* list, const std::string& what) {
  const absl::Status bad =
      WithHint(absl::InvalidArgumentError(fmt::format("{}: '{}' is no list of names and kinds", what, list)),
               R"(Write {"inputs": [{"name": "distance", "kind": "number"}, {"name": "origin", "kind": "text"}]}.)");
  const auto found = signature.is_object() ? signature.find(list) : signature.end();
  if (found == signature.end() || !found->is_array()) return bad;
  std::set<std::string> ports;
  for (const Json& port : *found) {
    if (!port.is_object()) return bad;
    const Json name = port.value("name", Json());
    const Json kind = port.value("kind", Json());
    if (!name.is_string() || !kind.is_string()) return bad;
    const bool is_new = ports.insert(fmt::format("{} {}", kind.get<std::string>(), name.get<std::string>())).second;
    if (!is_new) {
      return absl::InvalidArgumentError(fmt::format("{}: '{}' is named twice", what, name.get<std::string>()));
    }
  }
  return ports;
}

absl::Status Compare(const Json& declared, const Json& actual, const char* list, const std::string& what) {
  TRY_ASSIGN(const std::set<std::string> wanted, PortsOf(declared, list, what));
  TRY_ASSIGN(const std::set<std::string> present, PortsOf(actual, list, "the model"));
  for (const std::string& port : wanted) {
    if (present.contains(port)) continue;
    return WithHint(absl::InvalidArgumentError(
                        fmt::format("{} lists '{}' among its {}, and the model has none such", what, port, list)),
                    fmt::format("Its {} are: {}.", list, fmt::join(present, ", ")));
  }
  for (const std::string& port : present) {
    if (wanted.contains(port)) continue;
    return absl::InvalidArgumentError(
        fmt::format("the model has '{}' among its {}, which {} does not list", port, list, what));
  }
  return absl::OkStatus();
}

}  // namespace

Json SignatureOf(const predict::ScoringModel& model) {
  Json inputs = Json::array();
  for (const transform::InputColumn& input : model.inputs()) {
    inputs.push_back(Json{{"name", input.name}, {"kind", column::KindName(input.kind)}});
  }
  Json outputs = Json::array();
  for (const std::string& name : model.OutputNames()) outputs.push_back(Json{{"name", name}, {"kind", "number"}});
  return Json{{"inputs", std::move(inputs)}, {"outputs", std::move(outputs)}};
}

absl::Status CheckSignature(const Json& declared, const predict::ScoringModel& model, const std::string& what) {
  const Json actual = SignatureOf(model);
  TRY(Compare(declared, actual, "inputs", what));
  return declared.contains("outputs") ? Compare(declared, actual, "outputs", what) : absl::OkStatus();
}

}  // namespace roost::api
