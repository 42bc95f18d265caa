#include "mlflow/export_run.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "api/configuration.h"
#include "api/timing.h"
#include "base/json.h"
#include "base/json_members.h"
#include "base/status.h"
#include "mlflow/mlmodel.h"
#include "net/http_client.h"

namespace roost::mlflow {
namespace {

constexpr size_t kMaxParameterBytes = 6'000;  // of a value; MLflow refuses longer ones
constexpr size_t kBatch = 100;                // parameters, or tags, of one call
constexpr absl::Duration kUploadTime = absl::Minutes(10);

using Texts = std::map<std::string, std::string>;

// What a path of a URL may not hold is percent-encoded; slashes stay.
std::string Encoded(std::string_view path) {
  std::string encoded;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || std::string_view("-._~/").find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", byte);
    }
  }
  return encoded;
}

// The error of an answer.
absl::Status Refused(const net::IncomingResponse& answer, const std::string& url) {
  const absl::StatusOr<Json> json = ParseJson(answer.body, "the answer");
  const std::string code = json.ok() ? TextMember(*json, "error_code") : "";
  std::string message = fmt::format("{} answers {}", net::ShownUrl(url), answer.status);
  if (!code.empty()) message += fmt::format(" {}: {}", code, TextMember(*json, "message"));
  if (answer.status == 401) {
    return WithHint(absl::UnauthenticatedError(message),
                    "set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD");
  }
  if (answer.status == 403) return absl::PermissionDeniedError(message);
  if (code == "RESOURCE_DOES_NOT_EXIST") return absl::NotFoundError(message);
  if (answer.status == 429 || answer.status >= 500) return absl::UnavailableError(message);
  return WithHint(absl::FailedPreconditionError(message), "is it the address of an MLflow tracking server?");
}

/// A tracking server.
class Tracking {
 public:
  Tracking(net::HttpClient client, const ExportRunRequest& request, const Context& context)
      : client_(std::move(client)), url_(request.url), authorization_(request.authorization), context_(context) {
    while (url_.ends_with('/')) url_.pop_back();
  }

  const std::string& url() const { return url_; }

  absl::StatusOr<Json> Get(const std::string& path_and_query) {
    return Send("GET", "/api/2.0/mlflow/" + path_and_query, "", "application/json", absl::Seconds(30));
  }
  absl::StatusOr<Json> Post(const std::string& path, const Json& body) {
    return Send("POST", "/api/2.0/mlflow/" + path, ToLine(body), "application/json", absl::Seconds(30));
  }
  absl::Status Put(const std::string& artifact, const std::string& bytes) {
    return Send("PUT", "/api/2.0/mlflow-artifacts/artifacts/" + Encoded(artifact), bytes, "application/octet-stream",
                kUploadTime)
        .status();
  }

 private:
  absl::StatusOr<Json> Send(const char* method, const std::string& path, std::string body, const char* type,
                            absl::Duration timeout) {
    net::OutgoingRequest request{.method = method, .url = url_ + path, .body = std::move(body), .timeout = timeout};
    request.headers.emplace_back("Content-Type", type);
    if (!authorization_.empty()) request.headers.emplace_back("Authorization", authorization_);
    TRY_ASSIGN(const net::IncomingResponse answer, client_.Send(request, context_));
    if (answer.status != 200) return Refused(answer, request.url);
    if (answer.body.empty()) return Json::object();
    absl::StatusOr<Json> json = ParseJson(answer.body, fmt::format("the answer of {}", net::ShownUrl(request.url)));
    if (json.ok()) return json;
    return WithHint(absl::FailedPreconditionError(std::string(json.status().message())),
                    "is it the address of an MLflow tracking server?");
  }

  net::HttpClient client_;
  std::string url_;
  const std::string& authorization_;
  const Context& context_;
};

/// What is told of a version.
struct VersionFacts {
  Texts parameters, tags;
  std::map<std::string, double> metrics;
  absl::Time started;
};

// "model.features[0].column" -> "model.features.0.column": MLflow has no brackets in names.
std::string ParameterName(const std::string& key) {
  std::string name;
  for (const char c : key) {
    const bool is_fine = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.';
    if (c != ']') name += c == '[' ? '.' : is_fine ? c : '_';
  }
  return name;
}

