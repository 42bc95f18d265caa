#include "pipeline/process_session.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/number_text.h"

namespace roost::pipeline {
namespace {

/// At most 16 KiB of /proc/PID/`file`; "" where the process has gone.
std::string ReadProc(pid_t process, const char* file) {
  const int fd = open(fmt::format("/proc/{}/{}", process, file).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "";
  std::string text(16 << 10, '\0');
  const ssize_t got = read(fd, text.data(), text.size());
  close(fd);
  text.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return text;
}

/// The next word of `text`, which loses it: the fields of /proc files.
std::string_view NextWord(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \n"), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(" \n"));
  text.remove_prefix(word.size());
  return word;
}

/// Whether `process` belongs to `session` and has not ended: proc(5), /proc/PID/stat.
bool LivesIn(pid_t process, pid_t session) {
  const std::string stat = ReadProc(process, "stat");
  const size_t name_end = stat.rfind(')');  // a program's name may hold spaces and brackets
  if (name_end == std::string::npos) return false;
  std::string_view rest = std::string_view(stat).substr(name_end + 1);
  const std::string_view state = NextWord(rest);
  NextWord(rest);  // parent
  NextWord(rest);  // process group
  return IntegerIn(NextWord(rest)) == session && state != "Z" && state != "X";
}

int64_t ResidentBytes(pid_t process) {
  const std::string statm = ReadProc(process, "statm");
  std::string_view rest = statm;
  NextWord(rest);  // reserved
  return IntegerIn(NextWord(rest)).value_or(0) * sysconf(_SC_PAGESIZE);
}

/// Without what other processes share; the resident bytes where the kernel does not say.
int64_t ProportionalBytes(pid_t process) {
  const std::string rollup = ReadProc(process, "smaps_rollup");
  const size_t at = rollup.find("\nPss:");
  if (at == std::string::npos) return ResidentBytes(process);
  std::string_view rest = std::string_view(rollup).substr(at + 5);
  return IntegerIn(NextWord(rest)).value_or(0) * 1024;
}

}  // namespace

std::vector<pid_t> ProcessesOf(pid_t session) {
  std::vector<pid_t> processes;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc"), closedir);
  if (folder == nullptr) return processes;
  while (const dirent* entry = readdir(folder.get())) {
    const std::optional<int64_t> process = IntegerIn(entry->d_name);
    if (process.has_value() && LivesIn(static_cast<pid_t>(*process), session)) {
      processes.push_back(static_cast<pid_t>(*process));
    }
  }
  return processes;
}

int64_t ResidentMemoryOf(pid_t session, int64_t exact_above) {
  const std::vector<pid_t> processes = ProcessesOf(session);
  int64_t bytes = 0;
  for (const pid_t process : processes) bytes += ResidentBytes(process);
  if (bytes <= exact_above || processes.size() == 1) return bytes;
  bytes = 0;
  for (const pid_t process : processes) bytes += ProportionalBytes(process);
  return bytes;
}

}  // namespace roost::pipeline
