#include "api/facts.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/profile.h"
#include "base/format.h"
#include "base/status.h"
#include "column/value.h"
#include "expr/expression.h"

namespace roost::api {
namespace {

using Figure = std::optional<double>;

absl::StatusOr<std::set<std::string>> NamesIn(const std::vector<config::Assertion>& assertions) {
  std::set<std::string> names;
  for (const config::Assertion& assertion : assertions) {
    TRY_ASSIGN(const expr::Expression expression, expr::Expression::Parse(assertion.that));
    for (const std::string& name : expression.columns()) names.insert(name);
  }
  return names;
}

double DaysBetween(absl::Time from, absl::Time to) { return absl::ToDoubleHours(to - from) / 24; }

// The latest time in the split's column: the profile of the version knows it.
absl::StatusOr<std::optional<absl::Time>> LatestTime(const Project& project, const store::CommitInfo& dataset,
                                                     const Context& context) {
  const std::optional<config::ModelConfig>& model = project.config().model;
  if (!model.has_value() || model->split.by != config::SplitBy::kTime) return std::nullopt;
  TRY_ASSIGN(const ProfileResponse profile,
             ProfileData({.sources = {dataset.Name()}, .project = project.folder()}, context));
  const profile::ColumnSummary* column = profile.summary.Find(model->split.column);
  if (column == nullptr || !column->number.has_value() || !column->number->max_micros.has_value()) return std::nullopt;
  return absl::FromUnixMicros(*column->number->max_micros);
}

// The figures that `names` asks for.
class Figures {
 public:
  Figures(Project& project, const store::CommitInfo& dataset, const std::set<std::string>& names,
          const Context& context)
      : project_(project), dataset_(dataset), names_(names), context_(context) {}

  absl::Status AddAll(const PreparedTraining* prepared) {
    Add("rows", static_cast<double>(dataset_.rows));
    Add("new_rows", static_cast<double>(dataset_.rows_added));
    Add("columns", static_cast<double>(dataset_.columns.size()));
    Add("version_age_days", DaysBetween(dataset_.time, context_.now()));
    if (Wants("data_age_days")) {
      TRY_ASSIGN(const std::optional<absl::Time> latest, LatestTime(project_, dataset_, context_));
      Add("data_age_days", latest.has_value() ? Figure(DaysBetween(*latest, context_.now())) : std::nullopt);
    }
    TRY(AddModelVersions());
    return AddTraining(prepared);
  }

  const std::map<std::string, Figure>& figures() const { return figures_; }

 private:
  bool Wants(const std::string& name) const { return names_.contains(name); }
  void Add(const std::string& name, Figure figure) { figures_[name] = figure; }

  absl::Status AddModelVersions() {
    if (!Wants("model_versions") || !project_.config().model.has_value()) return absl::OkStatus();
    TRY_ASSIGN(const auto versions, project_.registry().List(project_.config().model->name));
    Add("model_versions", static_cast<double>(versions.size()));
    return absl::OkStatus();
  }

  absl::Status AddTraining(const PreparedTraining* prepared) {
    const std::span<const config::Fact> facts = config::AllFacts();
    const bool wanted = std::any_of(facts.begin(), facts.end(), [this](const config::Fact& fact) {
      return fact.of_training && Wants(std::string(fact.name));
    });
    if (!wanted || !project_.config().model.has_value()) return absl::OkStatus();
    std::optional<PreparedTraining> read;
    if (prepared == nullptr) {
      TRY_ASSIGN(read, PrepareTraining(project_, *project_.config().model, dataset_.Name(), 1.0, context_));
      prepared = &*read;
    }
    const LabelledData& data = prepared->rows.data;
    Add("training_rows", static_cast<double>(data[Part::kTrain].num_rows()));
    Add("evaluation_rows", static_cast<double>(data[Part::kEvaluate].num_rows()));
    Add("unlabelled_rows", static_cast<double>(data.unlabelled));
    Add("features", prepared->transform.has_value() ? static_cast<double>(prepared->transform->num_features())
                                                    : static_cast<double>(prepared->inputs.size()));
    return absl::OkStatus();
  }

