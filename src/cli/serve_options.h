#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "config/project.h"

namespace CLI {
class App;
}

namespace roost::cli {

/// The flags of `roost serve`.
struct ServeOptions {
  std::vector<std::string> models;
  std::optional<std::string> model_dir;
  std::string model_name;
  std::optional<std::string> host;
  std::optional<int64_t> port;
  std::optional<int64_t> threads;
  std::optional<std::string> tls_certificate;
  std::optional<std::string> tls_key;
  std::optional<std::string> tls_client_ca;
  std::optional<std::string> tokens;
  std::optional<std::string> access_log;
  bool allow_anonymous = false;
  bool allow_plaintext = false;
  bool mlflow = false;
};

/// Adds them to the command.
void AddServeOptions(CLI::App& command, ServeOptions& options);

/// `config` with what the flags say in its place. InvalidArgument for a certificate without its key, and the like.
absl::StatusOr<config::ServeConfig> WithFlags(config::ServeConfig config, const ServeOptions& options);

}  // namespace roost::cli
