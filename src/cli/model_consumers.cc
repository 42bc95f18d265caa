// roost model consumers

#include "cli/model_consumers.h"

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "api/consumers.h"
#include "base/status.h"
#include "cli/table_text.h"

namespace roost::cli {
namespace {

std::string OrDash(const std::string& text) { return text.empty() ? "-" : text; }

absl::StatusOr<int> RunConsumers(const std::string& model, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::ModelUse use, api::UseOfModel(project, model, absl::Now()));
  if (session.json()) {
    Json consumers = Json::array();
    for (const api::Consumer& consumer : use.consumers) consumers.push_back(api::ToJson(consumer));
    session.Print(ToText(Json{{"model", use.model}, {"consumers", consumers}, {"dependents", use.dependents}}));
    return 0;
  }
  if (use.consumers.empty()) session.Note("nobody is declared (model.consumers in roost.yaml), and nobody has a token");
  std::vector<std::vector<std::string>> rows{{"consumer", "declared", "may call as", "contact", "why"}};
  for (const api::Consumer& consumer : use.consumers) {
    const config::ModelConsumer declared = consumer.declared.value_or(config::ModelConsumer());
    rows.push_back({consumer.name, consumer.declared.has_value() ? "yes" : "no",
                    OrDash(fmt::format("{}", fmt::join(consumer.roles, ", "))), OrDash(declared.contact),
                    OrDash(declared.why)});
  }
  if (rows.size() > 1) session.Print(AlignColumns(rows, "lllll"));
  if (!use.dependents.empty()) {
    session.Print(fmt::format("came of it: {}\n", fmt::join(use.dependents, ", ")));
  }
  return 0;
}

std::string WordsOf(const api::Consumer& consumer) {
  const config::ModelConsumer& declared = *consumer.declared;
  const std::string contact = declared.contact.empty() ? "" : fmt::format(" ({})", declared.contact);
  return consumer.name + contact + (declared.why.empty() ? "" : ": " + declared.why);
}

}  // namespace

Json TouchedJson(api::Project& project, const registry::ModelVersion& version) {
  const absl::StatusOr<api::Touched> touched = api::TouchedBy(project, version);
  return touched.ok() ? api::ToJson(*touched) : Json::object();
}

void PrintTouched(api::Project& project, const registry::ModelVersion& version, Session& session) {
  const absl::StatusOr<api::Touched> touched = api::TouchedBy(project, version);
  if (!touched.ok()) {  // what was asked for is done
    session.Note(fmt::format("whom it touches is not known: {}", std::string(touched.status().message())));
    return;
  }
  for (const api::Consumer& consumer : touched->consumers) {
    session.Print(fmt::format("touches {}\n", WordsOf(consumer)));
  }
  if (!touched->dependents.empty()) {
    session.Print(fmt::format("came of it: {}\n", fmt::join(touched->dependents, ", ")));
  }
}

void AddModelConsumersCommand(CLI::App& model, Session& session) {
  CLI::App* command = model.add_subcommand("consumers", "Who calls a model, may call it, and what came of it");
  auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "The model")->required();
  command->footer("Consumers are declared in roost.yaml under model.consumers; tokens are those of the workspace.");
  command->callback([name, &session] { session.Finish(RunConsumers(*name, session)); });
}

}  // namespace roost::cli
