#include "base/cores.h"

#include <sched.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>

#include "base/number_text.h"

namespace roost {
namespace {

size_t CoresOfAffinity() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  // Fails on machines of more than 1,024 cores.
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return std::max(1U, std::thread::hardware_concurrency());
  return static_cast<size_t>(CPU_COUNT(&allowed));
}

/// The path of this process's cgroup of version 2, which begins with '/'; "" where there is none.
std::string OwnCgroup() {
  constexpr std::string_view kVersion2 = "0::";
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kVersion2)) return line.substr(kVersion2.size());
  }
  return "";
}

size_t CoresOfQuotas() {
  size_t cores = SIZE_MAX;
  std::string path = OwnCgroup();
  while (path.starts_with('/')) {
    std::ifstream file("/sys/fs/cgroup" + path + "/cpu.max");
    std::string text;
    if (std::getline(file, text)) cores = std::min(cores, CoresOfQuota(text).value_or(SIZE_MAX));
    if (path == "/") break;
    path.resize(std::max<size_t>(path.rfind('/'), 1));  // the cgroup around it
  }
  return cores;
}

}  // namespace

std::optional<size_t> CoresOfQuota(std::string_view cpu_max) {
  const size_t space = cpu_max.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::optional<int64_t> quota = IntegerIn(cpu_max.substr(0, space));
  const std::optional<int64_t> period = IntegerIn(cpu_max.substr(space + 1));
  if (quota.value_or(0) <= 0 || period.value_or(0) <= 0) return std::nullopt;
  return static_cast<size_t>((*quota - 1) / *period + 1);
}

size_t CountCores() { return std::max<size_t>(1, std::min(CoresOfAffinity(), CoresOfQuotas())); }

size_t NumCores() {
  static const size_t cores = CountCores();
  return cores;
}

}  // namespace roost
