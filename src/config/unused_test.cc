#include "config/unused.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "config/columns.h"
#include "config/resolved.h"

namespace roost::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> UnusedIn(const std::string& text) {
  const auto project = ParseProject(text, "roost.yaml");
  EXPECT_TRUE(project.ok()) << project.status() << "\n" << text;
  const auto values = ResolveProject(text, "roost.yaml");
  std::vector<std::string> lines;
  for (const UnusedKey& unused : FindUnused(*values, *project)) {
    lines.push_back(std::to_string(unused.line) + " " + unused.key + (unused.is_default ? " default" : ""));
  }
  return lines;
}

/// A project whose model has `more`, lines that are indented by two.
std::string With(const std::string& more) {
  return "project: flights\ndataset: flights\nmodel:\n  name: late\n  label: delay > 15\n  split: {column: date}\n" +
         more;
}

constexpr char kOrigin[] = "  features: [{column: origin}]\n";

TEST(Unused, NothingInAProjectThatSaysWhatItMeans) { EXPECT_THAT(UnusedIn(With(kOrigin)), IsEmpty()); }

TEST(Unused, DefaultsThatAreWrittenOut) {
  EXPECT_THAT(UnusedIn(With(std::string(kOrigin) + "  trainer:\n    kind: linear\n    l2: 1\n    l1: 2\nserve: {port: "
                                                   "8080}\n")),
              ElementsAre("9 model.trainer.kind default", "10 model.trainer.l2 default", "12 serve.port default"));
}

struct Case {
  std::string with;
  std::string key;
};

TEST(Unused, KeysWithoutEffect) {
  const std::vector<Case> cases{
      {"  trainer: {solver: newton, passes: 3}\n", "model.trainer.passes"},
      {"  trainer: {solver: ftrl, max_iterations: 3}\n", "model.trainer.max_iterations"},
      {"  trainer: {solver: ftrl, tolerance: 0.5}\n", "model.trainer.tolerance"},
      {"  trainer: {kind: boosted_trees, decay: 0.25}\n", "model.trainer.decay"},
      {"  trainer: {kind: boosted_trees, start: cold, max_trees: 7}\n", "model.trainer.max_trees"},
      {"  trainer: {start: cold, cold_every: 3}\n", "model.trainer.cold_every"},
      {"  task: number\n  threshold: 0.4\n", "model.threshold"},
      {"  task: counts\n  class_weights: balanced\n", "model.class_weights"},
      {"  group: origin\n", "model.group"},
      {"  evaluation: {min_rows: 7}\n", "model.evaluation.min_rows"},
      {"  task: number\n  evaluation: {value: {true_positive: 3}}\n", "model.evaluation.value.true_positive"},
      {"  task: binary\n  evaluation: {value: {over: 3}}\n", "model.evaluation.value.over"},
      {"  task: binary\n  evaluation: {value: {hits: [3]}}\n", "model.evaluation.value.hits"},
      {"  gate: {baseline: linear, rules: [{metric: auc, at_least: 0.5}]}\n", "model.gate.baseline"},
      {"  tune: {space: [{key: l2, values: [1], low: 3}]}\n", "model.tune.space[0].low"},
      {"  tune: {space: [{key: l2, values: [1]}], least_share: 1, keep_one_in: 4}\n", "model.tune.keep_one_in"},
      {"  columns: [{name: far, value: distance > 5}]\n", "model.columns[0]"},
      {"  scores: {minutes: minutes-late}\n", "model.scores.minutes"},
      {"serve: {plaintext: true}\n", "serve.plaintext"},
      {"serve: {evict: true}\n", "serve.evict"},
      {"serve: {access_log_sample: 0.5}\n", "serve.access_log_sample"},
      {"serve: {consumers: {ci: {certificate: read}}}\n", "serve.consumers.ci.certificate"},
      {"serve: {models: {late: {queue: inline, batching: {max_batch_size: 5}}}}\n", "serve.models.late.batching"},
      {"workspace: {s3: {region: x}}\n", "workspace.s3"},
  };
  for (const Case& c : cases) {
    std::vector<std::string> found = UnusedIn(With(kOrigin + c.with));
    ASSERT_EQ(found.size(), 1u) << c.key << ": " << testing::PrintToString(found);
    EXPECT_EQ(found.front().substr(found.front().find(' ') + 1), c.key);
  }
}

