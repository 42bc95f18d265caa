#include "api/run.h"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "api/configuration.h"
#include "api/hooks.h"
#include "api/lock.h"
#include "api/training.h"
#include "base/status.h"
#include "config/resolved.h"
#include "config/training_order.h"
#include "pipeline/plan.h"

namespace roost::api {
namespace {

using pipeline::Step;
using pipeline::StepKey;
using pipeline::StepState;

constexpr absl::Duration kPauseForLock = absl::Milliseconds(200);

/// A step as it was written down.
struct KnownStep {
  int64_t run = 0;  ///< that did it
  StepKey key;
  StepWork work;
};

absl::StatusOr<KnownStep> Read(const registry::StepRecord& record) {
  const std::string what = fmt::format("step {} of run {}", record.step, record.run);
  TRY_ASSIGN(const Json key, ParseJson(record.key, what));
  TRY_ASSIGN(const Json work, ParseJson(record.output, what));
  const std::optional<StepState> state = pipeline::StateOfName(record.state);
  if (!state.has_value()) return absl::DataLossError(fmt::format("{} has no state '{}'", what, record.state));
  KnownStep known{.run = record.made_by.value_or(record.run), .key = {}, .work = {}};
  TRY_ASSIGN(known.key, StepKey::FromJson(key));
  TRY_ASSIGN(known.work, StepWork::FromJson(*state, work));
  return known;
}

/// Whether a step that ended so is taken as it is. A refusal of rows hangs on the schema, which is no part of the key
/// of `ingest`; a release on what people did meanwhile.
bool IsReusable(Step step, StepState state) {
  if (step == Step::kRelease) return false;
  return step != Step::kIngest || state == StepState::kDone;
}

/// "that was done with flights@3, and flights@4 is the last" where data or model are others; else "".
std::string OtherInput(const StepKey& before, const StepKey& now) {
  for (const char* role : {"data", "model"}) {
    const auto taken = before.inputs.find(role);
    const auto made = now.inputs.find(role);
    if (taken == before.inputs.end() || made == now.inputs.end() || made->second.id == taken->second.id) continue;
    return fmt::format("that was done with {}, and {} is the last", taken->second.name, made->second.name);
  }
  return "";
}

/// What was asked for, as it is kept with the run.
std::string ScopeOf(const pipeline::Selection& selection) {
  if (selection.only.has_value()) return fmt::format("only {}", pipeline::StepName(*selection.only));
  if (selection.from.has_value()) return fmt::format("all, anew from {}", pipeline::StepName(*selection.from));
  return "all";
}

bool NeedsModel(const pipeline::Selection& selection) {
  return !selection.only.has_value() || *selection.only > Step::kValidate;
}

class Runner {
 public:
  /// `lock`: null for a plan.
  Runner(Project& project, const RunRequest& request, RunSteps steps, registry::RunLog log, registry::RunLock* lock,
         const Context& context)
      : project_(project),
        request_(request),
        log_(std::move(log)),
        lock_(lock),
        context_(context),
        steps_(std::move(steps)) {}

  absl::StatusOr<RunResponse> Run() {
    if (request_.dry_run) {
      TRY(RunAll());
      response_.state = StateOfAll();
      return std::move(response_);
    }
    TRY_ASSIGN(run_, log_.Begin({.project = project_.config().project,
                                 .author = project_.author(),
                                 .scope = request_.scope.empty() ? Scope() : request_.scope,
                                 .started = context_.now()}));
    response_.run = run_;
    absl::Status done = request_.on_begin ? request_.on_begin(run_) : absl::OkStatus();
    if (done.ok()) done = RunAll();
    response_.state = done.ok() ? StateOfAll() : absl::IsCancelled(done) ? "stopped" : "failed";
    const absl::Status written = log_.Finish(run_, response_.state, std::string(done.message()), context_.now());
    QueueEvent(project_, done.ok() ? config::HookEvent::kRunFinished : config::HookEvent::kRunFailed,
               {{"run", run_},
                {"state", response_.state},
                {"scope", ScopeOf(request_.selection)},
                {"message", std::string(done.message())}},
               context_);
    TRY(done);
    TRY(written);
    return std::move(response_);
  }

 private:
  absl::Status RunAll() {
    bool is_refused = false;
    for (const Step step : pipeline::kAllSteps) {
      if (IsLeftOut(step)) continue;
      if (!pipeline::IsSelected(request_.selection, step)) {
        if (step > *request_.selection.only) break;
        TRY(TakeLast(step));
        continue;
      }
      if (is_refused) {
        Tell({.step = step, .work = {.state = StepState::kNotDone}});
        continue;
      }
      TRY_ASSIGN(StepResult result, RunStep(step));
      is_refused = result.work.state == StepState::kRefused;
      Tell(std::move(result));
    }
    return absl::OkStatus();
  }

