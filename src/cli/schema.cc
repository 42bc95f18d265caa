// roost schema infer | show | accept, roost validate

#include <filesystem>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/schema.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/table_text.h"
#include "schema/render.h"
#include "schema/yaml.h"

namespace roost::cli {
namespace {

constexpr int kCheckSaidNo = 1;

std::string NameOf(const std::string& path) { return std::filesystem::path(path).filename().string(); }

// The rules of a column in a few words, for the summary.
std::string RulesText(const schema::ColumnRules& rules) {
  std::vector<std::string> words;
  if (rules.missing.has_value()) {
    words.push_back(rules.missing->max_share == 0
                        ? std::string("never missing")
                        : fmt::format("at most {:.3g} % missing", rules.missing->max_share * 100));
  }
  if (rules.range.has_value()) {
    const auto bound = [](const std::optional<double>& end) { return end.has_value() ? FormatNumber(*end, 6) : "any"; };
    words.push_back(fmt::format("{} to {}", bound(rules.range->min), bound(rules.range->max)));
  }
  if (rules.values.has_value())
    words.push_back(fmt::format("{} known values", FormatCount(rules.values->allowed.size())));
  return fmt::format("{}", fmt::join(words, "; "));
}

std::string Summary(const schema::Schema& schema) {
  std::vector<std::vector<std::string>> rows{{"column", "type", "rules"}};
  for (const schema::ColumnRules& column : schema.columns) {
    rows.push_back({column.name, std::string(schema::TypeName(column.type)), RulesText(column)});
  }
  return AlignColumns(rows, "lll");
}

struct InferOptions {
  std::string reference;
  bool overwrite = false;
  bool dry_run = false;
};

absl::StatusOr<int> RunInfer(const InferOptions& options, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  api::InferSchemaRequest request;
  request.reference = options.reference;
  request.write = options.dry_run     ? api::SchemaWrite::kNever
                  : options.overwrite ? api::SchemaWrite::kReplace
                                      : api::SchemaWrite::kIfNew;
  TRY_ASSIGN(const api::InferSchemaResponse response, api::InferSchema(project, request, session.MakeContext()));
  if (session.json()) {
    session.Print(ToText(Json{{"path", response.path}, {"written", response.written}, {"schema", response.text}}));
    return 0;
  }
  session.Print(response.written ? Summary(response.schema) : response.text);
  if (response.written) {
    session.Note(fmt::format("wrote {}: yours to review and to edit\nnext: roost validate DATASET or FILE",
                             NameOf(response.path)));
  }
  return 0;
}

absl::StatusOr<int> RunShow(const std::string& dataset, Session& session) {
  TRY_ASSIGN(const api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const schema::Schema schema,
             api::ReadSchema(project, dataset.empty() ? project.config().dataset : dataset));
  session.Print(schema::ToYaml(schema));
  return 0;
}

std::string AsText(const api::ValidateResponse& response) {
  return fmt::format("{}: {} {} against {}\n{}", response.source, FormatCount(response.rows),
                     response.rows == 1 ? "row" : "rows", response.schema_name, schema::ToText(response.report));
}

std::string AsJson(const api::ValidateResponse& response) {
  Json json{{"source", response.source}, {"rows", response.rows}};
  json.update(schema::ToJson(response.report));
  return ToText(json);
}

absl::StatusOr<int> RunValidate(const api::ValidateRequest& request, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::ValidateResponse response, api::ValidateData(project, request, session.MakeContext()));
  session.Print(session.json() ? AsJson(response) : AsText(response));
  return schema::HasErrors(response.report) ? kCheckSaidNo : 0;
}

// What `roost validate VERSION --quarantine NAME` made of the version.
std::string CleanedText(const api::AddDataResponse& response) {
  if (!response.version.has_value()) return "other rules are broken too: nothing was changed\n";
  if (!response.quarantine.has_value()) return "no bad rows: nothing was changed\n";
  return fmt::format("{}: {} good {}\n{}: {} {} in quarantine\n", response.version->Name(),
                     FormatCount(response.version->rows), response.version->rows == 1 ? "row" : "rows",
                     response.quarantine->Name(), FormatCount(response.rows_quarantined),
                     response.rows_quarantined == 1 ? "row" : "rows");
}

absl::StatusOr<int> RunQuarantine(const api::CleanRequest& request, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::AddDataResponse response, api::QuarantineBadRows(project, request, session.MakeContext()));
  if (session.json()) {
    const auto name = [](const std::optional<store::CommitInfo>& version) -> Json {
      if (!version.has_value()) return nullptr;
      return version->Name();
    };
    Json json{{"version", name(response.version)},
              {"quarantine", name(response.quarantine)},
              {"quarantined", response.rows_quarantined}};
    json["report"] = schema::ToJson(*response.report);
    session.Print(ToText(json));
  } else {
    session.Print(schema::ToText(*response.report) + CleanedText(response));
  }
  return response.version.has_value() ? 0 : kCheckSaidNo;
}

