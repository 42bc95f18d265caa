// roost serve

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "access/guard.h"
#include "api/model_folder.h"
#include "api/project.h"
#include "api/registry_models.h"
#include "api/serve_policy.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/model_trial.h"
#include "cli/serve_options.h"
#include "cli/serve_watch.h"
#include "grpc/call_headers.h"
#include "grpc/handler.h"
#include "mlflow/registry_service.h"
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

/// Where the models come from: a project's workspace, or a folder.
struct Source {
  std::unique_ptr<api::Project> project;  // none with a folder
  std::unique_ptr<serving::Repository> repository;
  ServeSetup setup;
};

absl::StatusOr<Source> OpenSource(const ServeOptions& options, Session& session) {
  Source source;
  config::ServeConfig config;
  if (options.model_dir.has_value()) {
    source.repository = std::make_unique<api::ModelFolder>(
        api::ModelFolderLayout{.path = *options.model_dir, .only_model = options.model_name});
  } else {
    TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
    TRY(api::CheckModelsToServe(project, options.models));
    source.project = std::make_unique<api::Project>(std::move(project));
    source.repository = std::make_unique<api::RegistryModels>(*source.project);
    source.setup.workspace = source.project->config().workspace;
    config = api::WithFolder(source.project->config().serve, source.project->folder());
  }
  ServeSetup& setup = source.setup;
  setup.options = &options;
  setup.project = source.project.get();
  TRY_ASSIGN(setup.config, WithFlags(std::move(config), options));
  TRY_ASSIGN(setup.tokens, api::TokenSource::Open(setup.project, setup.config.tokens));
  TRY_ASSIGN(std::vector<access::Token> tokens, setup.tokens->Read());
  setup.policy = api::PolicyOf(setup.config, std::move(tokens));
  TRY(api::CheckServeBind(setup.config, setup.policy, absl::Now()));
  return source;
}

net::ServerOptions ServerOptionsOf(const config::ServeConfig& config) {
  net::ServerOptions server;
  server.host = config.host;
  server.reach = net::Reach::kAnyMachine;  // CheckServeBind has seen to its guard
  server.port = static_cast<uint16_t>(config.port);
  server.num_threads = static_cast<size_t>(config.threads);
  server.conversations = grpc::Streams();
  if (config.tls.has_value()) {
    server.tls = net::TlsOptions{config.tls->certificate, config.tls->key, config.tls->client_ca};
  }
  return server;
}

serving::WorkQueue::Options QueueOptionsOf(const config::ServeConfig& config) {
  return {.num_workers = static_cast<size_t>(config.workers),
          .max_wait = std::chrono::milliseconds(config.max_queue_ms)};
}

/// Metrics, gRPC, REST and, where `mlflow` is not null, MLflow's interface on one port, for those who may call.
net::Handler MakeHandler(const telemetry::MetricsSources& sources, serving::ModelLoader& loader,
                         serving::WorkQueue& queue, mlflow::RegistryService* mlflow,
                         const access::AccessControl& control) {
  net::Handler served = [metrics = telemetry::ServeMetrics(sources), mlflow,
                         grpc = grpc::MakeHandler(sources.models, &loader, &queue),
                         rest = rest::MakeHandler(sources.models, &loader, &queue)](const net::HttpRequest& request,
                                                                                    net::HttpResponse& response) {
    if (request.path == telemetry::kMetricsPath) return metrics(request, response);
    if (mlflow != nullptr && mlflow::RegistryService::IsMlflowPath(request.path)) {
      return mlflow->Handle(request, response);
    }
    const bool is_grpc = grpc::IsGrpcContentType(request.Header("content-type").value_or(""));
    (is_grpc ? grpc : rest)(request, response);
  };
  return access::Guard(std::move(served), control);
}

/// Null where it is not asked for. It reads the workspace by connections of its own.
absl::StatusOr<std::unique_ptr<mlflow::RegistryService>> OpenMlflow(const ServeSetup& setup) {
  if (!setup.options->mlflow) return nullptr;
  TRY_ASSIGN(api::Project project, api::Project::Open(setup.project->folder()));
  return std::make_unique<mlflow::RegistryService>(std::move(project));
}

std::string UrlOf(const config::ServeConfig& config, uint16_t port) {
  const bool is_v6 = config.host.find(':') != std::string::npos && config.host.front() != '[';
  const std::string host = is_v6 ? fmt::format("[{}]", config.host) : config.host;
  return fmt::format("{}://{}:{}", config.tls.has_value() ? "https" : "http", host, port);
}

/// None where none is asked for.
absl::StatusOr<std::unique_ptr<telemetry::AccessLog>> OpenAccessLog(const config::ServeConfig& config,
                                                                    std::function<void(const std::string&)> tell) {
  if (config.access_log.empty()) return nullptr;
  return telemetry::AccessLog::Open(
      {.path = config.access_log, .sample = config.access_log_sample, .tell = std::move(tell)});
}

