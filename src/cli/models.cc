// roost model list | show | register; the others are in model_export.h and model_moves.h

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/configuration.h"
#include "api/model_details.h"
#include "api/models.h"
#include "api/register_onnx.h"
#include "base/declared_values.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/hooks.h"
#include "cli/model_consumers.h"
#include "cli/model_export.h"
#include "cli/model_moves.h"
#include "cli/model_signing.h"
#include "cli/table_text.h"
#include "evaluate/evaluation.h"

namespace roost::cli {
namespace {

// A model version with the JSON parts of its package parsed.
struct Parsed {
  registry::ModelVersion version;
  Json lineage;
  Json evaluation;
  std::vector<registry::AliasMove> aliases;
  std::optional<registry::StateChange> retired;
};

absl::StatusOr<Parsed> Parse(const api::ModelDescription& model) {
  Parsed parsed{.version = model.version, .aliases = model.aliases, .retired = model.retired};
  TRY_ASSIGN(parsed.lineage, ParseJson(model.lineage, "lineage.json"));
  TRY_ASSIGN(parsed.evaluation, ParseJson(model.evaluation, "evaluation.json"));
  return parsed;
}

std::vector<std::string> NamesOf(const std::vector<registry::AliasMove>& aliases) {
  std::vector<std::string> names;
  for (const registry::AliasMove& alias : aliases) names.push_back(alias.alias);
  return names;
}

Json ToJson(const Parsed& model) {
  return Json{{"model", model.version.name},
              {"version", model.version.version},
              {"digest", model.version.manifest.ToHex()},
              {"time", FormatUtc(model.version.created)},
              {"author", model.version.author},
              {"aliases", NamesOf(model.aliases)},
              {"retired", model.retired.has_value()},
              {"lineage", model.lineage},
              {"evaluation", model.evaluation}};
}

// "champion, canary"; "retired" stands with them, as nothing else may.
std::string AliasesText(const Parsed& model) {
  std::vector<std::string> names = NamesOf(model.aliases);
  if (model.retired.has_value()) names.push_back("retired");
  return names.empty() ? "-" : fmt::format("{}", fmt::join(names, ", "));
}

std::string TextOf(const Json& object, const char* member) {
  if (!object.is_object()) return "-";
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string("-");
}

// The figure that models of this task are compared by: "log loss 0.4206".
std::string FigureOf(const Json& json) {
  const absl::StatusOr<evaluate::Evaluation> evaluation = evaluate::EvaluationFromJson(json);
  if (!evaluation.ok()) return "-";
  const evaluate::Figure figure = evaluate::PrimaryMetric(*evaluation);
  return fmt::format("{} {:.4f}", figure.name, figure.value);
}

std::string CodeOf(const Json& lineage) {
  const std::string revision = TextOf(lineage, "code_revision").substr(0, 12);
  if (revision.empty()) return "-";  // the project is not under git
  const auto dirty = lineage.find("code_dirty");
  return dirty != lineage.end() && dirty->is_boolean() && dirty->get<bool>() ? revision + "+changes" : revision;
}

absl::StatusOr<int> RunList(const std::string& name, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const std::vector<api::ModelDescription> descriptions, api::ListModels(project, name));
  std::vector<Parsed> models;
  for (const api::ModelDescription& description : descriptions) {
    TRY_ASSIGN(Parsed model, Parse(description));
    models.push_back(std::move(model));
  }
  if (session.json()) {
    Json json = Json::array();
    for (const auto& model : models) json.push_back(ToJson(model));
    session.Print(ToText(json));
    return 0;
  }
  if (models.empty()) {
    session.Note("no model yet\nnext: roost train");
    return 0;
  }
  std::vector<std::vector<std::string>> rows{
      {"model", "aliases", "dataset", "config", "code", "start", "on kept rows", "made"}};
  for (const auto& model : models) {
    rows.push_back({model.version.ToString(), AliasesText(model), TextOf(model.lineage, "dataset"),
                    TextOf(model.lineage, "config_digest").substr(0, 12), CodeOf(model.lineage),
                    TextOf(model.lineage, "start"), FigureOf(model.evaluation),
                    FormatUtcSeconds(model.version.created)});
  }
  session.Print(AlignColumns(rows, "llllllll"));
  return 0;
}

std::string TrainingOf(const Json& lineage) {
  if (TextOf(lineage, "start") == "elsewhere") return fmt::format("elsewhere; {}", TextOf(lineage, "start_reason"));
  if (!lineage.contains("trainer")) return "-";
  std::string text = fmt::format("{}, {} start", TextOf(lineage, "trainer"), TextOf(lineage, "start"));
  const std::string parent = TextOf(lineage, "parent");
  if (!parent.empty() && parent != "-") text += fmt::format(" from {}", parent);
  return fmt::format("{}; {}", text, TextOf(lineage, "start_reason"));
}

std::string TimeOf(const std::optional<api::Timing>& timing) {
  if (!timing.has_value()) return "-";
  std::string text = FormatElapsed(timing->elapsed);
  if (timing->passes > 0)
    text += fmt::format(", {} {} over {} rows", timing->passes, timing->passes == 1 ? "pass" : "passes",
                        FormatCount(timing->rows));
  if (const std::optional<absl::Duration> saved = timing->Saved(); saved.has_value()) {
    text += fmt::format("; {} {} than the last training from nothing, for as many rows",
                        FormatElapsed(absl::AbsDuration(*saved)), *saved < absl::ZeroDuration() ? "more" : "less");
  }
  return text;
}

// The features of largest weight or gain; all of them in the order of the vector where `all`.
std::string FeaturesText(const api::ModelDetails& details, bool all) {
  constexpr size_t kShown = 20;
  const bool linear = !details.intercepts.empty();
  std::vector<api::FeatureDetail> features = details.features;
  const auto size = [](const api::FeatureDetail& feature) {
    double largest = feature.gain;
    for (const double weight : feature.weights) largest = std::max(largest, std::abs(weight));
    return largest;
  };
  if (!all) {
    std::stable_sort(features.begin(), features.end(), [&](const auto& a, const auto& b) { return size(a) > size(b); });
    if (features.size() > kShown) features.resize(kShown);
  }
  std::vector<std::vector<std::string>> lines{{"index", "feature"}};
  std::string align = "rl";
  const auto add_head = [&](const std::string& name) {
    lines.front().push_back(name);
    align += 'r';
  };
  if (linear) {
    for (const std::string& name : details.output_names) {
      add_head(details.output_names.size() == 1 ? std::string("weight") : name);
    }
  } else {
    add_head("gain");
    add_head("questions");
  }
  for (const api::FeatureDetail& feature : features) {
    std::vector<std::string> line{fmt::to_string(feature.index), feature.name};
    for (const double weight : feature.weights) line.push_back(fmt::format("{:.5f}", weight));
    if (!linear) {
      line.push_back(FormatNumber(feature.gain, 5));
      line.push_back(FormatCount(feature.splits));
    }
    lines.push_back(std::move(line));
  }
  if (linear) {
    std::vector<std::string> line{"", "intercept"};
    for (const double intercept : details.intercepts) line.push_back(fmt::format("{:.5f}", intercept));
    lines.push_back(std::move(line));
  }
  return AlignColumns(lines, align);
}

struct ShowOptions {
  std::string reference;
  bool transform = false;
  bool config = false;
};

// What roost.yaml said when the version was trained, with the defaults of that time.
absl::StatusOr<int> ShowConfig(api::Project& project, const registry::ModelVersion& version, Session& session) {
  TRY_ASSIGN(const api::Configuration configuration, api::ConfigurationOf(project, version));
  if (session.json()) {
    session.Print(ToText(configuration.values));
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [key, value] : FlatValues(configuration.values)) rows.push_back({key, value});
  session.Print(AlignColumns(rows, "ll"));
  return 0;
}

absl::StatusOr<int> RunShow(const ShowOptions& options, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::ModelDescription description, api::ShowModel(project, options.reference));
  if (options.config) return ShowConfig(project, description.version, session);
  TRY_ASSIGN(const Parsed model, Parse(description));
  TRY_ASSIGN(const api::ModelDetails details, api::DescribeModel(project, options.reference));
  if (session.json()) {
    Json json = ToJson(model);
    TRY_ASSIGN(json["definition"], ParseJson(description.model, "model.json"));
    json["moves"] = Json::array();
    for (const registry::AliasMove& move : model.aliases) json["moves"].push_back(cli::ToJson(move));
    if (details.importance.has_value()) json["importance"] = evaluate::ToJson(*details.importance);
    for (const api::FeatureDetail& feature : details.features) {
      Json line{{"index", feature.index}, {"name", feature.name}};
      if (!feature.weights.empty()) line["weights"] = feature.weights;
      if (feature.splits > 0) line.update({{"gain", feature.gain}, {"splits", feature.splits}});
      json["features"].push_back(std::move(line));
    }
    session.Print(ToText(json));
    return 0;
  }
  if (options.transform) {
    session.Print(FeaturesText(details, /*all=*/true));
    return 0;
  }
  std::vector<std::vector<std::string>> rows{
      {"model", model.version.ToString()},
      {"package", model.version.manifest.ToHex()},
      {"made", fmt::format("{} by {}", FormatUtcSeconds(model.version.created), model.version.author)},
      {"dataset", TextOf(model.lineage, "dataset")},
      {"commit", TextOf(model.lineage, "dataset_digest")},
      {"config", TextOf(model.lineage, "config_digest")},
      {"code", CodeOf(model.lineage)},
      {"training", TrainingOf(model.lineage)},
      {"took", TimeOf(details.timing)},
      {"on kept rows", FigureOf(model.evaluation)}};
  for (const registry::AliasMove& move : model.aliases) {
    rows.push_back(
        {move.alias, fmt::format("since {} by {}: {}", FormatUtcSeconds(move.moved), move.author, move.reason)});
  }
  if (model.retired.has_value()) {
    rows.push_back({"retired", fmt::format("{} by {}: {}", FormatUtcSeconds(model.retired->changed),
                                           model.retired->author, model.retired->reason)});
  }
  session.Print(AlignColumns(rows, "ll"));
  if (details.importance.has_value()) session.Print(fmt::format("\n{}", evaluate::ToText(*details.importance)));
  if (!details.features.empty()) {
    session.Print(fmt::format("\n{}", FeaturesText(details, /*all=*/false)));
    if (details.features.size() > 20) {
      session.Note(fmt::format("all {} features: roost model show {} --transform",
                               FormatCount(static_cast<int64_t>(details.features.size())), options.reference));
    }
  }
  return 0;
}

