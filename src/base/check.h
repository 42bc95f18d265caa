#pragma once

#include <cstdlib>
#include <iostream>

/// Stops the program with `message` where an invariant of our own is broken. Never reachable from input.
#define ROOST_CHECK(condition, message)                                                                           \
  do {                                                                                                            \
    if (!(condition)) {                                                                                           \
      std::cerr << __FILE__ << ':' << __LINE__ << ": broken invariant: " #condition ": " << message << std::endl; \
      std::abort();                                                                                               \
    }                                                                                                             \
  } while (false)
