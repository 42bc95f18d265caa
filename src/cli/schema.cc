// roost schema infer | show, roost validate

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
    session.Note("wrote schema.yaml: yours to review and to edit\nnext: roost validate DATASET or FILE");
  }
  return 0;
}

absl::StatusOr<int> RunShow(Session& session) {
  TRY_ASSIGN(const api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const schema::Schema schema, api::ReadSchema(project));
  session.Print(schema::ToYaml(schema));
  return 0;
}

absl::StatusOr<int> RunValidate(const std::string& source, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::ValidateResponse response, api::ValidateData(project, source, session.MakeContext()));
  if (session.json()) {
    Json json{{"source", response.source}, {"rows", response.rows}};
    json.update(schema::ToJson(response.report));
    session.Print(ToText(json));
  } else {
    session.Print(fmt::format("{}: {} {} against schema.yaml\n{}", response.source, FormatCount(response.rows),
                              response.rows == 1 ? "row" : "rows", schema::ToText(response.report)));
  }
  return schema::HasErrors(response.report) ? kCheckSaidNo : 0;
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

  CLI::App* show = schema->add_subcommand("show", "The project's schema");
  show->callback([&session] { session.Finish(RunShow(session)); });

  CLI::App* validate = app.add_subcommand("validate", "Check a dataset version or files against schema.yaml");
  auto source = std::make_shared<std::string>();
  validate->add_option("SOURCE", *source, "NAME, NAME@VERSION, a path or a glob in quotes")->required();
  validate->footer("Ends with 0 where there is no error (warnings may be there), with 1 where there is one.");
  validate->callback([source, &session] { session.Finish(RunValidate(*source, session)); });
}

}  // namespace roost::cli