TEST(Unused, KeysWithAnEffect) {
  for (const char* with :
       {"  trainer: {passes: 3}\n", "  trainer: {solver: ftrl, passes: 3}\n",
        "  trainer: {kind: boosted_trees, start: refresh, decay: 0.25}\n", "  threshold: 0.4\n",
        "  task: ranking\n  group: origin\n", "  evaluation: {slices: [origin], min_rows: 7}\n",
        "  evaluation: {value: {true_positive: 3}}\n", "serve: {memory_mb: 5, evict: true}\n",
        "serve: {host: 0.0.0.0, plaintext: true}\n", "serve: {access_log: log, access_log_sample: 0.5}\n",
        "serve: {models: {late: {queue: workers, batching: {max_batch_size: 5}}}}\n",
        "workspace: {objects: 's3://b', s3: {region: x}}\n"}) {
    EXPECT_THAT(UnusedIn(With(std::string(kOrigin) + with)), IsEmpty()) << with;
  }
}

TEST(Unused, FeaturesOfATrainerThatTakesColumns) {
  EXPECT_THAT(
      UnusedIn(With("  features: [{column: origin, use: one_hot, top: 5}]\n  trainer: {kind: external, command: "
                    "[x]}\n")),
      ElementsAre("7 model.features[0].use", "7 model.features[0].top"));
}

TEST(Unused, AColumnThatAFeatureReadsCounts) {
  EXPECT_THAT(UnusedIn(With("  columns: [{name: far, value: distance > 5}]\n  features: [{column: far}]\n")),
              IsEmpty());
  EXPECT_THAT(UnusedIn(With("  scores: {minutes: minutes-late}\n  features: [{column: minutes}]\n")), IsEmpty());
  EXPECT_THAT(UnusedIn(With("  columns: [{name: far, value: distance > 5}]\n  features: auto\n")), IsEmpty());
}

TEST(ColumnsNamed, AreAllButThoseThatAreComputed) {
  const auto project = ParseProject(With(R"(  weight: fare
  columns: [{name: far, value: distance > 5}]
  features: [{column: far}, {use: cross, columns: [origin, carrier]}, {column: date, use: age, until: landed}]
  evaluation: {slices: [origin, [far, month]], unit: tail, value: {true_positive: gain, false_positive: 3}}
)"),
                                    "roost.yaml");
  ASSERT_TRUE(project.ok()) << project.status();
  EXPECT_THAT(
      ColumnsNamed(*project->model),
      ElementsAre(NamedColumn{"label", "delay"}, NamedColumn{"weight", "fare"}, NamedColumn{"split.column", "date"},
                  NamedColumn{"columns[0].value", "distance"}, NamedColumn{"features[1].columns[0]", "origin"},
                  NamedColumn{"features[1].columns[1]", "carrier"}, NamedColumn{"features[2].column", "date"},
                  NamedColumn{"features[2].until", "landed"}, NamedColumn{"evaluation.slices[0]", "origin"},
                  NamedColumn{"evaluation.slices[1]", "month"}, NamedColumn{"evaluation.unit", "tail"},
                  NamedColumn{"evaluation.value.true_positive", "gain"}));
}

TEST(FindValue, GoesTheWay) {
  const Json values = Json::parse(R"({"a":{"b":[1,{"c":2}]}})");
  ASSERT_NE(FindValue(values, "a.b[1].c"), nullptr);
  EXPECT_EQ(*FindValue(values, "a.b[1].c"), Json(2));
  for (const char* nothing : {"x", "a.x", "a.b[2]", "a.b[0].c", "a.b.c"}) {
    EXPECT_EQ(FindValue(values, nothing), nullptr) << nothing;
  }
}

TEST(LineOf, IsThatOfTheNearestKeyAround) {
  const auto values = ResolveProject(With(kOrigin), "roost.yaml");
  EXPECT_EQ(LineOf(*values, "model.features[0].column"), 7);
  EXPECT_EQ(LineOf(*values, "model.split.key[0]"), 6);
  EXPECT_EQ(LineOf(*values, "model.trainer"), 3);
  EXPECT_EQ(LineOf(*values, "workspace.s3"), 1);
}

}  // namespace
}  // namespace roost::config
