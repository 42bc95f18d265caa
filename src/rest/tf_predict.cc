#include "rest/tf_predict.h"

#include <array>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/status.h"
#include "rest/json_body.h"
#include "rest/json_text.h"
#include "rest/not_finite.h"
#include "rest/row_scorer.h"
#include "serving/rows.h"

namespace roost::rest {
namespace {

using serving::Servable;
using simdjson::SUCCESS;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::string_view kSignature = "serving_default";

absl::StatusOr<JsonBody> ParseTolerantly(std::string_view body, bool own_memory) {
  absl::StatusOr<JsonBody> json = JsonBody::Parse(body, own_memory);
  if (json.ok()) return json;
  const std::optional<std::string> marked = MarkNotFinite(body);
  if (marked.has_value()) json = JsonBody::Parse(*marked, own_memory);
  return json;
}

absl::StatusOr<object> RootOf(const JsonBody& json) {
  object root;
  if (json.root().get(root) != SUCCESS) return absl::InvalidArgumentError("the request is not a JSON object");
  element signature;
  if (root["signature_name"].get(signature) != SUCCESS) return root;
  std::string_view name;
  if (signature.get(name) != SUCCESS) return absl::InvalidArgumentError("'signature_name' must be a string");
  if (name.empty() || name == kSignature) return root;
  return absl::InvalidArgumentError(fmt::format("there is no signature '{}'; the only one is '{}'", name, kSignature));
}

absl::StatusOr<array> ArrayMember(object root, std::string_view name, std::string_view of) {
  array values;
  if (root[name].get(values) == SUCCESS) return values;
  return absl::InvalidArgumentError(fmt::format("'{}' must be an array of {}", name, of));
}

/// Whether `instance` is a row by column names, not the bare value of a model of one column.
bool IsNamed(element instance) {
  object members;
  return instance.get(members) == SUCCESS && (members.size() != 1 || members["b64"].error() != SUCCESS) &&
         !(members.size() == 1 && (members["NaN"].error() == SUCCESS || members["Infinity"].error() == SUCCESS ||
                                   members["-Infinity"].error() == SUCCESS));
}

absl::Status AddInstances(const Servable& servable, array instances, RowSink& rows) {
  constexpr std::array<size_t, 1> kOnlyColumn{0};
  const bool one_column = servable.inputs().size() == 1;
  for (const element instance : instances) {
    const bool is_bare = one_column && !IsNamed(instance);
    TRY(is_bare ? rows.Add(kOnlyColumn, {&instance, 1}) : rows.Add({&instance, 1}));
  }
  return absl::OkStatus();
}

/// The columns of a request, read side by side.
struct Columns {
  std::vector<size_t> inputs;
  std::vector<array> values;
};

absl::StatusOr<Columns> ReadColumns(const Servable& servable, element inputs) {
  Columns columns;
  array only;
  object named;
  if (servable.inputs().size() == 1 && inputs.get(only) == SUCCESS) {
    columns.inputs.push_back(0);
    columns.values.push_back(only);
    return columns;
  }
  if (inputs.get(named) != SUCCESS) {
    return absl::InvalidArgumentError("'inputs' must be an object of arrays, one for each column of the model");
  }
  std::vector<bool> has(servable.inputs().size());
  for (const auto [name, value] : named) {
    TRY_ASSIGN(const size_t input, RequireInput(servable, name));
    if (has[input]) return absl::InvalidArgumentError(fmt::format("'{}' comes twice", name));
    has[input] = true;
    array values;
    if (value.get(values) != SUCCESS) {
      return absl::InvalidArgumentError(
          fmt::format("'{}' is {}; it must be an array, a value a row", name, KindOf(value)));
    }
    columns.inputs.push_back(input);
    columns.values.push_back(values);
  }
  for (size_t i = 0; i < has.size(); ++i) {
    if (has[i]) continue;
    return WithHint(absl::InvalidArgumentError(fmt::format("the column '{}' is missing", servable.inputs()[i].name)),
                    "send null for values that are not known");
  }
  return columns;
}

absl::Status AddColumns(const Servable& servable, element inputs, RowSink& rows) {
  TRY_ASSIGN(const Columns columns, ReadColumns(servable, inputs));
  std::vector<array::iterator> next;
  for (const array values : columns.values) next.push_back(values.begin());
  std::vector<element> row(next.size());
  for (;;) {
    size_t ended = 0;
    for (size_t i = 0; i < next.size(); ++i) {
      if (next[i] != columns.values[i].end()) {
        row[i] = *next[i];
        ++next[i];
      } else {
        ++ended;
      }
    }
    if (ended == next.size()) return absl::OkStatus();
    if (ended > 0) {
      return absl::InvalidArgumentError(
          fmt::format("the columns are not of the same length: some end after {} rows", rows.num_rows()));
    }
    TRY(rows.Add(columns.inputs, row));
  }
}

void AppendNumbers(std::span<const double> numbers, std::string& json) {
  json.push_back('[');
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) json.push_back(',');
    AppendTfNumber(numbers[i], json);
  }
  json.push_back(']');
}

