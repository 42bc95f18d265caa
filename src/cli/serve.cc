// roost serve

#include <thread>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/models.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "grpc/call_headers.h"
#include "grpc/handler.h"
#include "net/http_server.h"
#include "rest/routes.h"
#include "serving/model_manager.h"

namespace roost::cli {
namespace {

constexpr absl::Duration kDrainPatience = absl::Seconds(10);
constexpr absl::Duration kSignalPoll = absl::Milliseconds(50);

struct ServeOptions {
  std::vector<std::string> models;
  std::optional<std::string> host;
  std::optional<int64_t> port;
  std::optional<int64_t> threads;
};

net::ServerOptions ServerOptionsOf(const ServeOptions& options, const config::ServeConfig& config) {
  net::ServerOptions server;
  server.host = options.host.value_or(config.host);
  server.port = static_cast<uint16_t>(options.port.value_or(config.port));
  server.num_threads = static_cast<size_t>(options.threads.value_or(config.threads));
  return server;
}

/// gRPC and REST on one port, told apart by the content type.
net::Handler MakeHandler(const serving::ModelManager& models) {
  return [grpc = grpc::MakeHandler(models), rest = rest::MakeHandler(models)](const net::HttpRequest& request,
                                                                              net::HttpResponse& response) {
    const bool is_grpc = grpc::IsGrpcContentType(request.Header("content-type").value_or(""));
    (is_grpc ? grpc : rest)(request, response);
  };
}

void Announce(const std::string& url, const std::vector<api::ServableModel>& models, Session& session) {
  std::vector<std::string> names;
  for (const api::ServableModel& model : models) names.push_back(model.version.ToString());
  if (session.json()) {
    session.Print(ToLine(Json{{"url", url}, {"models", names}}) + "\n");
    return;
  }
  session.Print(fmt::format("serving {} at {}\n", fmt::join(names, ", "), url));
  session.Note(fmt::format("what a model takes: curl {}/v2/models/{}\nCtrl-C ends it", url, models[0].version.name));
}

absl::StatusOr<int> RunServe(const ServeOptions& options, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const std::vector<api::ServableModel> models, api::ModelsToServe(project, options.models));
  serving::ModelManager manager;
  for (const api::ServableModel& model : models) {
    TRY(Annotate(manager.Load(model.version.name, model.version.version, model.model_json, model.onnx),
                 model.version.ToString()));
  }
  const net::ServerOptions server_options = ServerOptionsOf(options, project.config().serve);
  TRY_ASSIGN(const auto server, net::HttpServer::Start(server_options, MakeHandler(manager)));
  const bool ipv6 = server_options.host.find(':') != std::string::npos;
  const std::string host = ipv6 ? fmt::format("[{}]", server_options.host) : server_options.host;
  Announce(fmt::format("http://{}:{}", host, server->port()), models, session);
  while (!InterruptCancellation().cancelled()) std::this_thread::sleep_for(absl::ToChronoMilliseconds(kSignalPoll));
  session.Note("finishing the requests that are under way");
  server->Drain(kDrainPatience);
  return 0;
}

}  // namespace

void AddServeCommand(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("serve", "Answer requests over HTTP and gRPC");
  auto options = std::make_shared<ServeOptions>();
  command->add_option("MODEL", options->models, "NAME or NAME@VERSION; default: the latest version of every model");
  command->add_option("-p,--port", options->port, "The port; 0 takes any free one; default: serve.port of roost.yaml")
      ->check(CLI::Range(0, 65535))
      ->type_name("PORT");
  command->add_option("--host", options->host, "A loopback name or address; default: serve.host of roost.yaml");
  command->add_option("--threads", options->threads, "0: one per core; default: serve.threads of roost.yaml")
      ->check(CLI::Range(0, 1024))
      ->type_name("NUMBER");
  command->footer("Ctrl-C or SIGTERM ends it after the requests that are under way.");
  command->callback([options, &session] { session.Finish(RunServe(*options, session)); });
}

}  // namespace roost::cli