struct RegisterOptions {
  api::RegisterOnnxRequest request;
  std::string signature = "inferred";
};

absl::StatusOr<int> RunRegister(RegisterOptions options, Session& session) {
  if (options.signature != "inferred") options.request.signature = options.signature;
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::RegisterOnnxResponse response,
             api::RegisterOnnx(project, options.request, session.MakeContext()));
  if (session.json()) {
    session.Print(ToText(Json{{"model", response.version.name},
                              {"version", response.version.version},
                              {"digest", response.version.manifest.ToHex()},
                              {"is_new", response.is_new},
                              {"signature", response.signature}}));
    SendHooks(project, session);
    return 0;
  }
  session.Print(fmt::format("{}{} {}: {} in, {} out\n", response.version.ToString(),
                            response.is_new ? " from" : " is already", options.request.file,
                            CountOf(static_cast<int64_t>(response.signature["inputs"].size()), "column"),
                            CountOf(static_cast<int64_t>(response.signature["outputs"].size()), "number")));
  session.Note(fmt::format("nothing is known of its data\nnext: roost model promote {} --reason TEXT",
                           response.version.ToString()));
  SendHooks(project, session);
  return 0;
}

void AddRegister(CLI::App& model, Session& session) {
  CLI::App* command = model.add_subcommand("register", "Make a version of a model that was trained elsewhere");
  auto options = std::make_shared<RegisterOptions>();
  command->add_option("NAME", options->request.name, "The model")->required();
  command->add_option("FILE", options->request.file, "An ONNX file whose inputs are columns")->required();
  command
      ->add_option("--signature", options->signature,
                   "inferred (default): what the file says; or a JSON file that it must agree with")
      ->type_name("FILE");
  command->callback([options, &session] { session.Finish(RunRegister(*options, session)); });
}

}  // namespace

