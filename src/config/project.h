#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/declared.h"
#include "train/linear.h"
#include "transform/transform.h"

namespace roost::config {

/// Which rows a model learns from and which it is measured on: the latest `evaluate_share` of the rows, by the time in
/// `column`, are kept from every fit.
struct SplitConfig {
  std::string column;
  double evaluate_share = 0.25;
};

enum class TrainerKind { kLinear };

/// How a model learns.
struct TrainerConfig {
  TrainerKind kind = TrainerKind::kLinear;
  double l2 = train::LinearOptions().l2;
  int64_t max_iterations = train::LinearOptions().max_iterations;
  double tolerance = train::LinearOptions().tolerance;
};

/// One model of the project.
struct ModelConfig {
  std::string name;
  std::string label;  ///< an expression that is true for the rows to find
  SplitConfig split;
  std::vector<transform::FeatureSpec> features;
  TrainerConfig trainer;
};

/// Where `roost serve` listens.
struct ServeConfig {
  std::string host = "127.0.0.1";
  int64_t port = 8080;
  int64_t threads = 0;
};

/// How to reach a bucket, where the AWS_* variables are not to say it. Empty: what they say.
struct S3Config {
  enum class Addressing { kAuto, kPath, kVirtual };

  std::string endpoint;  ///< "https://host:port"
  std::string region;
  Addressing addressing = Addressing::kAuto;  ///< where a URL names the bucket
};

/// Where the project's versions and models are kept; empty: in .roost/ beside roost.yaml.
struct WorkspaceConfig {
  std::string objects;   ///< a folder or an S3 URL
  std::string database;  ///< a PostgreSQL URL
  S3Config s3;
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
};

/// roost.yaml as values.
struct ProjectConfig {
  std::string project;
  std::string dataset;
  std::optional<ModelConfig> model;
  DataConfig data;
  ServeConfig serve;
  WorkspaceConfig workspace;
};

/// The one declaration of roost.yaml: parsing and the reference page (docs/roost-yaml.md) both come from it.
Declaration<ProjectConfig> DeclareProject();

/// `text` is the content of the file at `path`, which messages name. Expressions are parsed too, so that a mistake in
/// one is told with its line; columns are not looked up here.
absl::StatusOr<ProjectConfig> ParseProject(std::string_view text, std::string_view path);

}  // namespace roost::config
