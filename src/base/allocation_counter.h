#pragma once

#include <cstdint>
#include <cstdlib>
#include <new>

// For tests: each thread counts its allocations, so that a test can show that something makes none, whatever threads of
// the background do meanwhile. It replaces the global operator new, so one source file of a program may include it.

namespace roost {

inline thread_local int64_t num_allocations = 0;

}  // namespace roost

[[gnu::noinline]] void* operator new(size_t size) {
  ++roost::num_allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(size_t size, const std::nothrow_t&) noexcept {
  ++roost::num_allocations;
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }
