// roost validate

#include "cli/validate.h"

#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/data.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/feature_skew_text.h"
#include "cli/table_text.h"
#include "report/validation_report.h"
#include "schema/render.h"
#include "table/text_file.h"

namespace roost::cli {
namespace {

struct ValidateOptions {
  api::ValidateRequest request;
  std::string format;
  std::string html;
  std::string quarantine;
};

// "may.csv: 20,000 rows against schema.yaml".
std::string Heading(const api::ValidateResponse& response) {
  return fmt::format("{}: {} against {}", response.source, CountOf(response.rows, "row"), response.schema_name);
}

std::string JsonOf(const api::ValidateResponse& response) {
  Json json{{"source", response.source}, {"rows", response.rows}};
  json.update(schema::ToJson(response.report));
  if (response.feature_skew.has_value()) json["feature_skew"] = FeatureSkewJson(*response.feature_skew);
  return ToText(json);
}

absl::StatusOr<int> RunValidate(const ValidateOptions& options, Session& session) {
  if (session.json() && !options.format.empty() && options.format != "json") {
    return absl::InvalidArgumentError(fmt::format("--json and --format {} exclude each other", options.format));
  }
  TRY_ASSIGN(api::Project project, api::Project::Open(session.project()));
  TRY_ASSIGN(const api::ValidateResponse response, api::ValidateData(project, options.request, session.MakeContext()));
  if (!options.html.empty()) {
    const report::ReportOptions page{.name = response.source, .subtitle = Heading(response)};
    TRY(table::WriteTextFile(options.html, report::ValidationReport(response.report, page)));
    session.Note(fmt::format("wrote {}", options.html));
  }
  if (session.json() || options.format == "json") {
    session.Print(JsonOf(response));
  } else if (options.format == "junit") {
    session.Print(schema::ToJUnit(response.report, response.source));
  } else if (options.format == "github") {
    session.Print(schema::ToGitHub(response.report, response.source));
  } else {
    session.Print(fmt::format("{}\n{}", Printable(Heading(response)), schema::ToText(response.report)));
    if (response.feature_skew.has_value()) session.Print(FeatureSkewText(*response.feature_skew));
  }
  return schema::HasErrors(response.report) ? kCheckSaidNo : 0;
}

// What `roost validate VERSION --quarantine NAME` made of the version.
std::string CleanedText(const api::AddDataResponse& response) {
  if (!response.version.has_value()) return "other rules are broken too: nothing was changed\n";
  if (!response.quarantine.has_value()) return "no bad rows: nothing was changed\n";
  return fmt::format("{}: {}\n{}", response.version->Name(), CountOf(response.version->rows, "good row"),
                     QuarantineText(*response.quarantine, response.rows_quarantined));
}

absl::StatusOr<int> RunQuarantine(const api::CleanRequest& request, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.project()));
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

}  // namespace

std::string QuarantineText(const store::CommitInfo& quarantine, int64_t rows) {
  return fmt::format("{}: {} in quarantine{}\n", quarantine.Name(), CountOf(rows, "row"),
                     quarantine.unchanged ? " already" : "");
}

void AddDataOptions(CLI::App& command, api::ValidateRequest& request) {
  command.add_option("SOURCE", request.source, "NAME, NAME@VERSION, a path, a glob in quotes, or - for stdin")
      ->required();
  command
      .add_option("--dataset", request.dataset,
                  "Whose schema; else that of the source's dataset, for files the project's")
      ->type_name("NAME");
  command
      .add_option("--environment", request.environment,
                  "Where the data comes from or goes to: columns that are not in it are not missed")
      ->type_name("NAME");
  command.add_option("--against", request.against, "The previous span, for drift: a version or a file")
      ->type_name("SOURCE");
  command.add_option("--serving", request.serving, "The data at serving, for skew: a version or a file")
      ->type_name("SOURCE");
}

void AddValidateCommand(CLI::App& app, Session& session) {
  CLI::App* validate = app.add_subcommand("validate", "Check a dataset version or files against a schema");
  auto options = std::make_shared<ValidateOptions>();
  AddDataOptions(*validate, options->request);
  validate
      ->add_option("--join", options->request.join,
                   "With --serving: compare the rows that have the same values in these columns")
      ->type_name("COLUMN,COLUMN")
      ->delimiter(',')
      ->allow_extra_args(false);
  validate
      ->add_option("--digits", options->request.digits,
                   "With --join: fractional numbers are compared rounded to so many digits behind the point")
      ->type_name("N")
      ->check(CLI::Range(0, 15))
      ->needs("--join");
  CLI::Option* format = validate->add_option("--format", options->format, "How the report is shown, else as text")
                            ->check(CLI::IsMember({"text", "json", "junit", "github"}))
                            ->type_name("text|json|junit|github");
  CLI::Option* html =
      validate->add_option("--html", options->html, "Write a report that opens in any browser")->type_name("FILE");
  CLI::Option* quarantine =
      validate
          ->add_option(
              "--quarantine", options->quarantine,
              "Make a version without the rows that break the schema; they go to this dataset, with the reasons")
          ->type_name("NAME");
  for (const char* other : {"--dataset", "--environment", "--against", "--serving", "--join", "--digits"}) {
    quarantine->excludes(validate->get_option(other));
  }
  quarantine->excludes(format)->excludes(html);
  validate->footer(
      "Ends with 0 where there is no error (warnings may be there), with 1 where there is one.\n"
      "Files are added without their bad rows by 'roost data add --quarantine'.");
  validate->callback([options, &session] {
    session.Finish(
        options->quarantine.empty()
            ? RunValidate(*options, session)
            : RunQuarantine({.reference = options->request.source, .quarantine = options->quarantine}, session));
  });
}

}  // namespace roost::cli
