#include "api/watch_end.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json_members.h"
#include "base/status.h"
#include "pipeline/step.h"

namespace roost::api {
namespace {

using pipeline::Step;
using pipeline::StepState;

Json Common(const std::string& event, const std::optional<int64_t>& run, const pipeline::Firing& firing) {
  return {{"event", event},
          {"run", run.has_value() ? Json(*run) : Json(nullptr)},
          {"trigger", firing.trigger},
          {"spans", firing.spans}};
}

}  // namespace

bool HasItsEnd(const registry::RunRecord& run) {
  return run.finished.has_value() && run.state != "failed" && run.state != "stopped";
}

absl::StatusOr<RunEnd> EndOf(const RunDescription& description) {
  RunEnd end;
  for (const registry::StepRecord& record : description.steps) {
    const std::string what = fmt::format("step {} of run {}", record.step, record.run);
    // Of several models "train:late-flights".
    TRY_ASSIGN(const Step step, pipeline::ParseStep(record.step.substr(0, record.step.find(':'))));
    TRY_ASSIGN(const Json output, ParseJson(record.output, what));
    TRY_ASSIGN(const StepWork work,
               StepWork::FromJson(pipeline::StateOfName(record.state).value_or(StepState::kDone), output));
    if (const std::string model = TextMember(work.output, "model"); !model.empty()) end.model = model;
    end.result = work.made.empty() ? record.reason : work.made;
    end.details = work.details;
    if (work.state == StepState::kRefused) {
      end.event = "refused";
      end.is_about_data = step < Step::kTrain;
      return end;
    }
    if (step != Step::kRelease) continue;
    if (work.state == StepState::kWaits) end.event = "waits";
    if (work.output.value("promoted", false)) end.event = "released";
  }
  return end;
}

Json AlertOf(const RunEnd& end, const RunDescription& description, const pipeline::Firing& firing) {
  Json alert = Common(end.event, description.run.number, firing);
  alert["by"] = end.event != "refused" ? Json(nullptr) : Json(end.is_about_data ? "validation" : "gate");
  alert["model"] = end.model.empty() ? Json(nullptr) : Json(end.model);
  alert["message"] = end.result;
  alert["details"] = end.details;
  return alert;
}

Json AlertOfFailure(const absl::Status& status, std::optional<int64_t> run, const pipeline::Firing& firing) {
  Json alert = Common("failed", run, firing);
  alert["by"] = nullptr;
  alert["model"] = nullptr;
  alert["message"] = std::string(status.message());
  alert["details"] = HintOf(status);
  return alert;
}

}  // namespace roost::api
