#include "config/project.h"

#include <fmt/format.h>

#include "expr/expression.h"

namespace roost::config {
namespace {

// The first letter, then letters, digits, dots, dashes and underscores: what the store and URLs take as a name.
absl::Status CheckName(const std::string& name) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
      "._-";
  const bool good = !name.empty() && name.size() <= 100 && name.find_first_not_of(kAllowed) == std::string::npos &&
                    name.find_first_of("._-") != 0;
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("'{}' is no name: want up to 100 letters, digits, '.', '_' and '-', a letter or digit first", name));
}

absl::Status CheckExpression(const std::string& text) { return expr::Expression::Parse(text).status(); }

absl::Status CheckDatabaseUrl(const std::string& url) {
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) return absl::OkStatus();
  return absl::InvalidArgumentError("no URL of a PostgreSQL database: want postgresql://user@host:port/database");
}

absl::Status CheckObjects(const std::string& place) {
  if (place.find("://") == std::string::npos || place.starts_with("s3://")) return absl::OkStatus();
  return absl::InvalidArgumentError("no place for objects: want a folder or s3://bucket/prefix");
}

absl::Status CheckEndpoint(const std::string& url) {
  if (url.starts_with("https://") || url.starts_with("http://")) return absl::OkStatus();
  return absl::InvalidArgumentError("no endpoint of an S3 server: want https://host or http://host:port");
}

Declaration<transform::FeatureSpec> DeclareFeature() {
  using transform::FeatureSpec;
  using transform::Operation;
  std::vector<std::pair<std::string, std::optional<Operation>>> operations;
  for (const Operation operation : {Operation::kStandardize, Operation::kBucketize, Operation::kOneHot,
                                    Operation::kHour, Operation::kWeekday, Operation::kMonth}) {
    operations.emplace_back(std::string(transform::OperationName(operation)), operation);
  }
  Declaration<FeatureSpec> feature;
  feature.Text("column", &FeatureSpec::column, "the column of the dataset", Presence::kRequired)
      .Choice("use", &FeatureSpec::use, std::move(operations), "what the feature does with it (docs/features.md)",
              Presence::kRequired)
      .Integer("buckets", &FeatureSpec::buckets, {.min = 2, .max = 100}, "`bucketize`: at most that many buckets")
      .Integer("top", &FeatureSpec::top, {.min = 1, .max = 100'000}, "`one_hot`: at most that many words")
      .Integer("min_count", &FeatureSpec::min_count, {.min = 1}, "`one_hot`: words that came less often are unknown")
      .Integer("unknown_buckets", &FeatureSpec::unknown_buckets, {.min = 1, .max = 1000},
               "`one_hot`: unknown words are spread over that many by their hash");
  return feature;
}

Declaration<ModelConfig> DeclareModel() {
  Declaration<SplitConfig> split;
  split.Text("column", &SplitConfig::column, "a time column", Presence::kRequired)
      .Number("evaluate_share", &SplitConfig::evaluate_share, {.min = 0.01, .max = 0.9},
              "the latest share of the rows: kept from every fit, used to evaluate");
  Declaration<TrainerConfig> trainer;
  trainer
      .Choice("kind", &TrainerConfig::kind, {{"linear", TrainerKind::kLinear}},
              "`linear`: logistic regression, solved by Newton's method")
      .Number("l2", &TrainerConfig::l2, {.min = 0, .max = 1e9},
              "penalty on the squared weights (half of it times their sum; scikit-learn's C is 1/l2)")
      .Integer("max_iterations", &TrainerConfig::max_iterations, {.min = 1, .max = 10'000}, "steps at most")
      .Number("tolerance", &TrainerConfig::tolerance, {.min = 1e-14, .max = 1},
              "done when no entry of the mean gradient is larger");
  Declaration<ModelConfig> model;
  model.Text("name", &ModelConfig::name, "the model's name", Presence::kRequired, CheckName)
      .Text("label", &ModelConfig::label, "an expression, true for the rows to find (docs/expressions.md)",
            Presence::kRequired, CheckExpression)
      .Section("split", &ModelConfig::split, split, "which rows are for training, which for evaluation",
               Presence::kRequired)
      .List("features", &ModelConfig::features, DeclareFeature(), "what the model sees of a row", Presence::kRequired)
      .Section("trainer", &ModelConfig::trainer, trainer, "how the model learns");
  return model;
}

}  // namespace

Declaration<ProjectConfig> DeclareProject() {
  Declaration<ServeConfig> serve;
  serve.Text("host", &ServeConfig::host, "the address to listen on; a loopback address")
      .Integer("port", &ServeConfig::port, {.min = 0, .max = 65535}, "the port; 0 takes any free one")
      .Integer("threads", &ServeConfig::threads, {.min = 0, .max = 1024}, "0: one per core");
  using Addressing = S3Config::Addressing;
  Declaration<S3Config> s3;
  s3.Text("endpoint", &S3Config::endpoint,
          "the server, https://host or http://host:port; by default AWS_ENDPOINT_URL, else AWS itself",
          Presence::kOptional, CheckEndpoint)
      .Text("region", &S3Config::region, "the bucket's region; by default AWS_REGION, else it is asked for")
      .Choice("addressing", &S3Config::addressing,
              {{"auto", Addressing::kAuto}, {"path", Addressing::kPath}, {"virtual", Addressing::kVirtual}},
              "where requests name the bucket: `path` is host/bucket/key, `virtual` is bucket.host/key; `auto` takes "
              "`path` with an endpoint");
  Declaration<WorkspaceConfig> workspace;
  workspace
      .Text("objects", &WorkspaceConfig::objects,
            "where the stored data lies: a folder, for example one that several machines mount, or s3://bucket/prefix "
            "(docs/storage.md); by default .roost/objects",
            Presence::kOptional, CheckObjects)
      .Text("database", &WorkspaceConfig::database,
            "the PostgreSQL database of names and models, postgresql://user@host/database "
            "(docs/storage-postgresql.md); by default the SQLite file .roost/metadata.sqlite",
            Presence::kOptional, CheckDatabaseUrl)
      .Section("s3", &WorkspaceConfig::s3, s3, "how to reach the bucket of `objects`");
  Declaration<DataConfig> data;
  data.Choice("gate", &DataConfig::gate,
              {{"refuse", DataGate::kRefuse}, {"warn", DataGate::kWarn}, {"off", DataGate::kOff}},
              "rows that break their dataset's schema: `refuse` makes no version where there are errors, `warn` tells "
              "and makes it, `off` does not look");
  Declaration<ProjectConfig> project;
  project.Text("project", &ProjectConfig::project, "the project's name", Presence::kRequired, CheckName)
      .Text("dataset", &ProjectConfig::dataset, "the dataset that models of this project learn from",
            Presence::kRequired, CheckName)
      .Section("model", &ProjectConfig::model, DeclareModel(),
               "the model that `roost train` makes; evaluate and predict take its name")
      .Section("data", &ProjectConfig::data, data, "how versions of datasets are made")
      .Section("serve", &ProjectConfig::serve, serve, "how models are served")
      .Section("workspace", &ProjectConfig::workspace, workspace, "where versions and models are kept");
  return project;
}

absl::StatusOr<ProjectConfig> ParseProject(std::string_view text, std::string_view path) {
  return DeclareProject().Parse(text, path);
}

}  // namespace roost::config
