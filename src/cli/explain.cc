// roost explain

#include <cmath>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/explain.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/table_text.h"

namespace roost::cli {
namespace {

struct Options {
  std::string model;
  std::string row;
};

Json ToJson(const api::RowExplanation& row) {
  Json json{{"model", row.version.name}, {"version", row.version.version}};
  json.update(predict::ToJson(row.explanation));
  return json;
}

// A line for each step from the columns to the entries.
std::string FeaturesText(const predict::Explanation& explanation) {
  std::vector<std::vector<std::string>> lines{{"use", "step", "value"}};
  for (const transform::TracedFeature& feature : explanation.features) {
    std::string use = feature.operation;
    const auto add = [&](std::string step, std::string value) {
      lines.push_back({std::exchange(use, ""), std::move(step), std::move(value)});
    };
    for (const auto& input : feature.inputs) {
      add(input.expression.empty() ? input.column : fmt::format("{} = {}", input.column, input.expression),
          input.value);
    }
    for (const auto& step : feature.steps) add(step.what, step.value);
    if (feature.entries.empty()) add("no entry", "");
    for (const auto& entry : feature.entries) {
      add(fmt::format("feature {}: {}", entry.index, entry.name), FormatNumber(entry.value, 6));
    }
  }
  return AlignColumns(lines, "llr");
}

std::string ContributionsText(const predict::Explanation& explanation) {
  std::vector<std::vector<std::string>> lines{{"feature", "value"}};
  std::string align = "lr";
  const size_t outputs = explanation.intercepts.size();
  const bool one = outputs == 1;
  for (size_t output = 0; output < outputs; ++output) {
    lines.front().push_back(one ? "weight" : "");
    lines.front().push_back(one ? "adds" : explanation.output_names[output]);
    align += "rr";
  }
  for (const predict::Contribution& contribution : explanation.contributions) {
    std::vector<std::string> line{contribution.feature, FormatNumber(contribution.value, 6)};
    for (const double weight : contribution.weights) {
      line.push_back(fmt::format("{:.5f}", weight));
      line.push_back(fmt::format("{:+.5f}", weight * contribution.value));
    }
    lines.push_back(std::move(line));
  }
  const auto total = [&](const char* name, const std::vector<double>& values) {
    std::vector<std::string> line{name, ""};
    for (const double value : values) {
      line.emplace_back();
      line.push_back(fmt::format("{:+.5f}", value));
    }
    lines.push_back(std::move(line));
  };
  total("intercept", explanation.intercepts);
  total("margin", explanation.margins);
  return AlignColumns(lines, align);
}

absl::StatusOr<int> RunExplain(const Options& options, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::RowExplanation row,
             api::ExplainRow(project, options.model, options.row, session.MakeContext()));
  if (session.json()) {
    session.Print(ToText(ToJson(row)));
    return 0;
  }
  const predict::Explanation& explanation = row.explanation;
  session.Print(fmt::format("{}\n\n", row.version.ToString()));
  if (!explanation.features.empty()) session.Print(fmt::format("{}\n", FeaturesText(explanation)));
  if (!explanation.contributions.empty()) session.Print(fmt::format("{}\n", ContributionsText(explanation)));
  for (size_t i = 0; i < explanation.outputs.size(); ++i) {
    session.Print(fmt::format("{}: {}\n", explanation.output_names[i], FormatExact(explanation.outputs[i])));
  }
  return 0;
}

}  // namespace

void AddExplainCommand(CLI::App& app, Session& session) {
  CLI::App* explain = app.add_subcommand("explain", "Trace one row through a model, step by step");
  auto options = std::make_shared<Options>();
  explain->add_option("MODEL", options->model, "NAME, NAME@VERSION or NAME@ALIAS; default: the project's latest");
  explain->add_option("--row", options->row, "The row as a JSON object; members that are left out are missing values")
      ->required()
      ->type_name("JSON");
  explain->footer("roost explain --row '{\"distance\": 366, \"origin\": \"ATL\", \"date\": \"2001-01-01T08:00:00Z\"}'");
  explain->callback([options, &session] { session.Finish(RunExplain(*options, session)); });
}

}  // namespace roost::cli
