# Compiler and linker options shared by every target, as the interface library `roost_options`.
add_library(roost_options INTERFACE)
target_compile_options(roost_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough
  # The same sums on every machine: no fused multiply-add that one processor has and another lacks.
  -ffp-contract=off
  # Designated initialisers leave the rest at its default, on purpose.
  -Wno-missing-field-initializers)
if(ROOST_WARNINGS_AS_ERRORS)
  target_compile_options(roost_options INTERFACE -Werror)
endif()
if(ROOST_SANITIZE)
  target_compile_options(roost_options INTERFACE -fsanitize=${ROOST_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(roost_options INTERFACE -fsanitize=${ROOST_SANITIZE})
endif()
find_program(CCACHE ccache)
if(CCACHE)
  # Relative to the tree, so that every clone of the repository shares one cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
add_link_options(LINKER:--as-needed)
set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib")