// The numbers of an evaluation by their names; members of nested objects behind a dot.
void AddMetrics(const Json& figures, const std::string& prefix, std::map<std::string, double>& metrics) {
  if (!figures.is_object()) return;
  for (const auto& [name, value] : figures.items()) {
    if (value.is_number()) metrics[prefix + ParameterName(name)] = value.get<double>();
    if (value.is_object()) AddMetrics(value, prefix + ParameterName(name) + ".", metrics);
  }
}

absl::StatusOr<Json> LoadJson(api::Project& project, const registry::ModelVersion& version, const char* part) {
  const absl::StatusOr<std::string> text = project.registry().LoadPart(version, part);
  if (absl::IsNotFound(text.status())) return Json::object();
  TRY(text.status());
  return ParseJson(*text, part);
}

absl::StatusOr<VersionFacts> FactsOf(api::Project& project, const registry::ModelVersion& version) {
  VersionFacts facts;
  const absl::StatusOr<api::Configuration> configuration = api::ConfigurationOf(project, version);
  // Of a version that was trained elsewhere none is known.
  if (!configuration.ok() && !absl::IsInvalidArgument(configuration.status())) return configuration.status();
  if (configuration.ok()) {
    const Texts keys = api::KeysOfModel(configuration->values, version.name);
    for (const auto& [key, value] : keys) {
      const bool is_told = key.starts_with("model.") && !value.empty() && value.size() <= kMaxParameterBytes;
      if (is_told) facts.parameters[ParameterName(key)] = value;
    }
  }
  TRY_ASSIGN(const Json evaluation, LoadJson(project, version, "evaluation.json"));
  if (evaluation.is_object()) {
    AddMetrics(evaluation.value("model", Json()), "", facts.metrics);
    AddMetrics(evaluation.value("dummy", Json()), "dummy.", facts.metrics);
    const Json rows = evaluation.value("rows", Json());
    if (rows.is_number()) facts.metrics["rows"] = rows.get<double>();
  }
  TRY_ASSIGN(const Json lineage, LoadJson(project, version, "lineage.json"));
  facts.tags = {{"mlflow.source.name", "roost"},
                {"mlflow.source.type", "JOB"},
                {"mlflow.user", version.author},
                {"roost.model", version.ToString()},
                {"roost.package", version.manifest.ToHex()}};
  for (const char* member : {"dataset", "dataset_digest", "config_digest", "parent", "trainer", "start", "task"}) {
    if (std::string text = TextMember(lineage, member); !text.empty()) {
      facts.tags[fmt::format("roost.{}", member)] = std::move(text);
    }
  }
  if (std::string revision = TextMember(lineage, "code_revision"); !revision.empty()) {
    facts.tags["mlflow.source.git.commit"] = std::move(revision);
  }
  TRY_ASSIGN(const std::optional<api::Timing> timing, api::LoadTiming(project, version));
  facts.started = version.created - (timing.has_value() ? timing->elapsed : absl::ZeroDuration());
  return facts;
}

Json Pairs(const Texts& texts) {
  Json json = Json::array();
  for (const auto& [key, value] : texts) json.push_back({{"key", key}, {"value", value}});
  return json;
}

absl::StatusOr<std::string> ExperimentId(Tracking& tracking, const std::string& name) {
  // Slashes of a name are encoded too: the query ends nowhere else.
  std::string in_query = Encoded(name);
  for (size_t at = in_query.find('/'); at != std::string::npos; at = in_query.find('/', at))
    in_query.replace(at, 1, "%2F");
  const absl::StatusOr<Json> found = tracking.Get("experiments/get-by-name?experiment_name=" + in_query);
  if (found.ok()) return TextMember(found->value("experiment", Json()), "experiment_id");
  if (!absl::IsNotFound(found.status())) return found.status();
  TRY_ASSIGN(const Json made, tracking.Post("experiments/create", Json{{"name", name}}));
  return TextMember(made, "experiment_id");
}

