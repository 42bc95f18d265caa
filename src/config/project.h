#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/declared.h"
#include "config/assertions.h"
#include "config/hooks.h"
#include "config/model.h"

namespace roost::config {

/// Which versions of a model are served: all that any of these names.
struct ServedVersions {
  int64_t latest = 0;
  bool all = false;
  std::vector<int64_t> versions;
  std::vector<std::string> aliases;
};

/// How requests to a model on the workers are merged and wait; serving::BatchingOptions says more.
struct BatchingConfig {
  int64_t max_batch_size = 64;
  std::vector<int64_t> preferred_batch_size;  ///< ascending
  int64_t max_queue_delay_microseconds = 0;
  int64_t max_queue_size = 0;
  int64_t default_timeout_microseconds = 0;
};

/// How one model is served.
struct ServedModel {
  enum class Queue { kAuto, kInline, kWorkers };

  ServedVersions versions{.latest = 1};
  Queue queue = Queue::kAuto;
  BatchingConfig batching;
  int64_t intra_op_threads = 1;
};

/// PEM files of a server under TLS.
struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string client_ca;  ///< empty: clients show no certificate

  friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
};

/// How often a consumer may call. Without `per_second` there is no limit, without `burst` it is as many.
struct RateLimits {
  std::optional<double> per_second;
  std::optional<double> burst;
};

struct ConsumerConfig : RateLimits {
  std::optional<std::string> certificate;  ///< role of whoever shows a certificate of this name; empty: none
};

/// Where `roost serve` listens, whom it answers, and what it serves.
struct ServeConfig {
  std::string host = "127.0.0.1";
  int64_t port = 8080;
  int64_t threads = 0;
  std::optional<TlsFiles> tls;
  std::string tokens;             ///< a file of exported tokens; empty: those of the workspace
  std::optional<bool> anonymous;  ///< whether callers need no token; empty: on a loopback address
  bool plaintext = false;
  std::vector<std::string> hosts;
  RateLimits rate;
  std::map<std::string, ConsumerConfig> consumers;
  std::map<std::string, ServedModel> models;  ///< of models not named here, the latest version
  int64_t workers = 0;
  int64_t max_queue_ms = 100;
  double watch_seconds = 1;
  int64_t memory_mb = 0;
  bool evict = false;
  std::string access_log;  ///< a file, relative to the project; "-": stderr; "": none
  double access_log_sample = 1;
};

/// How to reach a bucket, where the AWS_* variables are not to say it. Empty: what they say.
struct S3Config {
  enum class Addressing { kAuto, kPath, kVirtual };

  std::string endpoint;  ///< "https://host:port"
  std::string region;
  Addressing addressing = Addressing::kAuto;  ///< where a URL names the bucket

  friend bool operator==(const S3Config&, const S3Config&) = default;
};

/// Where the project's versions and models are kept; empty: in .roost/ beside roost.yaml.
struct WorkspaceConfig {
  std::string objects;   ///< a folder or an S3 URL
  std::string database;  ///< a PostgreSQL URL
  S3Config s3;

  friend bool operator==(const WorkspaceConfig&, const WorkspaceConfig&) = default;
};

/// What happens to rows that break their dataset's schema.
enum class DataGate {
  kRefuse,  ///< where there are errors, no version is made
  kWarn,    ///< the anomalies are told, the version is made
  kOff,     ///< nothing is checked
};

/// How versions are made.
struct DataConfig {
  DataGate gate = DataGate::kRefuse;
  std::vector<std::string> source;  ///< of `roost run`: paths and globs, relative to the project; empty: none
};

/// Who vouches for versions of models: PEM files, relative to the project.
struct SigningConfig {
  std::string key;                       ///< the private key that signs what is registered; empty: nothing is signed
  std::vector<std::string> public_keys;  ///< whose versions are loaded; empty: all are, signed or not
};

/// roost.yaml as values.
struct ProjectConfig {
  std::string project;
  std::string dataset;
  std::vector<ModelConfig> models;   ///< of `model:` or `models:`, as they stand there
  bool has_models_by_name = false;   ///< they stand under `models:`
  std::optional<ModelConfig> model;  ///< the one that commands are about; of several none, until one is selected
  DataConfig data;
  std::vector<Assertion> assertions;
  ServeConfig serve;
  WorkspaceConfig workspace;
  SigningConfig signing;
  std::vector<HookConfig> hooks;

  /// The model that `reference` (NAME or NAME@VERSION) names; where none has that name, `model`; null where that is
  /// empty.
  const ModelConfig* FindModel(std::string_view reference) const;
};

/// The one declaration of roost.yaml: parsing and the reference page (docs/roost-yaml.md) both come from it.
Declaration<ProjectConfig> DeclareProject();

/// `text` is the content of the file at `path`, which messages name. Expressions are parsed too, so that a mistake in
/// one is told with its line; columns are not looked up here.
absl::StatusOr<ProjectConfig> ParseProject(std::string_view text, std::string_view path);

}  // namespace roost::config