  Project& project_;
  const store::CommitInfo& dataset_;
  const std::set<std::string>& names_;
  const Context& context_;
  std::map<std::string, Figure> figures_;
};

absl::StatusOr<CheckedFact> Check(const config::Assertion& assertion, const std::map<std::string, Figure>& figures) {
  const std::vector<expr::Column> columns = config::FactColumns();
  std::vector<column::Value> row;
  for (const expr::Column& column : columns) {
    const auto found = figures.find(column.name);
    const bool is_known = found != figures.end() && found->second.has_value();
    row.push_back(is_known ? column::Value(*found->second) : column::Value());
  }
  TRY_ASSIGN(const expr::Expression expression, expr::Expression::Parse(assertion.that));
  TRY_ASSIGN(const expr::BoundExpression bound, expression.Bind(columns));
  expr::RowScratch scratch;
  column::Value result;
  TRY(bound.EvaluateRow(row, scratch, result));
  const double* number = std::get_if<double>(&result);  // a boolean is a number; null is none
  CheckedFact fact{.assertion = assertion, .holds = number != nullptr && *number != 0, .figures = {}};
  for (const std::string& name : expression.columns()) {
    const auto found = figures.find(name);
    fact.figures.emplace_back(name, found == figures.end() ? std::nullopt : found->second);
  }
  return fact;
}

std::string FigureText(const Figure& figure) {
  if (!figure.has_value()) return "not known";
  const bool is_whole = std::abs(*figure) < 1e15 && *figure == std::floor(*figure);
  return is_whole ? FormatCount(static_cast<int64_t>(*figure)) : FormatNumber(*figure);
}

}  // namespace

std::string CheckedFact::ToText() const {
  std::vector<std::string> words;
  for (const auto& [name, figure] : figures) words.push_back(fmt::format("{} is {}", name, FigureText(figure)));
  std::string text = assertion.that;
  if (!words.empty()) text += fmt::format(" ({})", fmt::join(words, ", "));
  return assertion.because.empty() ? text : fmt::format("{}: {}", text, assertion.because);
}

Json CheckedFact::ToJson() const {
  Json json{{"that", assertion.that}, {"because", assertion.because}, {"holds", holds}, {"figures", Json::object()}};
  for (const auto& [name, figure] : figures) json["figures"][name] = figure.has_value() ? Json(*figure) : Json(nullptr);
  return json;
}

absl::StatusOr<std::vector<CheckedFact>> CheckFacts(Project& project, const store::CommitInfo& dataset,
                                                    const PreparedTraining* prepared, const Context& context) {
  std::vector<CheckedFact> facts;
  const std::vector<config::Assertion>& assertions = project.config().assertions;
  if (assertions.empty()) return facts;
  TRY_ASSIGN(const std::set<std::string> names, NamesIn(assertions));
  Figures figures(project, dataset, names, context);
  TRY(figures.AddAll(prepared));
  for (const config::Assertion& assertion : assertions) {
    TRY_ASSIGN(CheckedFact fact, Check(assertion, figures.figures()));
    facts.push_back(std::move(fact));
  }
  return facts;
}

absl::Status RequireFacts(std::span<const CheckedFact> facts) {
  std::vector<std::string> broken;
  for (const CheckedFact& fact : facts) {
    if (!fact.holds) broken.push_back(fact.ToText());
  }
  if (broken.empty()) return absl::OkStatus();
  return WithHint(
      absl::FailedPreconditionError(fmt::format("what roost.yaml asserts does not hold: {}", fmt::join(broken, "; "))),
      "mend what is wrong with the data, or the entry of 'assert'");
}

bool NamesPassingFacts(const config::ProjectConfig& project) {
  const absl::StatusOr<std::set<std::string>> names = NamesIn(project.assertions);
  if (!names.ok()) return false;
  for (const config::Fact& fact : config::AllFacts()) {
    if (fact.passes && names->contains(std::string(fact.name))) return true;
  }
  return false;
}

}  // namespace roost::api
