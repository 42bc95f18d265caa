#pragma once

namespace roost::profile {

// Both compilers that we use have them; ISO C++ has not.
__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

}  // namespace roost::profile
