#include "config/project.h"

#include <fmt/format.h>

#include "base/status.h"
#include "config/serve.h"

namespace roost::config {
namespace {

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

}  // namespace

Declaration<ProjectConfig> DeclareProject() {
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
              "and makes it, `off` does not look")
      .Texts("source", &DataConfig::source,
             "where `roost run` takes the dataset from: paths and globs, relative to this file; together they are the "
             "whole table (docs/run.md)");
  Declaration<SigningConfig> signing;
  signing
      .Text("key", &SigningConfig::key,
            "PEM file, relative to the project, with the private key (ECDSA) that signs every version when it is "
            "registered")
      .Texts("public_keys", &SigningConfig::public_keys,
             "PEM files, relative to the project: a version that none of these keys has signed is neither loaded, "
             "served nor promoted");
  Declaration<ProjectConfig> project;
  project.Text("project", &ProjectConfig::project, "the project's name", Presence::kRequired, CheckName)
      .Text("dataset", &ProjectConfig::dataset, "the dataset that models of this project learn from",
            Presence::kRequired, CheckName)
      .Section("model", &ProjectConfig::model, DeclareModel(),
               "the model that `roost train` makes; evaluate and predict take its name")
      .Section("data", &ProjectConfig::data, data, "how versions of datasets are made")
      .Section("serve", &ProjectConfig::serve, DeclareServe(), "how models are served (docs/serve.md)")
      .Section("workspace", &ProjectConfig::workspace, workspace, "where versions and models are kept")
      .Section("signing", &ProjectConfig::signing, signing, "who vouches for versions of models (docs/signing.md)")
      .List("hooks", &ProjectConfig::hooks, DeclareHook(), "who is told of what happens (docs/hooks.md)");
  return project;
}

absl::StatusOr<ProjectConfig> ParseProject(std::string_view text, std::string_view path) {
  TRY_ASSIGN(ProjectConfig project, DeclareProject().Parse(text, path));
  if (project.model.has_value()) {
    if (const absl::Status bad = CheckModel(*project.model); !bad.ok()) return Annotate(bad, path);
  }
  if (const absl::Status bad = CheckHooks(project.hooks); !bad.ok()) return Annotate(bad, path);
  return project;
}

}  // namespace roost::config
