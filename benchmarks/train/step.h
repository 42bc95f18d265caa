#pragma once

#include <sys/resource.h>
#include <sys/time.h>

#include <chrono>
#include <cstdint>

namespace roost::benchmark {

/// Wall and CPU (user and system, all threads) seconds from its making on.
class Step {
 public:
  /// After `limit` CPU seconds SIGPROF ends the process; 0: never.
  explicit Step(int64_t limit = 0) { Limit(limit); }
  ~Step() { Limit(0); }

  double wall() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count(); }
  double cpu() const { return Cpu() - cpu_began_; }

 private:
  static void Limit(int64_t seconds) {
    const itimerval timer{.it_interval = {}, .it_value = {.tv_sec = seconds, .tv_usec = 0}};
    setitimer(ITIMER_PROF, &timer, nullptr);
  }

  static double Cpu() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }

  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  double cpu_began_ = Cpu();
};

}  // namespace roost::benchmark