absl::StatusOr<int> RunAccept(const api::AcceptRequest& request, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::AcceptResponse response, api::AcceptAnomalies(project, request, session.MakeContext()));
  const schema::Report accepted{.anomalies = response.anomalies};
  if (session.json()) {
    session.Print(ToText(Json{{"path", response.path}, {"accepted", schema::ToJson(accepted).at("anomalies")}}));
    return 0;
  }
  for (const schema::Anomaly& anomaly : response.anomalies) {
    session.Print(fmt::format("accepted {}:{}\n", anomaly.column, schema::RuleName(anomaly.rule)));
    for (const std::string& line : anomaly.edit.removed) session.Print(fmt::format("    - {}\n", line));
    for (const std::string& line : anomaly.edit.added) session.Print(fmt::format("    + {}\n", line));
  }
  session.Note(response.anomalies.empty() ? "nothing to accept: the data is as the schema wants it"
                                          : fmt::format("wrote {}", NameOf(response.path)));
  return 0;
}

}  // namespace

void AddSchemaCommands(CLI::App& app, Session& session) {
  CLI::App* schema = app.add_subcommand("schema", "What the data must look like (schema.yaml)");
  schema->require_subcommand(1);

  CLI::App* infer = schema->add_subcommand("infer", "Propose schema.yaml from a dataset version");
  auto options = std::make_shared<InferOptions>();
  infer->add_option("DATASET", options->reference, "NAME, NAME@VERSION or NAME@latest")->required();
  infer->add_flag("-f,--force", options->overwrite, "Replace a schema.yaml that says something else");
  infer->add_flag("-n,--dry-run", options->dry_run, "Show it, write nothing");
  infer->callback([options, &session] { session.Finish(RunInfer(*options, session)); });

  CLI::App* show = schema->add_subcommand("show", "The schema of a dataset");
  auto dataset = std::make_shared<std::string>();
  show->add_option("DATASET", *dataset, "NAME; else the project's dataset");
  show->callback([dataset, &session] { session.Finish(RunShow(*dataset, session)); });

  CLI::App* accept = schema->add_subcommand("accept", "Take over the edits that anomalies propose");
  auto accepted = std::make_shared<api::AcceptRequest>();
  accept->add_option("SOURCE", accepted->data.source, "The data that shows them, as for 'roost validate'")->required();
  accept->add_option("ANOMALY", accepted->anomalies, "COLUMN or COLUMN:RULE; else all of them");
  accept->add_option("--dataset", accepted->data.dataset, "Whose schema; else that of the source's dataset");
  accept->callback([accepted, &session] { session.Finish(RunAccept(*accepted, session)); });

  CLI::App* validate = app.add_subcommand("validate", "Check a dataset version or files against a schema");
  auto request = std::make_shared<api::ValidateRequest>();
  validate->add_option("SOURCE", request->source, "NAME, NAME@VERSION, a path or a glob in quotes")->required();
  validate->add_option("--dataset", request->dataset,
                       "Whose schema; else that of the source's dataset, for files the project's");
  auto quarantine = std::make_shared<std::string>();
  validate
      ->add_option("--quarantine", *quarantine,
                   "Make a version without the rows that break the schema; they go to this dataset, with the reasons")
      ->type_name("NAME");
  validate->footer(
      "Ends with 0 where there is no error (warnings may be there), with 1 where there is one.\n"
      "Files are added without their bad rows by 'roost data add --quarantine'.");
  validate->callback([request, quarantine, &session] {
    session.Finish(quarantine->empty()
                       ? RunValidate(*request, session)
                       : RunQuarantine({.reference = request->source, .quarantine = *quarantine}, session));
  });
}

}  // namespace roost::cli
