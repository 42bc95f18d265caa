#include "config/project.h"

#include <fmt/format.h>

#include "base/status.h"
#include "config/serve.h"
#include "config/training_order.h"
#include "config/watch.h"

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

absl::Status ReadModels(const YamlNode& node, ProjectConfig& project) {
  if (!node.IsMap() || node.Members().empty()) return node.Error("want a mapping from the names of models");
  project.has_models_by_name = true;
  for (const YamlNode::Member& member : node.Members()) {
    if (const absl::Status bad = CheckName(member.name); !bad.ok()) return member.key.Error(std::string(bad.message()));
    ModelConfig model;
    TRY(DeclareModel(ModelNaming::kByMapping).keys()->Read(member.value, &model));
    model.name = member.name;
    project.models.push_back(std::move(model));
  }
  return absl::OkStatus();
}

/// What no single key says.
absl::Status CheckModels(ProjectConfig& project) {
  if (project.model.has_value() && !project.models.empty()) {
    return absl::InvalidArgumentError("there are 'model' and 'models': put the one among the others");
  }
  if (project.model.has_value()) {
    TRY(CheckModel(*project.model));
    project.models = {*project.model};
  }
  for (const ModelConfig& model : project.models) {
    if (const absl::Status bad = CheckModel(model); !bad.ok()) return Annotate(bad, fmt::format("'{}'", model.name));
  }
  if (project.models.size() == 1) project.model = project.models.front();
  return TrainingOrder(project.models).status();
}

absl::Status ReadProjectAssertions(const YamlNode& node, ProjectConfig& project) {
  TRY_ASSIGN(project.assertions, ReadAssertions(node));
  return absl::OkStatus();
}

}  // namespace

Declaration<ProjectConfig> DeclareProject() {
  using Addressing = S3Config::Addressing;
  Declaration<S3Config> s3;
  s3.Text("endpoint", &S3Config::endpoint,
          "the server, https://host or http://host:port; by default AWS_ENDPOINT_URL, else AWS itself",
          Presence::kOptional, CheckEndpoint)
      .Shaped(ValueShape::Text("^https?://"))
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
      .Shaped(ValueShape::Text("^(s3://|(?!.*://))"))
      .Text("database", &WorkspaceConfig::database,
            "the PostgreSQL database of names and models, postgresql://user@host/database "
            "(docs/storage-postgresql.md); by default the SQLite file .roost/metadata.sqlite",
            Presence::kOptional, CheckDatabaseUrl)
      .Shaped(ValueShape::Text("^postgres(ql)?://"))
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
      .Shaped(ValueShape::Text(kNamePattern))
      .Text("dataset", &ProjectConfig::dataset, "the dataset that models of this project learn from",
            Presence::kRequired, CheckName)
      .Shaped(ValueShape::Text(kNamePattern))
      .Section("model", &ProjectConfig::model, DeclareModel(),
               "the model that `roost train` makes; evaluate and predict take its name")
      .Custom(
          "models", "mapping from the names of models", "",
          "in place of `model`, where a project has several: the keys of `model` but `name` (docs/several-models.md)",
          Presence::kOptional, ReadModels)
      .Shaped(ValueShape::Named(ValueShape::Section(DeclareModel(ModelNaming::kByMapping).keys()), kNamePattern))
      .Section("data", &ProjectConfig::data, data, "how versions of datasets are made")
      .Custom("assert", "list", "",
              "facts that hold of every run, or it stops before it trains: expressions, or mappings (docs/config.md)",
              Presence::kOptional, ReadProjectAssertions, DeclareAssertion().keys())
      .Shaped(ValueShape::List(ValueShape::Section(DeclareAssertion().keys(), "that")))
      .Section("serve", &ProjectConfig::serve, DeclareServe(), "how models are served (docs/serve.md)")
      .Section("workspace", &ProjectConfig::workspace, workspace, "where versions and models are kept")
      .Section("signing", &ProjectConfig::signing, signing, "who vouches for versions of models (docs/signing.md)")
      .List("hooks", &ProjectConfig::hooks, DeclareHook(), "who is told of what happens (docs/hooks.md)")
      .Custom(
          "watch", "section", "", "continuous training by `roost watch` (docs/watch.md)", Presence::kOptional,
          [](const YamlNode& node, ProjectConfig&) {
            WatchConfig unused;  // who watches reads it by ParseWatch
            return DeclareWatch().keys()->Read(node, &unused);
          },
          DeclareWatch().keys())
      .Shaped(ValueShape::Section(DeclareWatch().keys()));
  return project;
}

absl::StatusOr<ProjectConfig> ParseProject(std::string_view text, std::string_view path) {
  TRY_ASSIGN(ProjectConfig project, DeclareProject().Parse(text, path));
  if (const absl::Status bad = CheckModels(project); !bad.ok()) return Annotate(bad, path);
  if (const absl::Status bad = CheckHooks(project.hooks); !bad.ok()) return Annotate(bad, path);
  return project;
}

const ModelConfig* ProjectConfig::FindModel(std::string_view reference) const {
  for (const ModelConfig& candidate : models) {
    if (candidate.name == ModelNameIn(reference)) return &candidate;
  }
  return model.has_value() ? &*model : nullptr;
}

}  // namespace roost::config
