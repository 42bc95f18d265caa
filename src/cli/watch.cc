// roost watch, roost watch status

#include "cli/watch.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "api/watch.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/hooks.h"
#include "cli/model_option.h"
#include "cli/model_trial.h"
#include "cli/run_text.h"
#include "cli/table_text.h"
#include "cli/time_span.h"

namespace roost::cli {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(50);  // between looks whether somebody asked to stop

struct WatchOptions {
  bool once = false;
  std::string backfill;  ///< "FROM..TO"
  std::string now;
  std::string model;  ///< of several
};

/// The clock of the command: the machine's, or one that begins at `now`.
absl::StatusOr<std::function<absl::Time()>> ClockOf(const std::string& now) {
  if (now.empty()) return std::function<absl::Time()>([] { return absl::Now(); });
  TRY_ASSIGN(const absl::Time begin, ParseInstant(now));
  return std::function<absl::Time()>([begin, start = absl::Now()] { return begin + (absl::Now() - start); });
}

absl::StatusOr<api::Project> OpenProject(const std::string& model, const Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.project()));
  TRY(project.SelectModel(model));
  return project;
}

/// "new span rows-3.parquet, rows-4.parquet".
std::string TextOf(const pipeline::Firing& firing) {
  return firing.spans.empty() ? firing.trigger : fmt::format("{} {}", firing.trigger, fmt::join(firing.spans, ", "));
}

Json ToJson(const api::WatchedRun& ran) {
  Json json{{"trigger", ran.firing.trigger}, {"spans", ran.firing.spans}, {"result", ran.result}};
  if (ran.response.has_value()) json.update(JsonOfRun(*ran.response));
  if (!ran.status.ok())
    json.update(Json{
        {"run", ran.run.has_value() ? Json(*ran.run) : Json(nullptr)}, {"state", "failed"}, {"steps", Json::array()}});
  return json;
}

Json TimeOrNull(const std::optional<absl::Time>& time) {
  return time.has_value() && *time != absl::InfiniteFuture() ? Json(FormatUtc(*time)) : Json(nullptr);
}

/// Turn after turn, until nothing is due, or until somebody asks to stop.
class Watch {
 public:
  Watch(const WatchOptions& options, Session& session) : options_(options), session_(session) {
    request_.trial = TryModelApart;
    request_.only_backfill = !options.backfill.empty();
    request_.wait = !ends();
    request_.tries_all = ends();
    request_.seen = ends() ? nullptr : &seen_;
    request_.on_fire = [&session](const pipeline::Firing& firing) {
      if (!session.json()) session.Print(fmt::format("{}\n", Printable(TextOf(firing))));
    };
    request_.on_step = [&session](const api::StepResult& result) { ShowStep(result, session); };
    request_.on_note = [this](const std::string& note) { Note(note); };
  }

  absl::StatusOr<int> Run() {
    Context context = session_.MakeContext(JsonProgress::kYes);
    TRY_ASSIGN(context.now, ClockOf(options_.now));
    if (request_.only_backfill) TRY(BeginBackfill(context));
    if (!ends()) Note("watching; Ctrl-C ends it after the step that is under way");
    std::string last_error;
    for (bool is_first = true;; is_first = false) {
      absl::StatusOr<api::WatchTurn> turn = TakeTurn(context);
      if (absl::IsCancelled(turn.status()) && !ends()) break;
      if (!turn.ok() && (ends() || is_first)) return turn.status();
      if (!turn.ok()) {
        // What is wrong may pass: a database that is away, a roost.yaml that is being written.
        const std::string error(turn.status().message());
        if (error != std::exchange(last_error, error)) Note(fmt::format("error: {}", error));
        if (!Wait(absl::InfiniteFuture(), context)) break;
        continue;
      }
      last_error.clear();
      seen_ = turn->stamps;
      if (turn->ran.has_value()) {
        Tell(*turn->ran);
        if (!turn->ran->status.ok() && ends()) return Failed(turn->ran->status);
      }
      if (!turn->is_idle) continue;
      next_ = turn->next;
      if (ends()) break;
      if (!Wait(turn->next, context)) break;
    }
    return End();
  }

 private:
  void Note(const std::string& text) {
    if (session_.json()) {
      session_.NoteJson({{"message_type", "note"}, {"message", text}});
    } else {
      session_.Note(text);
    }
  }

  bool ends() const { return options_.once || !options_.backfill.empty(); }

  absl::Status BeginBackfill(const Context& context) {
    const size_t dots = options_.backfill.find("..");
    if (dots == std::string::npos) {
      return absl::InvalidArgumentError(
          fmt::format("'{}' is no range: want FROM..TO, where either end may be left out", options_.backfill));
    }
    TRY_ASSIGN(api::Project project, OpenProject(options_.model, session_));
    TRY_ASSIGN(const std::vector<std::string> names, api::BeginBackfill(project, options_.backfill.substr(0, dots),
                                                                        options_.backfill.substr(dots + 2), context));
    Note(fmt::format("back-fill over {}: {} to {}", CountOf(static_cast<int64_t>(names.size()), "span"), names.front(),
                     names.back()));
    return absl::OkStatus();
  }

  // The project is opened anew each time: roost.yaml may have changed.
  absl::StatusOr<api::WatchTurn> TakeTurn(const Context& context) {
    TRY_ASSIGN(api::Project project, OpenProject(options_.model, session_));
    absl::StatusOr<api::WatchTurn> turn = api::TakeTurn(project, request_, context);
    SendHooks(project, session_);
    if (turn.ok()) look_ = turn->look;
    return turn;
  }

  /// Until `next`, or the next look; false where somebody asked to stop.
  bool Wait(absl::Time next, const Context& context) const {
    const absl::Time until = std::min(next, context.now() + look_);
    while (context.now() < until) {
      if (!context.CheckCancelled().ok()) return false;
      absl::SleepFor(kPause);
    }
    return context.CheckCancelled().ok();
  }

  void Tell(const api::WatchedRun& ran) {
    has_run_ = true;
    if (ran.response.has_value() && ran.response->state == "refused") is_refused_ = true;
    if (session_.json() && !ends()) session_.Print(ToLine(ToJson(ran)) + "\n");
    if (session_.json() && ends()) runs_.push_back(ToJson(ran));
    if (session_.json()) return;
    if (ran.response.has_value()) {
      NoteRunEnd(*ran.response, session_);
    } else if (ran.status.ok()) {
      session_.Print(fmt::format("{}: {}\n", Printable(TextOf(ran.firing)), ran.result));
    } else if (!ends()) {
      session_.Note(
          fmt::format("error: {}\n{} is tried again later", std::string(ran.status.message()), TextOf(ran.firing)));
    }
  }

  absl::Status Failed(const absl::Status& status) {
    if (session_.json()) PrintRuns();
    return status;
  }

  absl::StatusOr<int> End() {
    if (!ends()) return 0;
    if (session_.json()) {
      PrintRuns();
      return is_refused_ ? kCheckSaidNo : 0;
    }
    if (!has_run_) session_.Note("nothing is due");
    if (next_ != absl::InfiniteFuture()) {
      session_.Note(fmt::format("next: {}", FormatUtcSeconds(next_)));
    }
    return is_refused_ ? kCheckSaidNo : 0;
  }

  void PrintRuns() { session_.Print(ToText(Json{{"runs", runs_}, {"next", TimeOrNull(next_)}})); }

  const WatchOptions& options_;
  Session& session_;
  api::WatchRequest request_;
  std::map<std::string, std::string> seen_;
  absl::Duration look_ = absl::Seconds(1);
  absl::Time next_ = absl::InfiniteFuture();
  Json runs_ = Json::array();
  bool has_run_ = false;
  bool is_refused_ = false;
};

absl::StatusOr<int> RunWatch(const WatchOptions& options, Session& session) {
  if (options.once && !options.backfill.empty()) {
    return absl::InvalidArgumentError("--once and --backfill exclude each other");
  }
  return Watch(options, session).Run();
}

Json ToJson(const api::SpanStatus& span) {
  return {{"span", span.name},
          {"state", span.state},
          {"trigger", span.trigger},
          {"run", span.run.has_value() ? Json(*span.run) : Json(nullptr)},
          {"result", span.result},
          {"changed", TimeOrNull(span.changed)},
          {"retry", TimeOrNull(span.retry)}};
}

absl::StatusOr<int> ShowStatus(const std::string& model, Session& session) {
  TRY_ASSIGN(api::Project project, OpenProject(model, session));
  TRY_ASSIGN(const api::WatchStatus status, api::DescribeWatch(project, session.MakeContext()));
  if (session.json()) {
    Json spans = Json::array();
    for (const api::SpanStatus& span : status.spans) spans.push_back(ToJson(span));
    session.Print(ToText(Json{{"spans", std::move(spans)},
                              {"last", TimeOrNull(status.last_planned)},
                              {"next", TimeOrNull(status.next_planned)},
                              {"running", status.holder.has_value()}}));
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"span", "state", "run", "result"}};
  for (const api::SpanStatus& span : status.spans) {
    rows.push_back({span.name, span.state, span.run.has_value() ? fmt::to_string(*span.run) : "-", span.result});
  }
  if (rows.size() > 1) session.Print(AlignColumns(rows, "llrl"));
  if (rows.size() == 1) session.Note("no span is at the source yet");
  if (status.next_planned.has_value()) session.Note(fmt::format("next: {}", FormatUtcSeconds(*status.next_planned)));
  if (status.holder.has_value()) {
    session.Note(fmt::format("under way: '{}' of {} on {} (process {})", status.holder->what, status.holder->author,
                             status.holder->process.host, status.holder->process.process));
  }
  return 0;
}

}  // namespace

void AddWatchCommand(CLI::App& app, Session& session) {
  CLI::App* watch = app.add_subcommand("watch", "Run the pipeline whenever a span comes or a schedule says so");
  auto options = std::make_shared<WatchOptions>();
  watch->add_flag("--once", options->once, "What is due now, then end");
  watch
      ->add_option("--backfill", options->backfill,
                   "Run past spans one by one, as if they came now, then end; either end may be left out")
      ->type_name("FROM..TO");
  watch->add_option("--now", options->now, "The clock begins at this moment: for trials and back-fill")
      ->type_name("TIME");
  watch->footer(
      "What is watched, and what a run takes, stands under 'watch' in roost.yaml. It can be stopped or killed at any\n"
      "moment: started again it goes on where it was. With --once and --backfill exit code 1 where validation or the\n"
      "gate refuse. docs/watch.md");
  CLI::App* status = watch->add_subcommand("status", "The spans of the source, what became of each, what is next");
  AddModelOption(*watch, options->model);
  AddModelOption(*status, options->model);
  status->callback([options, &session] { session.Finish(ShowStatus(options->model, session)); });
  watch->require_subcommand(0, 1);
  watch->callback([watch, options, &session] {
    if (watch->get_subcommands().empty()) session.Finish(RunWatch(*options, session));
  });
}

}  // namespace roost::cli
