#include "telemetry/process_figures.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace roost::telemetry {
namespace {

/// The fields of /proc/self/stat from the third on, behind the name in parentheses (proc(5)).
std::vector<std::string> StatFields() {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  return {std::istream_iterator<std::string>(fields), {}};
}

/// Field `number` of proc(5), which counts from 1.
double Field(const std::vector<std::string>& fields, size_t number) {
  const size_t index = number - 3;
  return index < fields.size() ? std::strtod(fields[index].c_str(), nullptr) : 0;
}

/// When the machine started, in seconds since 1970 UTC.
double BootTime() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return 0;
}

int64_t OpenDescriptors() {
  constexpr char kFolder[] = "/proc/self/fd";
  struct stat folder {};
  if (stat(kFolder, &folder) == 0 && folder.st_size > 0) return folder.st_size;  // their number since Linux 6.2
  std::error_code error;
  const std::filesystem::directory_iterator all(kFolder, error);
  return error ? 0 : std::distance(begin(all), end(all)) - 1;  // one is the list's own
}

}  // namespace

ProcessFigures ReadProcessFigures() {
  ProcessFigures figures;
  timespec cpu{};
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) == 0) {
    figures.cpu_seconds = static_cast<double>(cpu.tv_sec) + static_cast<double>(cpu.tv_nsec) / 1e9;
  }
  const std::vector<std::string> fields = StatFields();
  static const double boot = BootTime();
  figures.start_time_seconds = boot + Field(fields, 22) / static_cast<double>(sysconf(_SC_CLK_TCK));
  figures.threads = static_cast<int64_t>(Field(fields, 20));
  figures.virtual_bytes = static_cast<int64_t>(Field(fields, 23));
  figures.resident_bytes = static_cast<int64_t>(Field(fields, 24)) * sysconf(_SC_PAGESIZE);
  figures.open_fds = OpenDescriptors();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.max_fds = static_cast<int64_t>(limit.rlim_cur);
  return figures;
}

}  // namespace roost::telemetry
