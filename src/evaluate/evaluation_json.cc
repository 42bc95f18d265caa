#include <fmt/format.h>

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/status.h"
#include "evaluate/evaluation.h"
#include "evaluate/importance.h"
#include "evaluate/members.h"
#include "evaluate/render.h"

namespace roost::evaluate {
namespace {

// Writes a struct's members to a JSON object.
class Writer {
 public:
  explicit Writer(Json start) : json_(std::move(start)) {}

  template <typename T>
  void operator()(const char* name, const T& member) {
    json_[name] = Write(member);
  }
  void IfPresent(const char* name, const std::optional<double>& member) {
    if (member.has_value()) json_[name] = *member;
  }
  Json Take() { return std::move(json_); }

 private:
  static Json Write(double value) { return value; }
  static Json Write(int64_t value) { return value; }
  static Json Write(const std::string& value) { return value; }
  static Json Write(const std::optional<double>& value) { return value.has_value() ? Json(*value) : Json(nullptr); }
  template <typename T>
  static Json Write(const std::vector<T>& values) {
    Json array = Json::array();
    for (const T& value : values) array.push_back(Write(value));
    return array;
  }
  template <typename T>
  static Json Write(const T& value) {
    Writer writer(Json::object());
    Members(value, writer);
    return writer.Take();
  }

  Json json_;
};

// Reads a struct's members from a JSON object. A first error is kept; what comes after it is not read.
class Reader {
 public:
  Reader(const Json& json, std::string path) : json_(json), path_(std::move(path)) {
    if (!json_.is_object()) Fail(path_, "an object");
  }

  template <typename T>
  void operator()(const char* name, T& member) {
    if (!status_.ok()) return;
    const auto found = json_.find(name);
    const std::string path = path_.empty() ? name : fmt::format("{}.{}", path_, name);
    if (found == json_.end()) {
      status_ = absl::InvalidArgumentError(fmt::format("no evaluation: it has no '{}'", path));
    } else {
      Read(*found, path, member);
    }
  }
  void IfPresent(const char* name, std::optional<double>& member) {
    if (status_.ok() && json_.contains(name)) (*this)(name, member);
  }
  const absl::Status& status() const { return status_; }

 private:
  void Fail(const std::string& path, const char* wanted) {
    status_ = absl::InvalidArgumentError(fmt::format("no evaluation: '{}' must be {}", path, wanted));
  }
  void Read(const Json& json, const std::string& path, double& value) {
    if (!json.is_number()) return Fail(path, "a number");
    value = json.get<double>();
  }
  void Read(const Json& json, const std::string& path, int64_t& value) {
    if (!json.is_number_integer()) return Fail(path, "a whole number");
    value = json.get<int64_t>();
  }
  void Read(const Json& json, const std::string& path, std::string& value) {
    if (!json.is_string()) return Fail(path, "a text");
    value = json.get<std::string>();
  }
  void Read(const Json& json, const std::string& path, std::optional<double>& value) {
    if (json.is_null()) return;
    Read(json, path, value.emplace());
  }
  template <typename T>
  void Read(const Json& json, const std::string& path, std::vector<T>& values) {
    if (!json.is_array()) return Fail(path, "a list");
    for (const Json& element : json) {
      if (!status_.ok()) return;
      Read(element, fmt::format("{}[{}]", path, values.size()), values.emplace_back());
    }
  }
  template <typename T>
  void Read(const Json& json, const std::string& path, T& value) {
    Reader reader(json, path);
    if (reader.status().ok()) Members(value, reader);
    status_ = reader.status();
  }

  const Json& json_;
  std::string path_;
  absl::Status status_;
};

template <typename T>
Json Write(const T& value, Json start = Json::object()) {
  Writer writer(std::move(start));
  Members(value, writer);
  return writer.Take();
}

template <typename T>
absl::StatusOr<T> Read(const Json& json) {
  T value;
  Reader reader(json, "");
  if (reader.status().ok()) Members(value, reader);
  TRY(reader.status());
  return value;
}

template <typename T>
absl::StatusOr<Evaluation> ReadEvaluation(const Json& json) {
  TRY_ASSIGN(T evaluation, Read<T>(json));
  return Evaluation(std::move(evaluation));
}

// The tables have a figure a class, and look them up by its place.
absl::Status CheckClasses(const ClassesEvaluation& evaluation) {
  const size_t classes = evaluation.names.size();
  for (const ClassesFigures* figures : {&evaluation.model, &evaluation.dummy}) {
    bool fits = figures->classes.size() == classes && evaluation.baseline.size() == classes &&
                figures->top_k.size() == evaluation.model.top_k.size();
    if (!figures->confusion.empty()) fits = fits && figures->confusion.size() == classes + 1;
    for (const std::vector<int64_t>& line : figures->confusion) fits = fits && line.size() == classes;
    if (!fits || classes == 0) {
      return absl::InvalidArgumentError("no evaluation: 'names', 'baseline' and the figures differ in their classes");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckNumbers(const NumbersEvaluation& evaluation) {
  if (evaluation.model.error_quantiles.size() == evaluation.dummy.error_quantiles.size()) return absl::OkStatus();
  return absl::InvalidArgumentError("no evaluation: the dummy has other 'error_quantiles' than the model");
}

}  // namespace

Json ToJson(const BinaryEvaluation& evaluation) { return Write(evaluation); }

Json ToJson(const Evaluation& evaluation) {
  if (const auto* binary = std::get_if<BinaryEvaluation>(&evaluation)) return ToJson(*binary);
  Json start{{"task", predict::TaskName(TaskOf(evaluation))}};
  return std::visit([&start](const auto& of_task) { return Write(of_task, std::move(start)); }, evaluation);
}

Json ToJson(const Importance& importance) { return Write(importance); }

absl::StatusOr<Evaluation> EvaluationFromJson(const Json& json) {
  predict::Task task = predict::Task::kBinary;
  if (json.is_object() && json.contains("task")) {
    const Json& name = json["task"];
    if (!name.is_string()) return absl::InvalidArgumentError("no evaluation: 'task' must be a text");
    TRY_ASSIGN(task, predict::ParseTask(name.get<std::string>()));
  }
  switch (task) {
    case predict::Task::kBinary: return ReadEvaluation<BinaryEvaluation>(json);
    case predict::Task::kCounts: return ReadEvaluation<CountsEvaluation>(json);
    case predict::Task::kRanking: return ReadEvaluation<RankingEvaluation>(json);
    case predict::Task::kClasses: {
      TRY_ASSIGN(ClassesEvaluation evaluation, Read<ClassesEvaluation>(json));
      TRY(CheckClasses(evaluation));
      return Evaluation(std::move(evaluation));
    }
    case predict::Task::kNumber: {
      TRY_ASSIGN(NumbersEvaluation evaluation, Read<NumbersEvaluation>(json));
      TRY(CheckNumbers(evaluation));
      return Evaluation(std::move(evaluation));
    }
  }
  return absl::InvalidArgumentError("no evaluation: its task is not known");
}

absl::StatusOr<Importance> ImportanceFromJson(const Json& json) { return Read<Importance>(json); }

}  // namespace roost::evaluate
