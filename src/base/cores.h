#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace roost {

/// How many cores this process may keep busy: those of its affinity, fewer where its cgroup (v2) or one around it has a
/// smaller quota of processor time, rounded up; at least 1. A container with a limit of two on a machine of 64 has 2.
/// Reads files of /proc and /sys: some ten microseconds.
size_t CountCores();

/// What CountCores said first: the same for the life of the process.
size_t NumCores();

/// The cores that a file cpu.max of cgroup v2 ("QUOTA PERIOD", in microseconds) grants, rounded up; nothing where it
/// sets no limit ("max 100000") or is something else.
std::optional<size_t> CoresOfQuota(std::string_view cpu_max);

}  // namespace roost
