#include "api/code_revision.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <vector>

namespace roost::api {
namespace {

// What a program writes to stdout, or nothing where it cannot be started or fails.
std::optional<std::string> OutputOf(std::vector<std::string> words) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string output;
  char buffer[4096];
  for (ssize_t got; failed == 0 && (got = read(ends[0], buffer, sizeof buffer)) > 0;) {
    output.append(buffer, static_cast<size_t>(got));
  }
  close(ends[0]);
  int state = 0;
  if (failed != 0 || waitpid(child, &state, 0) != child || state != 0) return std::nullopt;
  return output;
}

}  // namespace

CodeRevision FindCodeRevision(const std::string& folder) {
  CodeRevision code;
  const auto revision = OutputOf({"git", "-C", folder, "rev-parse", "HEAD"});
  if (!revision.has_value()) return code;
  code.revision = revision->substr(0, revision->find('\n'));
  const auto changes = OutputOf({"git", "-C", folder, "status", "--porcelain", "--untracked-files=no"});
  code.dirty = changes.has_value() && !changes->empty();
  return code;
}

}  // namespace roost::api
