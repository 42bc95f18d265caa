#include "config/serve.h"

#include <algorithm>

#include "base/status.h"

namespace roost::config {
namespace {

constexpr int64_t kMaxVersions = 1'000;  // of one model, in memory at once

absl::Status ReadNumbers(const YamlNode& node, ServedVersions& served) {
  if (!node.IsList() || node.Elements().empty()) return node.Error("want a list with one version number or more");
  for (const YamlNode& element : node.Elements()) {
    TRY_ASSIGN(const int64_t version, ReadInteger(element, {.min = 1}));
    if (std::find(served.versions.begin(), served.versions.end(), version) != served.versions.end()) {
      return element.Error("this version is named twice");
    }
    served.versions.push_back(version);
  }
  return absl::OkStatus();
}

Declaration<ServedVersions> DeclareVersions() {
  Declaration<ServedVersions> versions;
  versions.Integer("latest", &ServedVersions::latest, {.min = 1, .max = kMaxVersions}, "so many of the newest")
      .Custom("numbers", "list of whole numbers", "", "these versions", Presence::kOptional, ReadNumbers)
      .Texts("aliases", &ServedVersions::aliases, "the versions that these aliases point at");
  return versions;
}

struct ServedModel {
  ServedVersions versions{.latest = 1};
};

absl::Status ReadVersions(const YamlNode& node, ServedModel& model) {
  model.versions = {};
  if (node.IsScalar() && node.scalar() == "all") {
    model.versions.all = true;
    return absl::OkStatus();
  }
  if (node.IsList()) return ReadNumbers(node, model.versions);
  if (!node.IsMap() || node.Members().empty()) {
    return node.Error("want all, a list of version numbers, or a mapping with latest, numbers or aliases");
  }
  return DeclareVersions().keys()->Read(node, &model.versions);
}

Declaration<ServedModel> DeclareServedModel() {
  Declaration<ServedModel> model;
  model.Custom("versions", "`all`, a list of numbers, or a mapping", "{latest: 1}",
               "which versions are served: all that any of its keys names", Presence::kOptional, ReadVersions,
               DeclareVersions().keys());
  return model;
}

absl::Status ReadModels(const YamlNode& node, ServeConfig& serve) {
  if (!node.IsMap() || node.Members().empty()) return node.Error("want a mapping from the names of models");
  for (const YamlNode::Member& member : node.Members()) {
    if (const absl::Status bad = CheckName(member.name); !bad.ok()) return member.key.Error(std::string(bad.message()));
    ServedModel model;
    TRY(DeclareServedModel().keys()->Read(member.value, &model));
    serve.models[member.name] = std::move(model.versions);
  }
  return absl::OkStatus();
}

}  // namespace

Declaration<ServeConfig> DeclareServe() {
  Declaration<ServeConfig> serve;
  serve.Text("host", &ServeConfig::host, "the address to listen on; a loopback address")
      .Integer("port", &ServeConfig::port, {.min = 0, .max = 65535}, "the port; 0 takes any free one")
      .Integer("threads", &ServeConfig::threads, {.min = 0, .max = 1024}, "0: one per core")
      .Custom("models", "mapping from the names of models", "",
              "which versions of a model are served; of models that are not named here the latest", Presence::kOptional,
              ReadModels, DeclareServedModel().keys())
      .Number("watch_seconds", &ServeConfig::watch_seconds, {.min = 0.05, .max = 86'400},
              "how often the server looks for new versions and moved aliases")
      .Integer("memory_mb", &ServeConfig::memory_mb, {.min = 0, .max = 1'000'000'000},
               "for all models together, in MB; 0: no limit")
      .Flag("evict", &ServeConfig::evict,
            "whether a new version may push the least recently used ones of other models out of `memory_mb`")
      .Text("access_log", &ServeConfig::access_log,
            "the file of the access log, relative to the project; `-` for stderr; by default there is none")
      .Number("access_log_sample", &ServeConfig::access_log_sample, {.min = 0, .max = 1},
              "the share of requests without an error that is logged");
  return serve;
}

}  // namespace roost::config