void AddModelCommands(CLI::App& app, Session& session) {
  CLI::App* model = app.add_subcommand("model", "Registered models");
  model->require_subcommand(1);

  CLI::App* list = model->add_subcommand("list", "Model versions, with the data and code that they came from");
  auto name = std::make_shared<std::string>();
  list->add_option("NAME", *name, "Only this model");
  list->callback([name, &session] { session.Finish(RunList(*name, session)); });

  CLI::App* show = model->add_subcommand("show", "One model version: lineage, evaluation, importance, weights");
  auto options = std::make_shared<ShowOptions>();
  show->add_option("MODEL", options->reference, "NAME, NAME@VERSION, NAME@ALIAS or NAME@latest")->required();
  show->add_flag("--transform", options->transform, "Every value of the feature vector, with its weight or gain");
  show->add_flag("--config", options->config, "The configuration that it was trained with, defaults among them");
  show->callback([options, &session] { session.Finish(RunShow(*options, session)); });
  AddModelMoveCommands(*model, session);
  AddModelLineageCommand(*model, session);
  AddStalenessCommand(*model, session);
  AddRegister(*model, session);
  AddModelExportCommand(*model, session);
  AddModelSigningCommands(*model, session);
  AddModelConsumersCommand(*model, session);
}

}  // namespace roost::cli
