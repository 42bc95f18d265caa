# Libraries that are opened when first needed (dlopen) are found by name through the programs' RPATH.
set(CMAKE_BUILD_RPATH ${ROOST_NATIVE}/lib)
if(ROOST_SANITIZE)
  # The sanitizers call dlopen themselves, where only the old kind of RPATH holds.
  add_link_options(LINKER:--disable-new-dtags)
endif()

# roost_component(NAME SOURCES a.cc ... [DEPS folder ...] [LIBRARIES target ...] [TESTS a_test.cc ...] [BENCHMARKS ...])
# One folder of src/ is one static library `roost_NAME`; its unit tests are one program `NAME_test`.
# Tests that match the filter ON_POSTGRES run a second time over PostgreSQL, those that match ON_S3 a second time over
# an S3 server (src/store/testing/test_server.h).
# DEPS name the folders below that it may include: tools/lint checks them against src/layers.txt.
function(roost_component name)
  cmake_parse_arguments(ARG "" "ON_POSTGRES;ON_S3" "SOURCES;DEPS;LIBRARIES;TESTS;TEST_LIBRARIES;BENCHMARKS" ${ARGN})
  add_library(roost_${name} STATIC ${ARG_SOURCES})
  target_include_directories(roost_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  list(TRANSFORM ARG_DEPS PREPEND roost_)
  # stdc++ first, then Debian's libraries, then the wheels': wheel libraries also export pieces of libstdc++.
  target_link_libraries(roost_${name} PUBLIC stdc++ ${ARG_DEPS} ${ARG_LIBRARIES} PRIVATE roost_options)
  if(ARG_TESTS AND BUILD_TESTING)
    add_executable(${name}_test ${ARG_TESTS})
    target_link_libraries(${name}_test PRIVATE roost_${name} ${ARG_TEST_LIBRARIES} GTest::gmock GTest::gtest_main roost_options)
    if(ROOST_SANITIZE)
      target_compile_options(${name}_test PRIVATE -O0)  # what is looked at is the library; tests compile in half the time
    endif()
    # The same test runs beside itself over another server: each has folders of its own.
    set(scratch ${CMAKE_BINARY_DIR}/scratch/${name})
    file(MAKE_DIRECTORY ${scratch} ${scratch}/postgres ${scratch}/s3)
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST
      PROPERTIES TIMEOUT 600 ENVIRONMENT "TEST_TMPDIR=${scratch}/")
    if(ARG_ON_POSTGRES)
      gtest_discover_tests(${name}_test TEST_PREFIX "${name}.postgres." TEST_FILTER "${ARG_ON_POSTGRES}"
        TEST_LIST ${name}_postgres_TESTS DISCOVERY_MODE PRE_TEST
        PROPERTIES TIMEOUT 600 ENVIRONMENT ROOST_TEST_DATABASE=postgres ENVIRONMENT_MODIFICATION "TEST_TMPDIR=set:${scratch}/postgres/")
    endif()
    if(ARG_ON_S3)
      gtest_discover_tests(${name}_test TEST_PREFIX "${name}.s3." TEST_FILTER "${ARG_ON_S3}"
        TEST_LIST ${name}_s3_TESTS DISCOVERY_MODE PRE_TEST
        PROPERTIES TIMEOUT 600 ENVIRONMENT ROOST_TEST_OBJECTS=s3 ENVIRONMENT_MODIFICATION "TEST_TMPDIR=set:${scratch}/s3/")
    endif()
  endif()
  if(ARG_BENCHMARKS AND ROOST_BENCHMARKS)
    add_executable(${name}_benchmark ${ARG_BENCHMARKS})
    target_link_libraries(${name}_benchmark PRIVATE roost_${name} benchmark::benchmark_main roost_options)
  endif()
endfunction()
