#include "api/consumers.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "access/token.h"
#include "api/lineage.h"
#include "api/tokens.h"
#include "base/status.h"

namespace roost::api {
namespace {

std::map<std::string, Consumer> DeclaredOf(const Project& project, const std::string& model) {
  std::map<std::string, Consumer> consumers;
  for (const config::ModelConfig& config : project.config().models) {
    if (config.name != model) continue;
    for (const auto& [name, declared] : config.consumers) {
      consumers[name] = {.name = name, .declared = declared, .roles = {}};
    }
  }
  return consumers;
}

void AddRole(std::map<std::string, Consumer>& consumers, const std::string& name, const std::string& role) {
  Consumer& consumer = consumers[name];
  consumer.name = name;
  if (std::find(consumer.roles.begin(), consumer.roles.end(), role) == consumer.roles.end()) {
    consumer.roles.push_back(role);
  }
}

std::vector<Consumer> ValuesOf(std::map<std::string, Consumer> consumers) {
  std::vector<Consumer> values;
  for (auto& [name, consumer] : consumers) values.push_back(std::move(consumer));
  return values;
}

// Whether it was trained from one of `versions`, or takes the score of one as a column.
bool Takes(const ModelOrigin& origin, const std::set<std::string>& versions) {
  if (versions.contains(origin.Parent())) return true;
  const std::vector<ScoreUse> scores = ScoresIn(origin);
  return std::any_of(scores.begin(), scores.end(),
                     [&](const ScoreUse& use) { return versions.contains(use.score_of); });
}

// Versions that came of one of `roots`, roots left out, by name and number.
absl::StatusOr<std::vector<std::string>> CameOf(Project& project, std::set<std::string> roots,
                                                const std::string& model_left_out) {
  TRY_ASSIGN(const std::vector<ModelOrigin> all, ModelOrigins(project));
  std::set<std::string> reached = std::move(roots);
  std::set<std::string> found;
  for (bool grows = true; grows;) {
    grows = false;
    for (const ModelOrigin& origin : all) {
      const std::string name = origin.version.ToString();
      if (!Takes(origin, reached) || !reached.insert(name).second) continue;
      found.insert(name);
      grows = true;
    }
  }
  std::vector<std::string> names;
  for (const ModelOrigin& origin : all) {
    const std::string name = origin.version.ToString();
    if (found.contains(name) && origin.version.name != model_left_out) names.push_back(name);
  }
  return names;
}

}  // namespace

absl::StatusOr<ModelUse> UseOfModel(Project& project, const std::string& model, absl::Time now) {
  TRY_ASSIGN(const std::vector<registry::ModelVersion> versions, project.registry().List(model));
  if (versions.empty()) return project.registry().Resolve(model).status();
  ModelUse use{.model = model};
  std::map<std::string, Consumer> consumers = DeclaredOf(project, model);
  TRY_ASSIGN(const std::vector<TokenDescription> tokens, ListTokens(project));
  for (const TokenDescription& description : tokens) {
    if (!description.token.IsActive(now)) continue;
    AddRole(consumers, description.token.consumer, std::string(access::RoleName(description.token.role)));
  }
  for (const auto& [name, consumer] : project.config().serve.consumers) {
    if (consumer.certificate.has_value()) AddRole(consumers, name, *consumer.certificate + " (certificate)");
  }
  use.consumers = ValuesOf(std::move(consumers));
  std::set<std::string> roots;
  for (const registry::ModelVersion& version : versions) roots.insert(version.ToString());
  TRY_ASSIGN(use.dependents, CameOf(project, std::move(roots), model));
  return use;
}

absl::StatusOr<Touched> TouchedBy(Project& project, const registry::ModelVersion& version) {
  Touched touched{.consumers = ValuesOf(DeclaredOf(project, version.name))};
  TRY_ASSIGN(touched.dependents, CameOf(project, {version.ToString()}, version.name));
  return touched;
}

Json ToJson(const Consumer& consumer) {
  Json json{{"consumer", consumer.name}, {"declared", consumer.declared.has_value()}};
  if (consumer.declared.has_value()) {
    json.update({{"contact", consumer.declared->contact}, {"why", consumer.declared->why}});
  }
  json["roles"] = consumer.roles;
  return json;
}

Json ToJson(const Touched& touched) {
  Json consumers = Json::array();
  for (const Consumer& consumer : touched.consumers) {
    consumers.push_back(
        {{"consumer", consumer.name}, {"contact", consumer.declared->contact}, {"why", consumer.declared->why}});
  }
  return {{"consumers", std::move(consumers)}, {"models", touched.dependents}};
}

}  // namespace roost::api
