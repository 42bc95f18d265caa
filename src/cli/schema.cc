// roost schema infer | show | confirm | import | export

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
#include "schema/tfx_text.h"
#include "schema/yaml.h"

namespace roost::cli {
namespace {

std::string NameOf(const std::string& path) { return std::filesystem::path(path).filename().string(); }

// The rules of a column in a few words, for the summary.
std::string RulesText(const schema::Schema& schema, const schema::ColumnRules& rules) {
  std::vector<std::string> words;
  if (rules.missing.has_value()) {
    words.push_back(rules.missing->max_share == 0
                        ? std::string("never missing")
                        : fmt::format("at most {} missing", FormatShare(rules.missing->max_share)));
  }
  if (rules.range.has_value()) {
    const auto bound = [](const std::optional<double>& end) { return end.has_value() ? FormatNumber(*end, 6) : "any"; };
    words.push_back(fmt::format("{} to {}", bound(rules.range->min), bound(rules.range->max)));
  }
  if (rules.values.has_value()) {
    words.push_back(fmt::format("{} known values", FormatCount(schema.AllowedBy(*rules.values).size())));
  }
  return fmt::format("{}", fmt::join(words, "; "));
}

std::string Summary(const schema::Schema& schema) {
  std::vector<std::vector<std::string>> rows{{"column", "type", "rules"}};
  for (const schema::ColumnRules& column : schema.columns) {
    rows.push_back({column.name, std::string(schema::TypeName(column.type)), RulesText(schema, column)});
  }
  return AlignColumns(rows, "lll");
}

struct InferOptions {
  api::InferSchemaRequest request;
  bool overwrite = false;
  bool dry_run = false;
  bool explain = false;
};

// A reason for each rule, under its column.
std::string ExplanationsText(const std::vector<schema::Explanation>& explanations) {
  std::string text;
  const std::string* column = nullptr;
  for (const schema::Explanation& explanation : explanations) {
    if (column == nullptr || *column != explanation.column) {
      text += fmt::format("{}\n", explanation.column.empty() ? "all rows" : Printable(explanation.column));
    }
    column = &explanation.column;
    text += fmt::format("  {}: {}\n", explanation.rule, Printable(explanation.text));
  }
  return text;
}

// " from flights@1 to flights@4", or nothing of one version.
std::string VersionsText(const std::vector<std::string>& versions) {
  return versions.size() == 1 ? "" : fmt::format(" from {} to {}", versions.front(), versions.back());
}

absl::StatusOr<int> RunInfer(const InferOptions& options, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.project()));
  api::InferSchemaRequest request = options.request;
  request.write = options.dry_run     ? api::SchemaWrite::kNever
                  : options.overwrite ? api::SchemaWrite::kReplace
                                      : api::SchemaWrite::kIfNew;
  TRY_ASSIGN(const api::InferSchemaResponse response, api::InferSchema(project, request, session.MakeContext()));
  if (session.json()) {
    Json json{{"path", response.path},
              {"written", response.written},
              {"versions", response.versions},
              {"schema", response.text}};
    if (options.explain) {
      json["explanations"] = Json::array();
      for (const schema::Explanation& explanation : response.explanations) {
        json["explanations"].push_back(
            {{"column", explanation.column}, {"rule", explanation.rule}, {"text", explanation.text}});
      }
    }
    session.Print(ToText(json));
    return 0;
  }
  session.Print(response.written ? Summary(response.schema) : response.text);
  if (options.explain) session.Print("\n" + ExplanationsText(response.explanations));
  if (response.written) {
    session.Note(fmt::format("wrote {}{}: yours to review and to edit\nnext: roost validate DATASET or FILE",
                             NameOf(response.path), VersionsText(response.versions)));
  }
  return 0;
}

absl::StatusOr<int> RunShow(const std::string& dataset, Session& session) {
  TRY_ASSIGN(const api::Project project, api::Project::Open(session.project()));
  TRY_ASSIGN(const schema::Schema schema,
             api::ReadSchema(project, dataset.empty() ? project.config().dataset : dataset));
  session.Print(schema::ToYaml(schema));
  return 0;
}

std::string ConfirmNote(const api::ConfirmResponse& response) {
  if (!response.has_trials) return fmt::format("{} changes nothing: no rule is on trial", response.version);
  if (response.counted_before == response.version) return fmt::format("{} was counted already", response.version);
  if (response.counted_before.has_value()) {
    return fmt::format("{} is not counted: a newer version, {}, was counted already", response.version,
                       *response.counted_before);
  }
  return fmt::format("{}wrote {}", response.changes.empty() ? "the counts stay as they were\n" : "",
                     NameOf(response.path));
}

