#include "cli/serve_options.h"

#include <CLI/CLI.hpp>

#include "base/status.h"

namespace roost::cli {
namespace {

void AddAddressOptions(CLI::App& command, ServeOptions& options) {
  command.add_option("-p,--port", options.port, "The port; 0 takes any free one; default: serve.port of roost.yaml")
      ->check(CLI::Range(0, 65535))
      ->type_name("PORT");
  command.add_option("--host", options.host, "Name or address to listen on; default: serve.host of roost.yaml");
  command.add_option("--threads", options.threads, "0: one per core; default: serve.threads of roost.yaml")
      ->check(CLI::Range(0, 1024))
      ->type_name("NUMBER");
}

void AddAccessOptions(CLI::App& command, ServeOptions& options) {
  command.add_option("--tls-certificate", options.tls_certificate, "The server's certificate (PEM), for TLS")
      ->type_name("FILE");
  command.add_option("--tls-key", options.tls_key, "Its key (PEM)")->type_name("FILE");
  command.add_option("--tls-client-ca", options.tls_client_ca, "Only clients with a certificate of these authorities")
      ->type_name("FILE");
  command.add_option("--tokens", options.tokens, "Tokens that 'roost token export' wrote, not the workspace's")
      ->type_name("FILE");
  command.add_flag("--allow-anonymous", options.allow_anonymous, "Callers without a token too, also from elsewhere");
  command.add_flag("--allow-plaintext", options.allow_plaintext, "Other addresses than loopback without TLS");
}

}  // namespace

void AddServeOptions(CLI::App& command, ServeOptions& options) {
  command.add_option("MODEL", options.models,
                     "NAME, NAME@VERSION or NAME@ALIAS; default: every model, as serve.models says");
  CLI::Option* model_dir =
      command.add_option("--model-dir", options.model_dir, "Serve a folder of models, without a project")
          ->type_name("DIR");
  command.add_option("--model-name", options.model_name, "DIR holds this one model: its files, or its versions")
      ->needs(model_dir)
      ->type_name("NAME");
  AddAddressOptions(command, options);
  AddAccessOptions(command, options);
  command
      .add_option("--access-log", options.access_log,
                  "A line for each request; - is stderr; default: serve.access_log of roost.yaml")
      ->type_name("FILE");
  command.add_flag("--mlflow", options.mlflow, "Answer MLflow's clients too: the models and aliases of the workspace")
      ->excludes(model_dir);
}

absl::StatusOr<config::ServeConfig> WithFlags(config::ServeConfig config, const ServeOptions& options) {
  config.host = options.host.value_or(config.host);
  config.port = options.port.value_or(config.port);
  config.threads = options.threads.value_or(config.threads);
  config.tokens = options.tokens.value_or(config.tokens);
  config.access_log = options.access_log.value_or(config.access_log);
  if (options.allow_anonymous) config.anonymous = true;
  if (options.allow_plaintext) config.plaintext = true;
  config::TlsFiles tls = config.tls.value_or(config::TlsFiles());
  tls.certificate = options.tls_certificate.value_or(tls.certificate);
  tls.key = options.tls_key.value_or(tls.key);
  tls.client_ca = options.tls_client_ca.value_or(tls.client_ca);
  if (tls == config::TlsFiles()) return config;
  if (tls.certificate.empty() || tls.key.empty()) {
    return WithHint(absl::InvalidArgumentError("TLS needs the server's certificate and its key"),
                    "name both: --tls-certificate FILE --tls-key FILE");
  }
  config.tls = tls;
  return config;
}

}  // namespace roost::cli
