#include "report/runs_for_test.h"

#include <utility>

#include "report/measured_for_test.h"

namespace roost::report {
namespace {

RunText Run(int64_t number, const std::string& l2, double log_loss, double auc) {
  const std::string model = "late-flights@" + std::to_string(number);
  return {
      .number = number,
      .asked = "all",
      .state = "done",
      .who = "ada",
      .began = "2026-11-30T14:20:2" + std::to_string(number) + "Z",
      .took = "424 ms",
      .data = "flights@2",
      .model = model,
      .verdict = "blessed",
      .steps = {{.name = "ingest", .state = "hit of run 1", .made = "flights@2: 16,000 rows", .reason = "as in run 1"},
                {.name = "validate",
                 .state = "skipped",
                 .reason = "flights has no schema; 'roost schema infer flights' proposes one"},
                {.name = "train",
                 .state = "done",
                 .made = model + " from flights@2, warm start",
                 .reason = "configuration changed (model.trainer.l2), data the same",
                 .took = "192 ms"},
                {.name = "evaluate",
                 .state = "done",
                 .made = "log_loss 0.4503 (the dummy's 0.4694), auc 0.6492 (0.5) on 4,000 rows",
                 .reason = "model changed",
                 .took = "17 ms"}},
      .metrics = {{"log_loss", log_loss, 0.4694}, {"auc", auc, 0.5}, {"precision", std::nullopt, std::nullopt}},
      .parameters = {{"model.trainer.kind", "linear"}, {"model.trainer.l2", l2}},
      .inputs = {{"train data", "flights@2"}, {"train parent", "late-flights@" + std::to_string(number - 1)}}};
}

}  // namespace

std::vector<RunText> RunsForTest() {
  RunText refused = Run(5, "30.0", 0.4561, 0.6394);
  refused.state = "refused";
  refused.verdict = "refused";
  refused.steps.push_back(
      {.name = "gate",
       .state = "refused",
       .made = "refused late-flights@5: 2 of 3 rules kept",
       .reason = "configuration changed (model.gate.rules[0].at_least)",
       .details = "broken: auc of all rows (4,000 rows): 0.6394; at_least 0.95 is broken\n  of <origin>\n",
       .took = "44 ms"});
  RunText failed{.number = 4,
                 .asked = "only train",
                 .state = "failed",
                 .who = "ada",
                 .began = "2026-11-30T14:20:24Z",
                 .took = "3 ms",
                 .message = "flights has no column 'origni'"};
  RunText third = Run(3, "3.0", 0.4492, 0.6503);
  RunText second = Run(2, "1.0", 0.4503, 0.6492);
  const MeasuredForTest measured = MeasuredLateFlights();
  third.curves = measured.curves[0];
  second.curves = measured.curves[1];
  RunText first = Run(1, "1.0", 0.4904, 0.6385);
  first.state = "waits";
  first.data = "flights@1";
  first.inputs["train data"] = "flights@1";
  first.curves_absent = "rows of flights@1 were erased";
  return {refused, failed, third, second, first};
}

std::vector<RunText> HostileRuns() {
  std::vector<RunText> runs;
  for (const int64_t number : {2, 1}) {
    const std::string hostile = "<b onclick=alert(1)>\"'&</b>\x1b" + std::to_string(number);
    RunText run{.number = number,
                .asked = hostile,
                .state = hostile,
                .who = hostile,
                .began = hostile,
                .took = hostile,
                .message = hostile,
                .data = hostile,
                .model = hostile,
                .verdict = hostile,
                .steps = {{hostile, hostile, hostile, hostile, hostile, hostile}},
                .metrics = {{"<i>", 0.1 * static_cast<double>(number), 0.5}},
                .parameters = {{"<key>", hostile}},
                .inputs = {{"<input>", hostile}},
                .curves_absent = hostile};
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace roost::report