absl::StatusOr<int> RunConfirm(const std::string& reference, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.project()));
  TRY_ASSIGN(const api::ConfirmResponse response, api::ConfirmSchema(project, reference, session.MakeContext()));
  if (session.json()) {
    Json json{{"path", response.path},
              {"version", response.version},
              {"written", response.written},
              {"changes", Json::array()}};
    json["counted_before"] = response.counted_before.has_value() ? Json(*response.counted_before) : Json();
    for (const schema::RulesChange& change : response.changes) {
      json["changes"].push_back(
          {{"column", change.column}, {"removed", change.edit.removed}, {"added", change.edit.added}});
    }
    session.Print(ToText(json));
    return 0;
  }
  for (const schema::RulesChange& change : response.changes) {
    session.Print(Printable(change.column) + "\n" + EditText(change.edit));
  }
  session.Note(ConfirmNote(response));
  return 0;
}

struct ImportOptions {
  std::string file;
  std::string dataset;
  bool overwrite = false;
};

absl::StatusOr<int> RunImport(const ImportOptions& options, Session& session) {
  TRY_ASSIGN(const api::Project project, api::Project::Open(session.project()));
  TRY_ASSIGN(
      const api::ImportResponse response,
      api::ImportSchema(project, options.file, options.dataset.empty() ? project.config().dataset : options.dataset,
                        options.overwrite));
  for (const std::string& note : response.notes) session.Note(fmt::format("note: {}", note));
  if (session.json()) {
    session.Print(ToText(Json{{"path", response.path}, {"notes", response.notes}}));
    return 0;
  }
  session.Print(Summary(response.schema));
  session.Note(fmt::format("wrote {}: yours to review and to edit", NameOf(response.path)));
  return 0;
}

absl::StatusOr<int> RunExport(const std::string& dataset, Session& session) {
  TRY_ASSIGN(const api::Project project, api::Project::Open(session.project()));
  TRY_ASSIGN(const schema::Schema schema,
             api::ReadSchema(project, dataset.empty() ? project.config().dataset : dataset));
  const schema::TfxExport exported = schema::ToTfxText(schema);
  for (const std::string& note : exported.notes) session.Note(fmt::format("note: {}", note));
  session.Print(session.json() ? ToText(Json{{"text", exported.text}, {"notes", exported.notes}}) : exported.text);
  return 0;
}

void AddTfxCommands(CLI::App& schema, Session& session) {
  CLI::App* import = schema.add_subcommand("import", "Make a schema of TensorFlow Extended the dataset's");
  auto options = std::make_shared<ImportOptions>();
  import->add_option("FILE", options->file, "schema.pbtxt")->required();
  import->add_option("--dataset", options->dataset, "Whose schema it becomes; else that of the project's dataset")
      ->type_name("NAME");
  import->add_flag("-f,--force", options->overwrite, "Replace a schema that says something else");
  import->callback([options, &session] { session.Finish(RunImport(*options, session)); });

  CLI::App* exported = schema.add_subcommand("export", "The schema of a dataset in another form, on stdout");
  auto dataset = std::make_shared<std::string>();
  auto format = std::make_shared<std::string>("tfx");
  exported->add_option("DATASET", *dataset, "NAME; else the project's dataset");
  exported->add_option("--format", *format, "tfx: the text of TensorFlow Extended (schema.pbtxt)")
      ->check(CLI::IsMember({"tfx"}))
      ->type_name("FORMAT");
  exported->callback([dataset, format, &session] { session.Finish(RunExport(*dataset, session)); });
}

}  // namespace

void AddSchemaCommands(CLI::App& app, Session& session) {
  CLI::App* schema = app.add_subcommand("schema", "What the data must look like (schema.yaml)");
  schema->require_subcommand(1);

  CLI::App* infer = schema->add_subcommand("infer", "Propose a schema from versions of a dataset");
  auto options = std::make_shared<InferOptions>();
  infer
      ->add_option("DATASET", options->request.references,
                   "NAME for its last 12 versions, NAME@VERSION for that one; several of them together")
      ->required();
  infer->add_option("--versions", options->request.versions, "How many versions to look at, the newest ones")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  infer->add_flag("--explain", options->explain, "Say why each rule is as it is");
  infer->add_flag("-f,--force", options->overwrite, "Replace a schema that says something else");
  infer->add_flag("-n,--dry-run", options->dry_run, "Show it, write nothing");
  infer->callback([options, &session] { session.Finish(RunInfer(*options, session)); });

  CLI::App* show = schema->add_subcommand("show", "The schema of a dataset");
  auto dataset = std::make_shared<std::string>();
  show->add_option("DATASET", *dataset, "NAME; else the project's dataset");
  show->callback([dataset, &session] { session.Finish(RunShow(*dataset, session)); });

  CLI::App* confirm = schema->add_subcommand("confirm", "Count a good version for the rules that are on trial");
  auto reference = std::make_shared<std::string>();
  confirm->add_option("VERSION", *reference, "NAME or NAME@VERSION")->required();
  confirm->callback([reference, &session] { session.Finish(RunConfirm(*reference, session)); });

  AddSchemaDecisionCommands(*schema, session);
  AddTfxCommands(*schema, session);
  AddValidateCommand(app, session);
}

}  // namespace roost::cli
