#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "base/json.h"
#include "base/thread_pool.h"
#include "cli/progress.h"

namespace roost::cli {

/// The exit code of a command that checked something and says no.
inline constexpr int kCheckSaidNo = 1;

/// What was said before or after any command.
struct GlobalOptions {
  bool json = false;
  bool quiet = false;
  bool no_color = false;
  std::string project = ".";
};

/// Whether a command shows its progress with --json too, as lines of JSON on stderr.
enum class JsonProgress { kNo, kYes };

/// One run of the program: its options, its streams, its threads, and the code that it ends with.
/// Data goes to stdout; messages, progress and errors to stderr.
class Session {
 public:
  Session();

  GlobalOptions& options() { return options_; }
  bool json() const { return options_.json; }
  const std::string& project() const { return options_.project; }

  /// A context for the work of a command: interrupted by Ctrl-C, with progress on stderr.
  Context MakeContext(JsonProgress json_progress = JsonProgress::kNo);

  /// Writes `text` to stdout. A reader that has gone away (a closed pipe) ends the program with code 141, quietly.
  void Print(std::string_view text);

  /// Writes a line to stderr, unless --quiet. Of it and of errors all is escaped that a terminal would obey: foreign
  /// names may be in them.
  void Note(std::string_view line);

  /// With --json: writes `json` as a line to stderr, unless --quiet.
  void NoteJson(const Json& json);

  /// A word in `color` ("red", "yellow", "green", "bold", "dim") where stdout may have colours, else as it is.
  std::string Colored(std::string_view text, std::string_view color) const;

  /// Columns of the terminal, or of $COLUMNS; 100 where neither is known.
  int Width() const;

  /// Ends a command: shows an error, if any, and keeps the exit code. `result` is the exit code of a command that ran.
  void Finish(const absl::StatusOr<int>& result);

  int exit_code() const { return exit_code_; }

 private:
  void ShowError(const absl::Status& status);

  GlobalOptions options_;
  std::unique_ptr<ThreadPool> pool_;
  std::unique_ptr<Progress> progress_;
  int exit_code_ = 0;
};

/// Makes Ctrl-C and SIGTERM cancel the running command; a second one ends the program at once.
/// `InterruptCancellation` is what they set.
void InstallSignalHandlers();
const Cancellation& InterruptCancellation();

/// From now on SIGHUP does not end the program; TakeReloadSignal says whether one has come since its last call.
void CatchReloadSignal();
bool TakeReloadSignal();

}  // namespace roost::cli
