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

Json ToJson(const api::Explanation& explanation) {
  Json features = Json::array();
  for (const transform::TracedFeature& feature : explanation.features) {
    Json inputs = Json::array();
    for (const auto& input : feature.inputs) {
      Json json{{"column", input.column}, {"value", input.value}};
      if (!input.expression.empty()) json["expression"] = input.expression;
      inputs.push_back(std::move(json));
    }
    Json steps = Json::array();
    for (const auto& step : feature.steps) steps.push_back({{"what", step.what}, {"value", step.value}});
    Json entries = Json::array();
    for (const auto& entry : feature.entries) {
      entries.push_back({{"index", entry.index}, {"name", entry.name}, {"value", entry.value}});
    }
    features.push_back({{"use", feature.operation},
                        {"inputs", std::move(inputs)},
                        {"steps", std::move(steps)},
                        {"entries", std::move(entries)}});
  }
  Json contributions = Json::array();
  for (const api::Contribution& contribution : explanation.contributions) {
    contributions.push_back(
        {{"feature", contribution.feature}, {"value", contribution.value}, {"weights", contribution.weights}});
  }
  Json outputs = Json::object();
  for (size_t i = 0; i < explanation.outputs.size(); ++i) {
    outputs[explanation.output_names[i]] = explanation.outputs[i];
  }
  return {{"model", explanation.version.name},
          {"version", explanation.version.version},
          {"features", std::move(features)},
          {"intercepts", explanation.intercepts},
          {"contributions", std::move(contributions)},
          {"margins", explanation.margins},
          {"outputs", std::move(outputs)}};
}

// A line for each step from the columns to the entries.
std::string FeaturesText(const api::Explanation& explanation) {
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

std::string ContributionsText(const api::Explanation& explanation) {
  std::vector<std::vector<std::string>> lines{{"feature", "value"}};
  std::string align = "lr";
  const size_t outputs = explanation.intercepts.size();
  const bool one = outputs == 1;
  for (size_t output = 0; output < outputs; ++output) {
    lines.front().push_back(one ? "weight" : "");
    lines.front().push_back(one ? "adds" : explanation.output_names[output]);
    align += "rr";
  }
  for (const api::Contribution& contribution : explanation.contributions) {
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
  TRY_ASSIGN(const api::Explanation explanation,
             api::ExplainRow(project, options.model, options.row, session.MakeContext()));
  if (session.json()) {
    session.Print(ToText(ToJson(explanation)));
    return 0;
  }
  session.Print(fmt::format("{}\n\n", explanation.version.ToString()));
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