/// Calls `append(outputs of a row)` for each row, with commas between, in brackets.
template <typename Append>
void AppendEach(const Servable& servable, std::span<const double> scores, std::string& json, const Append& append) {
  const auto width = static_cast<size_t>(servable.model().num_outputs());
  json.push_back('[');
  for (size_t first = 0; first < scores.size(); first += width) {
    if (first > 0) json.push_back(',');
    append(scores.subspan(first, width));
  }
  json.push_back(']');
}

bool HasClasses(const Servable& servable) { return servable.model().task() == predict::Task::kClasses; }

std::string_view ClassOf(const Servable& servable, std::span<const double> outputs) {
  return servable.model().classes()[serving::MostProbable(outputs)];
}

void AppendPredictions(const Servable& servable, std::span<const double> scores, std::string& json) {
  if (!HasClasses(servable)) return AppendNumbers(scores, json);
  AppendEach(servable, scores, json, [&](std::span<const double> outputs) {
    json.append("{\"probabilities\":");
    AppendNumbers(outputs, json);
    json.append(",\"class\":");
    AppendJsonString(ClassOf(servable, outputs), json);
    json.push_back('}');
  });
}

void AppendOutputs(const Servable& servable, std::span<const double> scores, std::string& json) {
  if (!HasClasses(servable)) return AppendNumbers(scores, json);
  json.append("{\"probabilities\":");
  AppendEach(servable, scores, json, [&](std::span<const double> outputs) { AppendNumbers(outputs, json); });
  json.append(",\"class\":");
  AppendEach(servable, scores, json,
             [&](std::span<const double> outputs) { AppendJsonString(ClassOf(servable, outputs), json); });
  json.push_back('}');
}

void AppendClassified(const Servable& servable, std::span<const double> outputs, std::string& json) {
  const std::array<std::string, 2> outcomes{"false", "true"};
  const std::array<double, 2> probabilities{1 - outputs.front(), outputs.front()};
  const bool classes = HasClasses(servable);
  const std::span<const std::string> names = classes ? servable.model().classes() : outcomes;
  const std::span<const double> numbers = classes ? outputs : probabilities;
  for (size_t i = 0; i < names.size(); ++i) {
    json.append(i == 0 ? "[[" : ",[");
    AppendJsonString(names[i], json);
    json.push_back(',');
    AppendTfNumber(numbers[i], json);
    json.push_back(']');
  }
  json.push_back(']');
}

/// What the three calls have in common: the outputs of all rows are kept until the end.
class TfCall : public RowsCall {
 public:
  explicit TfCall(const Servable& servable) : servable_(servable) {}

  Dialect dialect() const final { return Dialect::kTfServing; }

  absl::Status Parse(std::string_view body, bool own_memory) final {
    TRY(CheckTask());
    TRY_ASSIGN(json_, ParseTolerantly(body, own_memory));
    TRY_ASSIGN(root_, RootOf(*json_));
    return absl::OkStatus();
  }

  absl::Status Take(const ScoredRows& rows) final {
    scores_.insert(scores_.end(), rows.scores.begin(), rows.scores.end());
    return absl::OkStatus();
  }

 protected:
  virtual absl::Status CheckTask() const { return absl::OkStatus(); }

