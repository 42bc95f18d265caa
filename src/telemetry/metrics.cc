#include "telemetry/metrics.h"

#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "telemetry/exposition.h"
#include "telemetry/process_figures.h"

namespace roost::telemetry {
namespace {

using serving::ModelManager;
using Kind = Exposition::Kind;

constexpr std::string_view kNobody = "anonymous";  // the consumer of calls without a known one

std::string VersionText(int64_t version) { return version == 0 ? "" : fmt::format("{}", version); }

std::string ModelLabels(const std::string& model, int64_t version) {
  const std::string number = VersionText(version);
  const std::array<Label, 2> labels{Label{"model", model}, Label{"version", number}};
  return LabelText(labels);
}

double Seconds(int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e9; }

/// Totals under the text of their labels.
using Labelled = std::vector<std::pair<std::string, TrafficTotals>>;

Labelled ByEverything(const Traffic::Totals& totals) {
  Labelled labelled;
  for (const auto& [key, total] : totals) {
    const std::string version = VersionText(key.version), code = CodeName(key.protocol, key.code);
    const std::array<Label, 5> labels{Label{"model", key.model}, Label{"version", version},
                                      Label{"consumer", key.consumer.empty() ? kNobody : key.consumer},
                                      Label{"protocol", ProtocolName(key.protocol)}, Label{"code", code}};
    labelled.emplace_back(LabelText(labels), total);
  }
  return labelled;
}

std::string_view ResultOf(Protocol protocol, int code) {
  const int http = HttpCodeOf(protocol, code);
  return http >= 500 ? "server_error" : http >= 400 ? "client_error" : "success";
}

/// For histograms, which have many samples: without consumers and single codes.
Labelled ByResult(const Traffic::Totals& totals) {
  std::map<std::string, TrafficTotals> sums;
  for (const auto& [key, total] : totals) {
    const std::string version = VersionText(key.version);
    const std::array<Label, 4> labels{Label{"model", key.model}, Label{"version", version},
                                      Label{"protocol", ProtocolName(key.protocol)},
                                      Label{"result", ResultOf(key.protocol, key.code)}};
    sums[LabelText(labels)].Add(total);
  }
  return {sums.begin(), sums.end()};
}

void WriteHistogram(const std::string& labels, const TrafficTotals& total, Exposition& page) {
  static const auto bounds = [] {
    std::array<std::string, kLatencyBuckets> texts;
    for (size_t i = 0; i < kLatencyBounds.size(); ++i) texts[i] = fmt::format("{}", Seconds(kLatencyBounds[i]));
    texts.back() = "+Inf";
    return texts;
  }();
  int64_t below = 0;
  for (size_t i = 0; i < kLatencyBuckets; ++i) {
    below += total.durations[i];
    page.Sample("_bucket", fmt::format("{},le=\"{}\"", labels, bounds[i]), below);
  }
  page.Sample("_sum", labels, Seconds(total.nanoseconds));
  page.Sample("_count", labels, below);
}

void WriteRequests(const Traffic::Totals& totals, Exposition& page) {
  const Labelled all = ByEverything(totals);
  page.Family("roost_requests_total", Kind::kCounter, "Requests that were answered.");
  for (const auto& [labels, total] : all) page.Sample("", labels, total.requests());
  page.Family("roost_request_seconds_total", Kind::kCounter, "Time that these requests took together.");
  for (const auto& [labels, total] : all) page.Sample("", labels, Seconds(total.nanoseconds));
  page.Family("roost_request_rows_total", Kind::kCounter, "Rows of these requests that were scored.");
  for (const auto& [labels, total] : all) page.Sample("", labels, total.rows);
  page.Family("roost_request_body_bytes_total", Kind::kCounter, "Bytes of the bodies of these requests.");
  for (const auto& [labels, total] : all) page.Sample("", labels, total.bytes_in);
  page.Family("roost_response_body_bytes_total", Kind::kCounter, "Bytes of the bodies of the answers.");
  for (const auto& [labels, total] : all) page.Sample("", labels, total.bytes_out);
  page.Family("roost_request_duration_seconds", Kind::kHistogram, "From the whole request to the whole answer.");
  for (const auto& [labels, total] : ByResult(totals)) WriteHistogram(labels, total, page);
}

void WriteServer(const MetricsSources& sources, Exposition& page) {
  const net::ServerCounts& server = sources.server;
  const auto get = [](const std::atomic<int64_t>& counter) { return counter.load(std::memory_order_relaxed); };
  page.Value("roost_requests_in_flight", Kind::kGauge, "Requests that are not answered yet.",
             sources.traffic.InFlight());
  page.Value("roost_connections", Kind::kGauge, "Open connections.", get(server.open_connections));
  page.Value("roost_connections_accepted_total", Kind::kCounter, "Connections since the start.",
             get(server.accepted_connections));
  page.Family("roost_refused_requests_total", Kind::kCounter, "Requests that broke the rules of HTTP or its limits.");
  for (size_t i = 0; i < net::ServerCounts::kRefusalCodes.size(); ++i) {
    page.Sample("", fmt::format("code=\"{}\"", net::ServerCounts::kRefusalCodes[i]), get(server.refusals[i]));
  }
  if (sources.log == nullptr) return;
  const AccessLog::Counts log = sources.log->counts();
  page.Value("roost_access_log_lines_total", Kind::kCounter, "Lines that the access log took.", log.lines);
  page.Value("roost_access_log_dropped_lines_total", Kind::kCounter, "Lines that found no room in its buffers.",
             log.dropped);
  page.Value("roost_access_log_errors_total", Kind::kCounter, "Attempts to write it that failed.", log.errors);
}

void WriteStates(const ModelManager& models, Exposition& page) {
  constexpr std::array kStates = {serving::State::kLoading, serving::State::kAvailable, serving::State::kUnloading,
                                  serving::State::kEnd};
  page.Family("roost_model_version_state", Kind::kGauge, "1 for the state that a version is in.");
  for (const serving::ModelState& version : models.States()) {
    const std::string labels = ModelLabels(version.name, version.version);
    for (const serving::State state : kStates) {
      page.Sample("", fmt::format("{},state=\"{}\"", labels, serving::StateName(state)),
                  int64_t{state == version.state});
    }
  }
}

void WriteModels(const ModelManager::Snapshot& snapshot, Exposition& page) {
  page.Family("roost_model_memory_bytes", Kind::kGauge, "Memory that a loaded version takes.");
  for (const auto& [name, model] : snapshot) {
    for (const auto& servable : model.versions) {
      page.Sample("", ModelLabels(name, servable->version()), servable->memory_bytes());
    }
  }
  page.Family("roost_model_alias_version", Kind::kGauge, "The version that an alias points at.");
  for (const auto& [name, model] : snapshot) {
    for (const auto& [alias, servable] : model.aliases) {
      const std::array<Label, 2> labels{Label{"model", name}, Label{"alias", alias}};
      page.Sample("", LabelText(labels), servable->version());
    }
  }
}

/// Triton's word for why a request failed.
std::string_view FailureReason(int http_code) {
  switch (http_code) {
    case 429:
    case 503:
    case 504: return "REJECTED";
    case 499: return "CANCELED";
    case 500: return "BACKEND";
    default: return "OTHER";
  }
}

/// Triton's metrics of requests, by its names and labels.
void WriteTritonRequests(const Traffic& traffic, const Traffic::Totals& totals, Exposition& page) {
  std::map<ModelKey, TrafficTotals> successes;
  std::map<std::string, int64_t> failures;
  for (const auto& [key, total] : totals) {
    if (key.model.empty()) continue;
    TrafficTotals& success = successes[{key.model, key.version}];
    const int code = HttpCodeOf(key.protocol, key.code);
    if (code < 400) {
      success.Add(total);
      continue;
    }
    failures[fmt::format("{},reason=\"{}\"", ModelLabels(key.model, key.version), FailureReason(code))] +=
        total.requests();
  }
  page.Family("nv_inference_request_success", Kind::kCounter, "Inference requests that were answered.");
  for (const auto& [model, total] : successes)
    page.Sample("", ModelLabels(model.first, model.second), total.requests());
  page.Family("nv_inference_request_failure", Kind::kCounter, "Inference requests that failed.");
  for (const auto& [labels, count] : failures) page.Sample("", labels, count);
  page.Family("nv_inference_request_duration_us", Kind::kCounter, "Time of answered inference requests.");
  for (const auto& [model, total] : successes) {
    page.Sample("", ModelLabels(model.first, model.second), total.nanoseconds / 1'000);
  }
  page.Family("nv_inference_pending_request_count", Kind::kGauge, "Inference requests whose answers come later.");
  std::map<ModelKey, int64_t> pending = traffic.Pending();
  for (const auto& [model, total] : successes) pending.try_emplace(model, 0);
  for (const auto& [model, count] : pending) page.Sample("", ModelLabels(model.first, model.second), count);
}

/// Triton's metrics of what the models did, as its statistics extension counts it.
void WriteTritonExecutions(const ModelManager::Snapshot& snapshot, Exposition& page) {
  std::vector<std::pair<std::string, serving::Statistics::Totals>> all;
  for (const auto& [name, model] : snapshot) {
    for (const auto& servable : model.versions) {
      all.emplace_back(ModelLabels(name, servable->version()), servable->statistics().Sum());
    }
  }
  page.Family("nv_inference_count", Kind::kCounter, "Rows that were scored.");
  for (const auto& [labels, totals] : all) page.Sample("", labels, totals.inference_count);
  page.Family("nv_inference_exec_count", Kind::kCounter, "Calls of the model.");
  for (const auto& [labels, totals] : all) page.Sample("", labels, totals.execution_count);
  page.Family("nv_inference_queue_duration_us", Kind::kCounter, "Time that requests waited.");
  for (const auto& [labels, totals] : all) page.Sample("", labels, totals.queue.nanoseconds / 1'000);
  page.Family("nv_inference_compute_infer_duration_us", Kind::kCounter, "Time that the model took.");
  for (const auto& [labels, totals] : all) page.Sample("", labels, totals.compute.nanoseconds / 1'000);
}

void WriteProcess(Exposition& page) {
  const ProcessFigures process = ReadProcessFigures();
  page.Family("roost_build_info", Kind::kGauge, "1, with the version of the program.");
  page.Sample("", "version=\"" ROOST_VERSION "\"", int64_t{1});
  page.Value("process_cpu_seconds_total", Kind::kCounter, "CPU time of the process.", process.cpu_seconds);
  page.Value("process_start_time_seconds", Kind::kGauge, "When the process started, since 1970 UTC.",
             process.start_time_seconds);
  page.Value("process_resident_memory_bytes", Kind::kGauge, "Memory of the process that is in RAM.",
             process.resident_bytes);
  page.Value("process_virtual_memory_bytes", Kind::kGauge, "Addresses that the process has taken.",
             process.virtual_bytes);
  page.Value("process_threads", Kind::kGauge, "Threads of the process.", process.threads);
  page.Value("process_open_fds", Kind::kGauge, "Open descriptors.", process.open_fds);
  page.Value("process_max_fds", Kind::kGauge, "How many there may be.", process.max_fds);
}

std::string Render(const MetricsSources& sources, Exposition::Format format) {
  Exposition page(format);
  const Traffic::Totals totals = sources.traffic.Sum();
  const auto snapshot = sources.models.snapshot();
  WriteRequests(totals, page);
  WriteServer(sources, page);
  WriteStates(sources.models, page);
  WriteModels(*snapshot, page);
  WriteTritonRequests(sources.traffic, totals, page);
  WriteTritonExecutions(*snapshot, page);
  WriteProcess(page);
  return std::move(page).Finish();
}

}  // namespace

net::Handler ServeMetrics(const MetricsSources& sources) {
  return [sources](const net::HttpRequest& request, net::HttpResponse& response) {
    if (request.method != "GET" && request.method != "HEAD") {
      response.status = 405;
      response.content_type = "application/json";
      response.AddHeader("Allow", "GET, HEAD");
      response.body = R"({"error":"this path takes GET, HEAD"})";
      return;
    }
    const std::string_view accept = request.Header("Accept").value_or("");
    const auto format = accept.find("application/openmetrics-text") == std::string_view::npos
                            ? Exposition::Format::kPrometheus
                            : Exposition::Format::kOpenMetrics;
    response.content_type = Exposition::ContentType(format);
    response.body = Render(sources, format);
  };
}

}  // namespace roost::telemetry
