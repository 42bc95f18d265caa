#pragma once

#include <cstddef>

namespace roost::serving {

/// A cache line of the processors that Roost is built for, in bytes. What threads write apart lies this far apart.
inline constexpr size_t kCacheLine = 64;

/// What many threads write and few read is kept in so many copies, the stripes: twice as many as the machine has
/// hardware threads, 4 to 128. The same for the life of the process.
size_t NumStripes();

/// The stripe of the calling thread, below NumStripes(). Threads are dealt to them in turn, so that those which serve
/// requests rarely share one.
size_t ThreadStripe();

}  // namespace roost::serving
