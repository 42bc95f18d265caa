// roost serve

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/model_folder.h"
#include "api/project.h"
#include "api/registry_models.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/model_trial.h"
#include "grpc/call_headers.h"
#include "grpc/handler.h"
#include "net/http_server.h"
#include "rest/routes.h"
#include "serving/model_loader.h"
#include "serving/model_manager.h"
#include "serving/work_queue.h"
#include "telemetry/metrics.h"
#include "telemetry/observe.h"

namespace roost::cli {
namespace {

constexpr absl::Duration kDrainPatience = absl::Seconds(10);
constexpr absl::Duration kSignalPoll = absl::Milliseconds(50);

struct ServeOptions {
  std::vector<std::string> models;
  std::optional<std::string> model_dir;
  std::optional<std::string> host;
  std::optional<int64_t> port;
  std::optional<int64_t> threads;
  std::optional<std::string> access_log;
};

/// Where the models come from: a project's workspace, or a folder.
struct Source {
  std::unique_ptr<api::Project> project;  // none with a folder
  std::unique_ptr<serving::Repository> repository;
  config::ServeConfig config;
};

absl::StatusOr<Source> OpenSource(const ServeOptions& options, Session& session) {
  Source source;
  if (options.model_dir.has_value()) {
    source.repository = std::make_unique<api::ModelFolder>(*options.model_dir);
    return source;
  }
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY(api::CheckModelsToServe(project, options.models));
  source.project = std::make_unique<api::Project>(std::move(project));
  source.repository = std::make_unique<api::RegistryModels>(*source.project);
  source.config = source.project->config().serve;
  return source;
}

net::ServerOptions ServerOptionsOf(const ServeOptions& options, const config::ServeConfig& config) {
  net::ServerOptions server;
  server.host = options.host.value_or(config.host);
  server.port = static_cast<uint16_t>(options.port.value_or(config.port));
  server.num_threads = static_cast<size_t>(options.threads.value_or(config.threads));
  return server;
}

serving::WorkQueue::Options QueueOptionsOf(const config::ServeConfig& config) {
  return {.num_workers = static_cast<size_t>(config.workers),
          .max_wait = std::chrono::milliseconds(config.max_queue_ms)};
}

/// Metrics, gRPC and REST on one port, the latter two told apart by the content type.
net::Handler MakeHandler(const telemetry::MetricsSources& sources, serving::ModelLoader& loader,
                         serving::WorkQueue& queue) {
  return [metrics = telemetry::ServeMetrics(sources), grpc = grpc::MakeHandler(sources.models, &loader, &queue),
          rest = rest::MakeHandler(sources.models, &loader, &queue)](const net::HttpRequest& request,
                                                                     net::HttpResponse& response) {
    if (request.path == telemetry::kMetricsPath) return metrics(request, response);
    const bool is_grpc = grpc::IsGrpcContentType(request.Header("content-type").value_or(""));
    (is_grpc ? grpc : rest)(request, response);
  };
}

/// None where none is asked for.
absl::StatusOr<std::unique_ptr<telemetry::AccessLog>> OpenAccessLog(const ServeOptions& options, const Source& source,
                                                                    Session& session) {
  std::string path = source.config.access_log;
  if (!path.empty() && path != "-") path = std::filesystem::path(source.project->folder()) / path;
  path = options.access_log.value_or(path);
  if (path.empty()) return nullptr;
  return telemetry::AccessLog::Open({.path = std::move(path),
                                     .sample = source.config.access_log_sample,
                                     .tell = [&session](const std::string& line) { session.Note(line); }});
}

// The first load, on this thread. A server that begins with no model at all says why instead.
absl::Status LoadFirst(serving::ModelLoader& loader, const serving::ModelManager& manager, Session& session) {
  TRY(loader.Sync());
  if (!manager.ready()) {
    TRY(loader.FirstFailure());
    return WithHint(absl::NotFoundError("there is no model to serve"),
                    "a folder of models has NAME/VERSION/model.json, NAME/VERSION/model.onnx or NAME.onnx");
  }
  for (const serving::ModelState& state : manager.States()) {
    if (state.state != serving::State::kEnd) continue;
    session.Note(fmt::format("{}@{} is not served: {}", state.name, state.version, state.reason));
  }
  return absl::OkStatus();
}

void Announce(const std::string& url, const serving::ModelManager& manager, Session& session) {
  std::vector<std::string> names;
  const auto snapshot = manager.snapshot();
  for (const auto& [name, model] : *snapshot) {
    for (const auto& servable : model.versions) names.push_back(fmt::format("{}@{}", name, servable->version()));
  }
  if (session.json()) {
    session.Print(ToLine(Json{{"url", url}, {"models", names}}) + "\n");
    return;
  }
  session.Print(fmt::format("serving {} at {}\n", fmt::join(names, ", "), url));
  session.Note(fmt::format("what a model takes: curl {}/v2/models/{}\nCtrl-C ends it", url, snapshot->begin()->first));
}

absl::StatusOr<int> RunServe(const ServeOptions& options, Session& session) {
  TRY_ASSIGN(const Source source, OpenSource(options, session));
  TRY_ASSIGN(serving::LoaderOptions loader_options, api::LoaderOptionsOf(source.config, options.models));
  bool announced = false;
  loader_options.try_apart = TryModelApart;
  loader_options.tell = [&session, &announced](const std::string& line) {
    if (announced) session.Note(line);
  };
  serving::ModelManager manager;
  serving::ModelLoader loader(*source.repository, manager, std::move(loader_options));
  TRY(LoadFirst(loader, manager, session));
  const net::ServerOptions server_options = ServerOptionsOf(options, source.config);
  CatchHangups();
  TRY_ASSIGN(const auto log, OpenAccessLog(options, source, session));
  telemetry::Traffic traffic(manager);
  serving::WorkQueue queue(QueueOptionsOf(source.config));
  net::Handler handler = MakeHandler({manager, *server_options.counts, traffic, log.get()}, loader, queue);
  handler = telemetry::Observe(std::move(handler), traffic, log.get());
  TRY_ASSIGN(const auto server, net::HttpServer::Start(server_options, std::move(handler)));
  const bool ipv6 = server_options.host.find(':') != std::string::npos;
  const std::string host = ipv6 ? fmt::format("[{}]", server_options.host) : server_options.host;
  Announce(fmt::format("http://{}:{}", host, server->port()), manager, session);
  announced = true;
  loader.Start();
  while (!InterruptCancellation().cancelled()) {
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(kSignalPoll));
    if (HangupCame() && log != nullptr) log->Reopen();
  }
  session.Note("finishing the requests that are under way");
  server->Drain(kDrainPatience);
  return 0;
}

}  // namespace