  /// {"examples": [row, ...], "context": row}
  absl::Status ReadExamples(RowSink& rows) const {
    TRY_ASSIGN(const array examples, ArrayMember(root_, "examples", "rows"));
    element context;
    const bool has_context = root_["context"].get(context) == SUCCESS;
    for (const element example : examples) {
      const std::array<element, 2> parts{example, context};
      TRY(rows.Add(std::span(parts).first(has_context ? 2 : 1)));
    }
    return absl::OkStatus();
  }

  const Servable& servable_;
  std::optional<JsonBody> json_;
  object root_;
  std::vector<double> scores_;
};

class PredictCall final : public TfCall {
 public:
  using TfCall::TfCall;

  absl::Status Read(RowSink& rows) override {
    element inputs;
    by_columns_ = root_["inputs"].get(inputs) == SUCCESS;
    if (by_columns_ == (root_["instances"].error() == SUCCESS)) {
      return absl::InvalidArgumentError("a request has either 'instances' or 'inputs'");
    }
    if (by_columns_) return AddColumns(servable_, inputs, rows);
    TRY_ASSIGN(const array instances, ArrayMember(root_, "instances", "rows"));
    return AddInstances(servable_, instances, rows);
  }

  absl::Status Finish(net::HttpResponse& response) override {
    std::string answer = by_columns_ ? "{\"outputs\":" : "{\"predictions\":";
    by_columns_ ? AppendOutputs(servable_, scores_, answer) : AppendPredictions(servable_, scores_, answer);
    answer.push_back('}');
    response.body = std::move(answer);
    return absl::OkStatus();
  }

 private:
  bool by_columns_ = false;
};

class ClassifyCall final : public TfCall {
 public:
  using TfCall::TfCall;

  absl::Status CheckTask() const override {
    if (HasClasses(servable_) || servable_.model().task() == predict::Task::kBinary) return absl::OkStatus();
    return WithHint(absl::InvalidArgumentError(fmt::format("model '{}' has no classes", servable_.name())),
                    "use :regress or :predict");
  }

  absl::Status Read(RowSink& rows) override { return ReadExamples(rows); }

  absl::Status Finish(net::HttpResponse& response) override {
    std::string answer = "{\"results\":";
    AppendEach(servable_, scores_, answer,
               [&](std::span<const double> outputs) { AppendClassified(servable_, outputs, answer); });
    answer.push_back('}');
    response.body = std::move(answer);
    return absl::OkStatus();
  }
};

class RegressCall final : public TfCall {
 public:
  using TfCall::TfCall;

  absl::Status CheckTask() const override {
    if (!HasClasses(servable_)) return absl::OkStatus();
    return WithHint(absl::InvalidArgumentError(fmt::format("model '{}' has several classes", servable_.name())),
                    "use :classify or :predict");
  }

  absl::Status Read(RowSink& rows) override { return ReadExamples(rows); }

  absl::Status Finish(net::HttpResponse& response) override {
    std::string answer = "{\"results\":";
    AppendNumbers(scores_, answer);
    answer.push_back('}');
    response.body = std::move(answer);
    return absl::OkStatus();
  }
};

template <typename Call>
absl::Status Run(const Servable& servable, std::string_view body, net::HttpResponse& response,
                 serving::Clock::time_point start) {
  Call call(servable);
  return ScoreNow(call, servable, body, start, response);
}

}  // namespace

absl::Status TfPredict(const Servable& servable, std::string_view body, net::HttpResponse& response,
                       serving::Clock::time_point start) {
  return Run<PredictCall>(servable, body, response, start);
}

absl::Status TfClassify(const Servable& servable, std::string_view body, net::HttpResponse& response,
                        serving::Clock::time_point start) {
  return Run<ClassifyCall>(servable, body, response, start);
}

absl::Status TfRegress(const Servable& servable, std::string_view body, net::HttpResponse& response,
                       serving::Clock::time_point start) {
  return Run<RegressCall>(servable, body, response, start);
}

std::unique_ptr<RowsCall> NewPredictCall(const Servable& servable) { return std::make_unique<PredictCall>(servable); }
std::unique_ptr<RowsCall> NewClassifyCall(const Servable& servable) { return std::make_unique<ClassifyCall>(servable); }
std::unique_ptr<RowsCall> NewRegressCall(const Servable& servable) { return std::make_unique<RegressCall>(servable); }

}  // namespace roost::rest