absl::Status LogFacts(Tracking& tracking, const std::string& run, const VersionFacts& facts, absl::Time time) {
  Json metrics = Json::array();
  for (const auto& [name, value] : facts.metrics) {
    metrics.push_back({{"key", name}, {"value", value}, {"timestamp", absl::ToUnixMillis(time)}, {"step", 0}});
  }
  TRY(tracking.Post("runs/log-batch", Json{{"run_id", run}, {"metrics", std::move(metrics)}}).status());
  const Json parameters = Pairs(facts.parameters);
  for (size_t begin = 0; begin < parameters.size(); begin += kBatch) {
    Json batch = Json::array();
    for (size_t i = begin; i < std::min(parameters.size(), begin + kBatch); ++i) batch.push_back(parameters[i]);
    TRY(tracking.Post("runs/log-batch", Json{{"run_id", run}, {"params", std::move(batch)}}).status());
  }
  return absl::OkStatus();
}

// The folder as the artifact "model" of the run, and a note of it where MLflow looks for models of runs.
absl::Status LogModel(Tracking& tracking, const std::string& run, const std::string& artifact_uri,
                      const ModelFolder& folder) {
  constexpr std::string_view kScheme = "mlflow-artifacts:/";
  if (!artifact_uri.starts_with(kScheme)) {
    return WithHint(absl::FailedPreconditionError(fmt::format(
                        "{} keeps the artifacts of this experiment at {}, where its clients write them themselves",
                        net::ShownUrl(tracking.url()), net::ShownUrl(artifact_uri))),
                    "start it with --serve-artifacts, or name an experiment that was made since");
  }
  std::string root = artifact_uri.substr(kScheme.size());
  if (root.starts_with('/')) root = root.substr(std::min(root.find('/', 1), root.size()));  // //HOST/path
  while (root.starts_with('/')) root.erase(0, 1);
  for (const auto& [path, bytes] : folder.files) TRY(tracking.Put(fmt::format("{}/model/{}", root, path), bytes));
  const Json note{
      {"artifact_path", "model"},
      {"run_id", run},
      {"utc_time_created", absl::FormatTime("%Y-%m-%d %H:%M:%E6S", folder.version.created, absl::UTCTimeZone())},
      {"flavors",
       {{"onnx", {{"data", "model.onnx"}}},
        {"python_function", {{"loader_module", "roost_onnx"}, {"data", "."}, {"code", "code"}}}}}};
  return tracking.Post("runs/log-model", Json{{"run_id", run}, {"model_json", ToLine(note)}}).status();
}

}  // namespace

absl::StatusOr<ExportRunResponse> ExportRun(api::Project& project, const ExportRunRequest& request,
                                            const Context& context) {
  TRY_ASSIGN(const ModelFolder folder, MakeModelFolder(project, request.reference, context));
  TRY_ASSIGN(VersionFacts facts, FactsOf(project, folder.version));
  TRY_ASSIGN(net::HttpClient client, net::HttpClient::Open());
  Tracking tracking(std::move(client), request, context);
  ExportRunResponse response{.version = folder.version,
                             .experiment = request.experiment.empty() ? project.config().project : request.experiment,
                             .parameters = std::ssize(facts.parameters),
                             .metrics = std::ssize(facts.metrics),
                             .files = std::ssize(folder.files)};
  TRY_ASSIGN(response.experiment_id, ExperimentId(tracking, response.experiment));
  const std::string name = folder.version.ToString();
  facts.tags["mlflow.runName"] = name;
  TRY_ASSIGN(const Json made, tracking.Post("runs/create", Json{{"experiment_id", response.experiment_id},
                                                                {"run_name", name},
                                                                {"user_id", folder.version.author},
                                                                {"start_time", absl::ToUnixMillis(facts.started)},
                                                                {"tags", Pairs(facts.tags)}}));
  const Json info = made.value("run", Json::object()).value("info", Json());
  response.run_id = TextMember(info, "run_id");
  absl::Status done = LogFacts(tracking, response.run_id, facts, folder.version.created);
  if (done.ok()) done = LogModel(tracking, response.run_id, TextMember(info, "artifact_uri"), folder);
  const absl::Status ended = tracking
                                 .Post("runs/update", Json{{"run_id", response.run_id},
                                                           {"status", done.ok() ? "FINISHED" : "FAILED"},
                                                           {"end_time", absl::ToUnixMillis(folder.version.created)}})
                                 .status();
  TRY(done);
  TRY(ended);
  response.url = fmt::format("{}/#/experiments/{}/runs/{}", net::ShownUrl(tracking.url()), response.experiment_id,
                             response.run_id);
  return response;
}

}  // namespace roost::mlflow