// The first load, on this thread. A server that begins with no model at all says why instead.
absl::Status LoadFirst(const ServeOptions& options, serving::ModelLoader& loader, const serving::ModelManager& manager,
                       Session& session) {
  TRY(loader.Sync());
  if (!manager.ready()) {
    TRY(loader.FirstFailure());
    return WithHint(absl::NotFoundError("there is no model to serve"),
                    options.model_name.empty()
                        ? "a folder of models has NAME/VERSION/model.json, NAME/VERSION/model.onnx or NAME.onnx"
                        : "the folder of one model has model.json, model.onnx, or one of them in VERSION/");
  }
  for (const serving::ModelState& state : manager.States()) {
    if (state.state != serving::State::kEnd) continue;
    session.Note(fmt::format("{}@{} is not served: {}", state.name, state.version, state.reason));
  }
  return absl::OkStatus();
}

void Announce(const std::string& url, bool needs_token, bool has_mlflow, const serving::ModelManager& manager,
              Session& session) {
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
  session.Note(fmt::format("what a model takes: curl {}{}/v2/models/{}",
                           needs_token ? "-H \"Authorization: Bearer $ROOST_TOKEN\" " : "", url,
                           snapshot->begin()->first));
  if (has_mlflow) session.Note(fmt::format("what MLflow's clients take: MLFLOW_TRACKING_URI={}", url));
  session.Note("Ctrl-C ends it");
}

/// A note of a server that runs: dropped where nobody takes what is on stderr, which must not stop anything.
void NoteIfTaken(Session& session, const std::string& line) {
  pollfd file{STDERR_FILENO, POLLOUT, 0};
  if (poll(&file, 1, 0) == 1 && (file.revents & POLLOUT) != 0) session.Note(line);
}

/// Until Ctrl-C or SIGTERM; SIGHUP reads the files again, and opens the log anew.
void WaitForTheEnd(ServeWatch& watch, telemetry::AccessLog* log) {
  while (!InterruptCancellation().cancelled()) {
    if (TakeReloadSignal()) {
      watch.Reload();
      if (log != nullptr) log->Reopen();
    }
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(kSignalPoll));
  }
}

absl::StatusOr<int> RunServe(const ServeOptions& options, Session& session) {
  TRY_ASSIGN(Source source, OpenSource(options, session));
  const ServeSetup& setup = source.setup;
  TRY_ASSIGN(serving::LoaderOptions loader_options, api::LoaderOptionsOf(setup.config, options.models));
  std::atomic<bool> announced = false;
  const auto tell = [&session, &announced](const std::string& line) {
    if (announced) NoteIfTaken(session, line);
  };
  loader_options.try_apart = [](const std::string& name, int64_t version, const serving::ModelFiles& files) {
    return TryModelApart(name, version, files).status();
  };
  loader_options.tell = tell;
  serving::ModelManager manager;
  serving::ModelLoader loader(*source.repository, manager, std::move(loader_options));
  TRY(LoadFirst(options, loader, manager, session));
  CatchReloadSignal();
  TRY_ASSIGN(const auto log, OpenAccessLog(setup.config, tell));
  telemetry::Traffic traffic(manager);
  serving::WorkQueue queue(QueueOptionsOf(setup.config));
  access::AccessControl control(setup.policy);
  TRY_ASSIGN(const auto mlflow, OpenMlflow(setup));
  const net::ServerOptions server_options = ServerOptionsOf(setup.config);
  net::Handler handler =
      MakeHandler({manager, *server_options.counts, traffic, log.get()}, loader, queue, mlflow.get(), control);
  handler = telemetry::Observe(std::move(handler), traffic, log.get());
  TRY_ASSIGN(const auto server, net::HttpServer::Start(server_options, std::move(handler)));
  const bool needs_token = !setup.policy.anonymous.has_value();
  Announce(UrlOf(setup.config, server->port()), needs_token, mlflow != nullptr, manager, session);
  announced = true;
  loader.Start();
  {
    ServeWatch watch(std::move(source.setup), {*server, control, loader}, tell);
    WaitForTheEnd(watch, log.get());
    NoteIfTaken(session, "finishing the requests that are under way");
    server->Drain(kDrainPatience);
  }
  return 0;
}

}  // namespace

void AddServeCommand(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("serve", "Answer requests over HTTP and gRPC");
  auto options = std::make_shared<ServeOptions>();
  AddServeOptions(*command, *options);
  command->footer(
      "It goes on looking: new versions and moved aliases are served without a restart.\n"
      "Changed files (roost.yaml, tokens, certificates) are taken over too; SIGHUP reads them now.\n"
      "Ctrl-C or SIGTERM ends it after the requests that are under way.");
  command->callback([options, &session] { session.Finish(RunServe(*options, session)); });

  CLI::App* trial =
      app.add_subcommand("try-model", "The child of 'serve' and 'gate' that loads a model first")->group("");
  auto name = std::make_shared<std::string>();
  auto version = std::make_shared<int64_t>(1);
  trial->add_option("NAME", *name)->required();
  trial->add_option("VERSION", *version)->required();
  trial->callback([name, version, &session] {
    const absl::StatusOr<std::string> tried = TryModelFromStdin(*name, *version);
    if (tried.ok()) session.Print(*tried + "\n");
    session.Finish(tried.ok() ? absl::StatusOr<int>(0) : tried.status());
  });
}

}  // namespace roost::cli