  /// Of several models each has steps of its own.
  bool IsOfOneModel(Step step) const { return step > Step::kValidate && project_.config().has_models_by_name; }

  std::string Scope() const {
    const std::string scope = ScopeOf(request_.selection);
    if (!NeedsModel(request_.selection) || !project_.config().has_models_by_name) return scope;
    return fmt::format("{} of {}", scope, project_.config().model->name);
  }

  /// What a step is written down as.
  std::string RecordName(Step step) const {
    if (!IsOfOneModel(step)) return std::string(pipeline::StepName(step));
    return fmt::format("{}:{}", pipeline::StepName(step), project_.config().model->name);
  }

  // A project that asserts nothing has no such step, unless it is asked for.
  bool IsLeftOut(Step step) const {
    return step == Step::kAssert && project_.config().assertions.empty() && request_.selection.only != Step::kAssert;
  }

  void Tell(StepResult result) {
    if (request_.on_step) request_.on_step(result);
    response_.steps.push_back(std::move(result));
  }

  std::string StateOfAll() const {
    for (const StepState worst : {StepState::kRefused, StepState::kToDo, StepState::kWaits}) {
      for (const StepResult& result : response_.steps) {
        if (result.work.state == worst) return std::string(pipeline::StateName(worst));
      }
    }
    return std::string(pipeline::StateName(StepState::kDone));
  }

  absl::StatusOr<StepResult> RunStep(Step step) {
    TRY(context_.CheckCancelled());
    if (lock_ != nullptr) TRY(lock_->Check());
    const absl::Time start = context_.now();
    StepResult result{.step = step};
    TRY_ASSIGN(const std::optional<SettledStep> settled, steps_.Settled(step));
    TRY_ASSIGN(std::optional<StepKey> key, steps_.KeyOf(step));
    std::optional<KnownStep> known;
    TRY_ASSIGN(const pipeline::StepFacts facts, FactsOf(step, key, settled, known));
    const pipeline::Decision decision = pipeline::Decide(facts);
    result.is_hit = decision.is_hit;
    result.reason = decision.reason;
    if (key.has_value()) {
      TRY(steps_.Choose(known.has_value() ? &known->key : nullptr, *key));
      result.key = key->Hash().ToHex();
    }
    if (decision.is_hit) {
      result.work = settled.has_value() ? settled->work : known->work;
    } else if (request_.dry_run) {
      result.work.state = StepState::kToDo;
      return result;
    } else {
      TRY_ASSIGN(result.work, steps_.Do(*key, run_));
      result.elapsed = context_.now() - start;
    }
    TRY(steps_.Take(step, result.work));
    if (request_.dry_run || !key.has_value()) return result;
    std::optional<int64_t> made_by;
    if (decision.is_hit && !settled.has_value()) made_by = known->run;
    TRY(log_.AddStep({.run = run_,
                      .step = RecordName(step),
                      .state = std::string(pipeline::StateName(result.work.state)),
                      .lookup = key->LookupHash().ToHex(),
                      .key = ToLine(key->ToJson()),
                      .output = ToLine(result.work.ToJson()),
                      .reason = result.reason,
                      .made_by = made_by,
                      .started = start,
                      .finished = context_.now()}));
    return result;
  }

  // `known` becomes the step with the same key, if there is one.
  absl::StatusOr<pipeline::StepFacts> FactsOf(Step step, const std::optional<StepKey>& key,
                                              const std::optional<SettledStep>& settled,
                                              std::optional<KnownStep>& known) {
    pipeline::StepFacts facts{.step = step, .key = key};
    facts.anew = pipeline::IsDoneAnew(request_.selection, step);
    if (settled.has_value()) facts.settled = settled->reason;
    if (!key.has_value()) return facts;
    const std::string& project = project_.config().project;
    const std::string name = RecordName(step);
    TRY_ASSIGN(const auto last, log_.LastStep(project, name));
    if (last.has_value()) {
      TRY_ASSIGN(const KnownStep read, Read(*last));
      facts.last = read.key;
    }
    TRY_ASSIGN(const auto same, log_.FindStep(project, name, key->LookupHash().ToHex()));
    if (!same.has_value()) return facts;
    TRY_ASSIGN(known, Read(*same));
    if (settled.has_value() || !IsReusable(step, known->work.state)) return facts;
    facts.known = known->run;
    TRY_ASSIGN(facts.gone, steps_.WhatIsGone(step, known->work));
    return facts;
  }