void AddServeCommand(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("serve", "Answer requests over HTTP and gRPC");
  auto options = std::make_shared<ServeOptions>();
  command->add_option("MODEL", options->models,
                      "NAME, NAME@VERSION or NAME@ALIAS; default: every model, as serve.models says");
  command->add_option("--model-dir", options->model_dir, "Serve a folder of models, without a project")
      ->type_name("DIR");
  command->add_option("-p,--port", options->port, "The port; 0 takes any free one; default: serve.port of roost.yaml")
      ->check(CLI::Range(0, 65535))
      ->type_name("PORT");
  command->add_option("--host", options->host, "A loopback name or address; default: serve.host of roost.yaml");
  command->add_option("--threads", options->threads, "0: one per core; default: serve.threads of roost.yaml")
      ->check(CLI::Range(0, 1024))
      ->type_name("NUMBER");
  command
      ->add_option("--access-log", options->access_log,
                   "A line for each request; - is stderr; default: serve.access_log of roost.yaml")
      ->type_name("FILE");
  command->footer(
      "It goes on looking: new versions and moved aliases are served without a restart.\n"
      "Ctrl-C or SIGTERM ends it after the requests that are under way.");
  command->callback([options, &session] { session.Finish(RunServe(*options, session)); });

  CLI::App* trial = app.add_subcommand("try-model", "The child of 'serve' that loads an ONNX model first")->group("");
  auto name = std::make_shared<std::string>();
  auto version = std::make_shared<int64_t>(1);
  trial->add_option("NAME", *name)->required();
  trial->add_option("VERSION", *version)->required();
  trial->callback([name, version, &session] {
    const absl::Status tried = TryModelFromStdin(*name, *version);
    session.Finish(tried.ok() ? absl::StatusOr<int>(0) : tried);
  });
}

}  // namespace roost::cli
