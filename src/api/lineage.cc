#include "api/lineage.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "api/environment.h"
#include "base/json_members.h"
#include "base/status.h"
#include "pipeline/step.h"
#include "registry/run_log.h"
#include "store/dataset_ref.h"
#include "store/erasure_record.h"

namespace roost::api {
namespace {

constexpr size_t kLeastDigits = 6;  // of a digest

using AliasesOf = std::map<std::string, std::vector<std::string>>;  // by version

absl::StatusOr<AliasesOf> AllAliases(Project& project) {
  TRY_ASSIGN(const std::vector<registry::AliasMove> moves, project.registry().aliases().CurrentOfAll());
  AliasesOf aliases;
  for (const registry::AliasMove& move : moves) {
    aliases[fmt::format("{}@{}", move.model, move.to)].push_back(move.alias);
  }
  return aliases;
}

std::vector<std::string> AliasesAt(const AliasesOf& aliases, const registry::ModelVersion& version) {
  const auto found = aliases.find(version.ToString());
  return found == aliases.end() ? std::vector<std::string>() : found->second;
}

// Adds what was trained from `parent`, each before what was trained from it. A parent is older than its children, so
// there is no circle.
void AddDescendants(const std::vector<ModelOrigin>& all, const std::string& parent, int depth, const AliasesOf& aliases,
                    std::set<std::string>& seen, std::vector<Descendant>& descendants) {
  for (const ModelOrigin& origin : all) {
    if (origin.Parent() != parent || !seen.insert(origin.version.ToString()).second) continue;
    descendants.push_back({origin, depth, AliasesAt(aliases, origin.version)});
    AddDescendants(all, origin.version.ToString(), depth + 1, aliases, seen, descendants);
  }
}

absl::StatusOr<std::vector<registry::StepRecord>> TrainSteps(Project& project) {
  TRY_ASSIGN(const registry::RunLog log, registry::RunLog::Open(project.store().database()));
  return log.StepsNamed(project.config().project, std::string(pipeline::StepName(pipeline::Step::kTrain)));
}

// "late-flights@2", which the step made or took; "" where it did not.
absl::StatusOr<std::string> ModelOf(const registry::StepRecord& step) {
  TRY_ASSIGN(const Json work, ParseJson(step.output, fmt::format("step {} of run {}", step.step, step.run)));
  const Json output = work.is_object() ? work.value("output", Json()) : Json();
  return output.is_object() ? TextMember(output, "model") : std::string();
}

}  // namespace

std::string ModelOrigin::Parent() const { return TextMember(lineage, "parent"); }

std::vector<ScoreUse> ScoresIn(const ModelOrigin& origin) {
  std::vector<ScoreUse> uses;
  const auto scores = origin.lineage.find("scores");
  if (scores == origin.lineage.end() || !scores->is_object()) return uses;
  for (const auto& [column, taken] : scores->items()) {
    const std::string model = taken.is_object() ? TextMember(taken, "model") : "";
    if (!model.empty()) uses.push_back({origin.version, column, model});
  }
  return uses;
}

absl::StatusOr<ModelOrigin> OriginOf(Project& project, const registry::ModelVersion& version) {
  ModelOrigin origin{.version = version, .lineage = Json::object()};
  const absl::StatusOr<std::string> text = project.registry().LoadPart(version, registry::kLineagePart);
  if (absl::IsNotFound(text.status())) return origin;
  TRY(text.status());
  TRY_ASSIGN(origin.lineage, ParseJson(*text, fmt::format("the lineage of {}", version.ToString())));
  if (origin.lineage.is_object()) return origin;
  return absl::DataLossError(fmt::format("the lineage of {} is no JSON object", version.ToString()));
}

absl::StatusOr<std::vector<ModelOrigin>> ModelOrigins(Project& project) {
  TRY_ASSIGN(const std::vector<registry::ModelVersion> versions, project.registry().List());
  std::vector<ModelOrigin> origins;
  for (const registry::ModelVersion& version : versions) {
    TRY_ASSIGN(ModelOrigin origin, OriginOf(project, version));
    origins.push_back(std::move(origin));
  }
  return origins;
}

absl::StatusOr<ModelLineage> LineageOfModel(Project& project, const std::string& reference) {
  TRY_ASSIGN(const registry::ModelVersion version, project.registry().Resolve(reference));
  TRY_ASSIGN(const std::vector<ModelOrigin> all, ModelOrigins(project));
  TRY_ASSIGN(const AliasesOf aliases, AllAliases(project));
  const auto find = [&](const std::string& name) {
    return std::find_if(all.begin(), all.end(), [&](const ModelOrigin& one) { return one.version.ToString() == name; });
  };
  const auto self = find(version.ToString());
  if (self == all.end()) return absl::NotFoundError(fmt::format("{} was deleted meanwhile", version.ToString()));
  ModelLineage lineage{.model = *self, .aliases = AliasesAt(aliases, version)};
  std::set<std::string> seen{version.ToString()};
  for (auto parent = find(self->Parent()); parent != all.end(); parent = find(parent->Parent())) {
    if (!seen.insert(parent->version.ToString()).second) break;  // no training makes a circle; bad bytes might
    lineage.ancestors.push_back(*parent);
  }
  TRY_ASSIGN(lineage.environment, LoadEnvironment(project, version));
  TRY_ASSIGN(const std::vector<registry::StepRecord> steps, TrainSteps(project));
  for (const registry::StepRecord& step : steps) {
    TRY_ASSIGN(const std::string model, ModelOf(step));
    if (model == version.ToString()) lineage.runs.push_back(step.run);
  }
  AddDescendants(all, version.ToString(), 1, aliases, seen, lineage.descendants);
  lineage.scores = ScoresIn(*self);
  for (const ModelOrigin& origin : all) {
    for (ScoreUse& use : ScoresIn(origin)) {
      if (use.score_of == version.ToString()) lineage.score_takers.push_back(std::move(use));
    }
  }
  return lineage;
}

absl::StatusOr<RelatedModels> LineageOfSchema(Project& project, const std::string& digest) {
  const bool is_hex = digest.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (digest.size() < kLeastDigits || digest.size() > 64 || !is_hex) {
    return WithHint(
        absl::InvalidArgumentError(fmt::format("'{}' is no beginning of a schema's digest", digest)),
        fmt::format("Write {} hexadecimal digits or more; 'roost model lineage NAME' shows them.", kLeastDigits));
  }
  TRY_ASSIGN(const std::vector<ModelOrigin> all, ModelOrigins(project));
  TRY_ASSIGN(const AliasesOf aliases, AllAliases(project));
  RelatedModels related{.of = fmt::format("the schema {}", digest)};
  for (const ModelOrigin& origin : all) {
    TRY_ASSIGN(const Json environment, LoadEnvironment(project, origin.version));
    const Json schema = environment.is_object() ? environment.value("schema", Json()) : Json();
    if (!schema.is_object() || !TextMember(schema, "digest").starts_with(digest)) continue;
    related.models.push_back({origin, 0, AliasesAt(aliases, origin.version)});
  }
  if (!related.models.empty()) return related;
  return absl::NotFoundError(fmt::format("no model was trained under a schema {}", digest));
}

absl::StatusOr<RelatedModels> LineageOfRun(Project& project, int64_t run) {
  TRY_ASSIGN(const registry::RunLog log, registry::RunLog::Open(project.store().database()));
  TRY(log.Find(project.config().project, run).status());
  TRY_ASSIGN(const std::vector<registry::StepRecord> steps, TrainSteps(project));
  TRY_ASSIGN(const std::vector<ModelOrigin> all, ModelOrigins(project));
  TRY_ASSIGN(const AliasesOf aliases, AllAliases(project));
  RelatedModels related{.of = fmt::format("run {}", run)};
  for (const registry::StepRecord& step : steps) {
    if (step.run != run) continue;
    TRY_ASSIGN(const std::string model, ModelOf(step));
    for (const ModelOrigin& origin : all) {
      if (origin.version.ToString() != model) continue;
      related.models.push_back({origin, 0, AliasesAt(aliases, origin.version)});
    }
  }
  return related;
}

absl::StatusOr<DatasetLineage> LineageOfDataset(Project& project, const std::string& reference) {
  TRY_ASSIGN(const store::DatasetRef ref, store::ParseDatasetRef(reference));
  TRY_ASSIGN(const store::CommitInfo info, project.store().Resolve(ref));
  // Models know a version by the commit that it had when they were trained.
  TRY_ASSIGN(const store::RewrittenCommits rewritten, store::RewrittenCommitsOf(project.store().database(), ref.name));
  std::set<std::string> commits{info.digest.ToHex()};
  for (const Digest& before : rewritten.Before(info.digest)) commits.insert(before.ToHex());
  TRY_ASSIGN(const std::vector<ModelOrigin> all, ModelOrigins(project));
  TRY_ASSIGN(const AliasesOf aliases, AllAliases(project));
  DatasetLineage lineage{.dataset = info.Name()};
  std::set<std::string> seen;
  for (const ModelOrigin& origin : all) {
    const bool is_trained_on = commits.contains(TextMember(origin.lineage, "dataset_digest"));
    if (!is_trained_on || !seen.insert(origin.version.ToString()).second) continue;
    lineage.trained.push_back({origin, 0, AliasesAt(aliases, origin.version)});
    AddDescendants(all, origin.version.ToString(), 1, aliases, seen, lineage.trained);
  }
  return lineage;
}

}  // namespace roost::api
