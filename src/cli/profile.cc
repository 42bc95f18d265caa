// roost profile

#include <charconv>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/profile.h"
#include "base/format.h"
#include "base/json.h"
#include "base/status.h"
#include "cli/commands.h"
#include "profile/render.h"

namespace roost::cli {
namespace {

constexpr double kMostlyNumbers = 0.5;
constexpr size_t kValuesNamed = 5;
constexpr size_t kBytesShown = 40;

struct ProfileOptions {
  std::vector<std::string> sources;
  std::string format;
};

bool IsNumber(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error != std::errc::invalid_argument && end == text.data() + text.size();
}

// For a column of text that is mostly numbers: which of its values are none. "" for others, and where the frequent
// values are all numbers.
std::string NoNumbers(const profile::ColumnSummary& column) {
  if (!column.text.has_value() || column.type == column::Type::kBool) return "";
  int64_t all = 0;
  int64_t numbers = 0;
  std::vector<std::string> others;
  size_t kinds = 0;
  for (const profile::ValueCount& value : column.text->top) {
    all += value.count;
    if (IsNumber(value.value)) {
      numbers += value.count;
    } else if (++kinds <= kValuesNamed) {
      others.push_back(fmt::format("{} ({})", ToLine(value.value.substr(0, kBytesShown)), FormatCount(value.count)));
    }
  }
  if (others.empty() || static_cast<double>(numbers) < kMostlyNumbers * static_cast<double>(all)) return "";
  const std::string more = kinds > others.size() ? fmt::format(" and {} more", kinds - others.size()) : "";
  return fmt::format("'{}' is text, though most of its values are numbers; these are not: {}{}", column.name,
                     fmt::join(others, ", "), more);
}

absl::StatusOr<int> RunProfile(const ProfileOptions& options, Session& session) {
  api::ProfileRequest request{.sources = options.sources, .project = session.options().project};
  if (!options.format.empty()) {
    TRY_ASSIGN(request.format, table::ParseFormat(options.format));
  }
  TRY_ASSIGN(const api::ProfileResponse response, api::ProfileSources(request, session.MakeContext()));
  const profile::ProfileSummary summary = response.profile.Summarize();
  if (session.json()) {
    session.Print(ToText(profile::ToJson(summary)));
    return 0;
  }
  session.Print(profile::ToText(summary, session.Width()));
  for (const profile::ColumnSummary& column : summary.columns) {
    if (const std::string note = NoNumbers(column); !note.empty()) session.Note("note: " + note);
  }
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
  command->add_option("--format", options->format, "What files and stdin hold, where their names do not say it")
      ->type_name("csv|jsonl|parquet|arrow");
  command->footer(
      "Files need no project. A version's statistics were computed when it was added: no row is read again.");
  command->callback([options, &session] { session.Finish(RunProfile(*options, session)); });
}

}  // namespace roost::cli
