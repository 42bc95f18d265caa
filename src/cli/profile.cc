// roost profile

#include <filesystem>
#include <memory>
#include <sstream>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/profile.h"
#include "api/profile_sources.h"
#include "base/format.h"
#include "base/json.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/profile_text.h"
#include "profile/render.h"
#include "report/compare_report.h"
#include "report/profile_report.h"
#include "table/text_file.h"

namespace roost::cli {
namespace {

struct ProfileOptions {
  std::vector<std::string> sources;
  std::vector<std::string> compare;
  std::string format;
  std::string html;
  std::vector<std::string> slices;
  std::string weight;
  std::vector<std::string> words;
  std::string vocabulary;
  std::string label;
  std::vector<std::string> correlate;
};

// A word a line.
std::vector<std::string> WordsOf(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream lines(text);
  for (std::string word; std::getline(lines, word);) {
    if (word.ends_with('\r')) word.pop_back();
    if (!word.empty()) words.push_back(std::move(word));
  }
  return words;
}

absl::StatusOr<api::ProfileRequest> RequestOf(const ProfileOptions& options, const Session& session,
                                              const std::vector<std::string>& sources) {
  api::ProfileRequest request{.sources = sources, .project = session.project()};
  if (!options.format.empty()) {
    TRY_ASSIGN(request.format, table::ParseFormat(options.format));
  }
  for (const std::string& slice : options.slices) {
    TRY_ASSIGN(request.slices.emplace_back(), profile::ParseSliceSpec(slice));
  }
  request.options = {.weight_column = options.weight, .token_columns = options.words};
  if (!options.vocabulary.empty()) {
    TRY_ASSIGN(const std::string text, table::ReadTextFile(options.vocabulary));
    const std::vector<std::string> words = WordsOf(text);
    request.options.vocabulary = std::make_shared<const profile::Vocabulary>(words);
  }
  return request;
}

// What a page calls its data: the name of a file without its folders.
std::string TitleOf(const std::string& name) { return std::filesystem::path(name).filename().string(); }

absl::Status WriteReport(const std::string& path, const std::string& html, Session& session) {
  TRY(table::WriteTextFile(path, html));
  session.Note(fmt::format("wrote {}", path));
  return absl::OkStatus();
}

absl::StatusOr<int> RunProfile(const ProfileOptions& options, Session& session) {
  TRY_ASSIGN(api::ProfileRequest request, RequestOf(options, session, options.sources));
  request.label = options.label;
  request.correlated = options.correlate;
  TRY_ASSIGN(const api::ProfileResponse response, api::ProfileData(request, session.MakeContext()));
  if (!options.html.empty()) {
    const report::ReportOptions page{.name = TitleOf(response.name)};
    TRY(WriteReport(options.html, report::ProfileReport(response.summary, page), session));
  }
  if (session.json()) {
    Json json = profile::ToJson(response.summary);
    if (response.associations) json["associations"] = AssociationsJson(*response.associations);
    session.Print(ToText(json));
    return 0;
  }
  session.Print(profile::ToText(response.summary, session.Width()) + SlicesText(response.summary) +
                (response.associations ? AssociationsText(*response.associations) : "") +
                FindingsText(response.summary));
  for (const std::string& note : NotesOf(response.summary)) session.Note("note: " + note);
  return 0;
}

absl::StatusOr<int> RunCompare(const ProfileOptions& options, Session& session) {
  std::vector<std::string> read = options.sources;
  read.insert(read.end(), options.compare.begin(), options.compare.end());
  TRY(api::CheckStdinOnce(read));
  const Context context = session.MakeContext();
  TRY_ASSIGN(const api::ProfileRequest wanted, RequestOf(options, session, options.sources));
  TRY_ASSIGN(const api::ProfileRequest wanted_before, RequestOf(options, session, options.compare));
  TRY_ASSIGN(const api::ProfileResponse now, api::ProfileData(wanted, context));
  TRY_ASSIGN(const api::ProfileResponse baseline, api::ProfileData(wanted_before, context));
  const std::vector<api::ColumnDistances> distances = api::CompareProfiles(now, baseline);
  if (!options.html.empty()) {
    std::vector<report::ColumnComparison> comparisons;
    for (const api::ColumnDistances& column : distances) comparisons.push_back({column.column, column.comparison});
    const std::string name = fmt::format("{} beside {}", now.name, baseline.name);
    TRY(WriteReport(
        options.html,
        report::CompareReport({now.name, now.summary}, {baseline.name, baseline.summary}, comparisons, {.name = name}),
        session));
  }
  session.Print(session.json() ? ToText(ComparisonJson(now, baseline, distances))
                               : ComparisonText(now, baseline, distances));
  return 0;
}

}  // namespace

void AddProfileCommand(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("profile", "Statistics of a dataset version or of files");
  auto options = std::make_shared<ProfileOptions>();
  command
      ->add_option("SOURCE", options->sources,
                   "NAME, NAME@VERSION, a path, a glob in quotes, or - for stdin; of several, all rows together")
      ->required();
  command->add_option("--html", options->html, "Write a report that opens in any browser")->type_name("FILE");
  command
      ->add_option("--compare", options->compare, "Hold the rows against those of another version or file (--html too)")
      ->type_name("SOURCE");
  command
      ->add_option("--slice", options->slices,
                   "Statistics of parts as well: COLUMN (each value), COLUMN=VALUE, COLUMN:0|15|60 (ranges); with "
                   "commas all combinations; may be given again")
      ->type_name("KEYS")
      ->allow_extra_args(false);
  command->add_option("--weight", options->weight, "Rows weigh what this column says")->type_name("COLUMN");
  command->add_option("--words", options->words, "Count the words of this text; may be given again")
      ->type_name("COLUMN")
      ->allow_extra_args(false);
  command->add_option("--vocabulary", options->vocabulary, "A word a line: say which share of the words are among them")
      ->type_name("FILE")
      ->needs(command->get_option("--words"));
  CLI::Option* label =
      command->add_option("--label", options->label, "What each column says about this one: mutual information, power")
          ->type_name("COLUMN");
  CLI::Option* correlate = command->add_option("--correlate", options->correlate, "Correlations of these columns")
                               ->type_name("COLUMN,COLUMN")
                               ->delimiter(',')
                               ->allow_extra_args(false);
  command->get_option("--compare")->excludes(label)->excludes(correlate);
  command->add_option("--format", options->format, "What files and stdin hold, where their names do not say it")
      ->type_name("csv|jsonl|parquet|arrow");
  command->footer(
      "Files need no project. A version's statistics were computed when it was added: no row is read again,\n"
      "but for slices, weights, words, labels and correlations.");
  command->callback([options, &session] {
    session.Finish(options->compare.empty() ? RunProfile(*options, session) : RunCompare(*options, session));
  });
}

}  // namespace roost::cli
