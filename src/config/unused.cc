#include "config/unused.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "config/columns.h"

namespace roost::config {
namespace {

/// What a rule may look at.
struct Place {
  const Json& project;
  const Json& beside;     ///< the mapping that the key stands in
  std::string_view name;  ///< of the key
};

std::string TextIn(const Json& values, const std::string& path) {
  const Json* value = FindValue(values, path);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

bool Has(const Json& values, const std::string& path) { return FindValue(values, path) != nullptr; }

std::string_view Unless(bool counts, std::string_view reason) { return counts ? std::string_view() : reason; }

// Of tasks that roost.yaml names; what the label's kind makes of it is not known here.
std::string_view UnlessTask(const Place& place, std::initializer_list<std::string_view> tasks,
                            std::string_view reason) {
  const std::string task = TextIn(place.project, "model.task");
  return Unless(task.empty() || std::find(tasks.begin(), tasks.end(), task) != tasks.end(), reason);
}

bool TakesColumns(const Json& project) {
  return TextIn(project, "model.trainer.kind") == "external" && TextIn(project, "model.trainer.input") == "columns";
}

bool IsLoopback(const std::string& host) {
  return host.starts_with("127.") || host == "localhost" || host == "::1" || host == "[::1]";
}

std::string_view ValueReason(const Place& place) {
  if (place.name == "each") {
    return UnlessTask(place, {"binary", "number", "counts"}, "classes and rankings have no single score a row");
  }
  if (Has(place.beside, "each")) return "'each' takes its place";
  if (place.name == "hits") return UnlessTask(place, {"ranking"}, "it is for rankings");
  if (place.name == "over" || place.name == "under") {
    return UnlessTask(place, {"number", "counts"}, "it is for tasks of numbers and counts");
  }
  return UnlessTask(place, {"binary"}, "it is for tasks of true and false");
}

/// Why a key has no effect where it stands; "" where it has one.
struct Rule {
  std::string_view key;  ///< "*" stands for any name, "[]" for any entry
  std::string_view (*why)(const Place&);
};

constexpr std::array kRules{
    Rule{"model.threshold",
         [](const Place& p) { return UnlessTask(p, {"binary"}, "it is for tasks of true and false"); }},
    Rule{"model.group",
         [](const Place& p) {
           // 'features: auto' leaves its column out.
           const bool counts = TextIn(p.project, "model.task") == "ranking" || TextIn(p.beside, "features") == "auto";
           return Unless(counts, "it is for rankings");
         }},
    Rule{"model.class_weights",
         [](const Place& p) {
           return UnlessTask(p, {"binary", "classes"}, "it is for tasks of classes");
         }},
    Rule{"model.features[].*",
         [](const Place& p) {
           return Unless(p.name == "column" || !TakesColumns(p.project),
                         "an external trainer with 'input: columns' gets the column as it is");
         }},
    Rule{"model.trainer.passes",
         [](const Place& p) {
           const std::string solver = TextIn(p.beside, "solver");
           return Unless(solver == "ftrl" || solver == "auto", "it is for 'solver: ftrl'");
         }},
    Rule{"model.trainer.max_iterations",
         [](const Place& p) { return Unless(TextIn(p.beside, "solver") != "ftrl", "'solver: ftrl' counts passes"); }},
    Rule{"model.trainer.tolerance",
         [](const Place& p) { return Unless(TextIn(p.beside, "solver") != "ftrl", "'solver: ftrl' counts passes"); }},
    Rule{"model.trainer.decay",
         [](const Place& p) { return Unless(TextIn(p.beside, "start") == "refresh", "it is for 'start: refresh'"); }},
    Rule{"model.trainer.cold_every",
         [](const Place& p) { return Unless(TextIn(p.beside, "start") != "cold", "every training is a cold one"); }},
    Rule{"model.trainer.max_trees",
         [](const Place& p) {
           return Unless(TextIn(p.beside, "start") != "cold", "no training goes on with another one's trees");
         }},
    Rule{"model.tune.keep_one_in",
         [](const Place& p) {
           const Json* share = FindValue(p.beside, "least_share");
           return Unless(share == nullptr || *share != Json(1.0), "with 'least_share: 1' all trials have all rows");
         }},
    Rule{"model.tune.space[].*",
         [](const Place& p) {
           const bool of_range = p.name == "low" || p.name == "high" || p.name == "log" || p.name == "whole";
           return Unless(!of_range || !Has(p.beside, "values"), "'values' says which there are");
         }},
    Rule{"model.evaluation.min_rows",
         [](const Place& p) { return Unless(Has(p.beside, "slices"), "there are no slices"); }},
    Rule{"model.evaluation.max_values",
         [](const Place& p) { return Unless(Has(p.beside, "slices"), "there are no slices"); }},
    Rule{"model.evaluation.value.*", ValueReason},
    Rule{"model.gate.baseline",
         [](const Place& p) {
           return Unless(
               TextIn(p.project, "model.trainer.kind") != "linear" || TextIn(p.beside, "baseline") != "linear",
               "a linear model is held against the dummy");
         }},
    Rule{"serve.plaintext",
         [](const Place& p) {
           if (Has(p.beside, "tls")) return std::string_view("there is a certificate: serve.tls");
           return Unless(!IsLoopback(TextIn(p.beside, "host")), "a loopback address needs no TLS");
         }},
    Rule{"serve.evict",
         [](const Place& p) {
           const Json* limit = FindValue(p.beside, "memory_mb");
           return Unless(limit == nullptr || *limit != Json(0), "memory_mb is no limit");
         }},
    Rule{"serve.access_log_sample",
         [](const Place& p) { return Unless(Has(p.beside, "access_log"), "there is no log"); }},
    Rule{"serve.consumers.*.certificate",
         [](const Place& p) {
           return Unless(Has(p.project, "serve.tls.client_ca"),
                         "without serve.tls.client_ca nobody shows a certificate");
         }},
    Rule{
        "serve.models.*.batching",
        [](const Place& p) { return Unless(TextIn(p.beside, "queue") != "inline", "'queue: inline' has no batches"); }},
    Rule{"workspace.s3",
         [](const Place& p) {
           return Unless(TextIn(p.beside, "objects").starts_with("s3://"), "workspace.objects is no S3 bucket");
         }},
};

/// "features[12]" -> "features[]".
std::string WithoutNumbers(std::string_view word) {
  const size_t bracket = word.find('[');
  return bracket == std::string_view::npos ? std::string(word) : fmt::format("{}[]", word.substr(0, bracket));
}

std::vector<std::string_view> WordsOf(std::string_view path) {
  std::vector<std::string_view> words;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('.', begin), path.size());
    words.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

bool Matches(std::string_view pattern, std::string_view path) {
  const std::vector<std::string_view> wanted = WordsOf(pattern);
  const std::vector<std::string_view> words = WordsOf(path);
  if (wanted.size() != words.size()) return false;
  for (size_t i = 0; i < words.size(); ++i) {
    if (wanted[i] != "*" && wanted[i] != WithoutNumbers(words[i])) return false;
  }
  return true;
}

bool IsBelow(std::string_view path, std::string_view above) {
  return path.size() > above.size() && path.starts_with(above) &&
         (path[above.size()] == '.' || path[above.size()] == '[');
}

/// "models.late.trainer.l2" as "model.trainer.l2" of a project that has this model alone.
struct OneModel {
  Json values;
  std::string path;
};

std::optional<OneModel> AsOneModel(const Json& values, const std::string& path) {
  const Json* models = FindValue(values, "models");
  if (models == nullptr || !models->is_object()) return std::nullopt;
  for (const auto& [name, model] : models->items()) {
    const std::string above = fmt::format("models.{}", name);
    if (!IsBelow(path, above)) continue;
    OneModel one{.values = values, .path = "model" + path.substr(above.size())};
    one.values.erase("models");
    one.values["model"] = model;
    return one;
  }
  return std::nullopt;
}

std::string_view WhyUnused(const Json& values, const std::string& path) {
  if (const std::optional<OneModel> one = AsOneModel(values, path)) return WhyUnused(one->values, one->path);
  const size_t dot = path.rfind('.');
  const Json* beside = dot == std::string::npos ? &values : FindValue(values, path.substr(0, dot));
  if (beside == nullptr) return "";
  for (const Rule& rule : kRules) {
    if (!Matches(rule.key, path)) continue;
    const std::string_view name = std::string_view(path).substr(dot == std::string::npos ? 0 : dot + 1);
    const std::string_view why = rule.why({.project = values, .beside = *beside, .name = name});
    if (!why.empty()) return why;
  }
  return "";
}

void AddUnreadColumns(const DeclaredValues& values, const std::string& above, const ModelConfig& model,
                      std::vector<UnusedKey>& unused) {
  for (const size_t position : UnreadColumns(model)) {
    const std::string key = fmt::format("{}.columns[{}]", above, position);
    unused.push_back({.key = key,
                      .line = LineOf(values, key + ".name"),
                      .reason = fmt::format("nothing reads '{}'", model.columns[position].name)});
  }
  for (const std::string& column : UnreadScores(model)) {
    const std::string key = fmt::format("{}.scores.{}", above, column);
    unused.push_back({.key = key, .line = LineOf(values, key), .reason = fmt::format("nothing reads '{}'", column)});
  }
}

}  // namespace

std::vector<UnusedKey> FindUnused(const DeclaredValues& values, const ProjectConfig& project) {
  std::vector<UnusedKey> unused;
  for (const WrittenKey& written : values.written) {
    if (!unused.empty() && IsBelow(written.path, unused.back().key)) continue;
    if (const std::string_view why = WhyUnused(values.values, written.path); !why.empty()) {
      unused.push_back({.key = written.path, .line = written.line, .reason = std::string(why)});
    } else if (written.is_default) {
      unused.push_back({.key = written.path, .line = written.line, .reason = "is the default", .is_default = true});
    }
  }
  for (const ModelConfig& model : project.models) {
    AddUnreadColumns(values, project.has_models_by_name ? fmt::format("models.{}", model.name) : "model", model,
                     unused);
  }
  std::stable_sort(unused.begin(), unused.end(),
                   [](const UnusedKey& a, const UnusedKey& b) { return a.line < b.line; });
  return unused;
}

const Json* FindValue(const Json& values, const std::string& path) {
  const Json* value = &values;
  for (const std::string_view word : WordsOf(path)) {
    const size_t bracket = std::min(word.find('['), word.size());
    if (!value->is_object()) return nullptr;
    const auto found = value->find(std::string(word.substr(0, bracket)));
    if (found == value->end()) return nullptr;
    value = &*found;
    if (bracket == word.size()) continue;
    size_t position = 0;
    std::from_chars(word.data() + bracket + 1, word.data() + word.size(), position);
    if (!value->is_array() || position >= value->size()) return nullptr;
    value = &(*value)[position];
  }
  return value;
}

int LineOf(const DeclaredValues& values, const std::string& path) {
  size_t longest = 0;
  int line = 1;
  for (const WrittenKey& written : values.written) {
    if (written.path.size() < longest || !(written.path == path || IsBelow(path, written.path))) continue;
    longest = written.path.size();
    line = written.line;
  }
  return line;
}

}  // namespace roost::config