  // Of a step before the only one that is wanted.
  absl::Status TakeLast(Step step) {
    const std::string_view name = pipeline::StepName(step);
    const auto refuse = [&](const std::string& what) {
      return WithHint(absl::FailedPreconditionError(fmt::format(
                          "'{}' takes what '{}' makes: {}", pipeline::StepName(*request_.selection.only), name, what)),
                      fmt::format("'roost run --step {}' does it; 'roost run' does all that is missing.", name));
    };
    if (step == Step::kIngest && request_.locked) {
      TRY_ASSIGN(const std::optional<SettledStep> pinned, steps_.Settled(step));
      return steps_.Take(step, pinned->work);
    }
    TRY_ASSIGN(const auto last, log_.LastStep(project_.config().project, RecordName(step)));
    if (!last.has_value()) return refuse("that was never done");
    TRY_ASSIGN(const KnownStep known, Read(*last));
    if (known.work.state == StepState::kRefused) return refuse(fmt::format("it was refused in run {}", last->run));
    if (step != Step::kIngest) {  // its files need not be at hand
      TRY_ASSIGN(const std::optional<StepKey> now, steps_.KeyOf(step));
      const std::string other = OtherInput(known.key, now.value_or(StepKey()));
      if (!other.empty()) return refuse(other);
    }
    TRY_ASSIGN(const std::string gone, steps_.WhatIsGone(step, known.work));
    if (!gone.empty()) return refuse(gone);
    return steps_.Take(step, known.work);
  }

  Project& project_;
  const RunRequest& request_;
  registry::RunLog log_;
  registry::RunLock* const lock_;
  const Context& context_;
  RunSteps steps_;
  int64_t run_ = 0;
  RunResponse response_;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> ModelsToRun(const Project& project, const pipeline::Selection& selection) {
  const config::ProjectConfig& config = project.config();
  if (!NeedsModel(selection) || config.model.has_value() || config.models.empty()) {
    return std::vector<std::string>{""};
  }
  return config::TrainingOrder(config.models);
}

registry::RunLock::Options LockOf(const Project& project, const std::string& what) {
  const config::ProjectConfig& config = project.config();
  return {.name = config.model.has_value() ? fmt::format("model '{}'", config.model->name)
                                           : fmt::format("dataset '{}'", config.dataset),
          .author = project.author(),
          .what = what};
}

absl::StatusOr<std::unique_ptr<registry::RunLock>> TakeRunLock(Project& project, const std::string& what, bool wait,
                                                               const std::function<void(const std::string&)>& on_wait,
                                                               const Context& context) {
  const registry::RunLock::Options options = LockOf(project, what);
  store::Database& database = project.store().database();
  if (!wait) return registry::RunLock::Take(database, options);
  bool is_told = false;
  return registry::RunLock::Await(database, options, [&](const absl::Status& held) -> absl::Status {
    TRY(context.CheckCancelled());
    if (on_wait && !std::exchange(is_told, true)) on_wait(std::string(held.message()));
    absl::SleepFor(kPauseForLock);
    return absl::OkStatus();
  });
}

absl::StatusOr<RunResponse> Run(Project& project, const RunRequest& request, const Context& context) {
  if (NeedsModel(request.selection)) TRY(RequireModel(project).status());
  TRY_ASSIGN(const DeclaredValues resolved, config::ResolveProject(project.config_text(), kConfigName));
  const std::string model = project.config().model.has_value() ? project.config().model->name : "";
  pipeline::Configuration configuration = KeysOfModel(resolved.values, model);
  TRY_ASSIGN(registry::RunLog log, registry::RunLog::Open(project.store().database()));
  std::unique_ptr<registry::RunLock> own;
  if (!request.dry_run && request.lock == nullptr) {
    TRY_ASSIGN(own, TakeRunLock(project, "roost run", request.wait, request.on_wait, context));
  }
  Context of_steps = context;
  if (request.ends_steps) of_steps.cancellation = nullptr;
  RunSteps steps(project, std::move(configuration),
                 {.trial = request.trial, .source = request.source, .hold = request.hold}, of_steps);
  if (request.locked) {
    TRY_ASSIGN(store::CommitInfo pinned, LockedDataset(project));
    steps.Pin(std::move(pinned));
  }
  registry::RunLock* const lock = own != nullptr ? own.get() : request.lock;
  return Runner(project, request, std::move(steps), std::move(log), lock, context).Run();
}

}  // namespace roost::api
