# Compiler settings and the two functions every folder uses: troupe_library and troupe_test.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2")     # no NDEBUG: assertions stay on
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
add_compile_options(-Wall -Wextra -Werror)

set(TROUPE_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")
option(TROUPE_FUZZ "Build the libFuzzer targets" OFF)
if(TROUPE_SANITIZE)
  add_compile_options(-fsanitize=${TROUPE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  # GCC's flow warnings misfire on instrumented code, as its manual says; the release build has them.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
                      $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overread>)
  if(TROUPE_SANITIZE MATCHES undefined)
    # CAF 0.17.6 binds a reference to *nullptr for actors spawned without arguments
    # (init_fun_factory.hpp); a null pointer that is really used still ends in a report.
    add_compile_options(-fno-sanitize=null)
  endif()
  if(TROUPE_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # Asio fences where it wakes its reactor; the sanitizer sees the locks around that all the same.
    add_compile_options(-Wno-tsan)
  endif()
  add_link_options(-fsanitize=${TROUPE_SANITIZE})
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Precompiled headers need the sloppiness; the base folder lets checkouts share results.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE_PROGRAM})
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

# troupe_library(NAME [PCH header]... DEPS target...)
# A static library of all sources in the calling folder, below it included. Third-party headers that
# many of its files need go into PCH.
function(troupe_library name)
  cmake_parse_arguments(arg "" "" "DEPS;PCH" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${arg_DEPS} Threads::Threads)
  if(arg_PCH)
    target_precompile_headers(${name} PRIVATE ${arg_PCH})
  endif()
endfunction()

# troupe_test(NAME DEPS target... [SHARED source...])
# One GoogleTest program of all sources directly in the calling folder, and of those of other tests
# that SHARED names by their path in the repository; each case is a CTest test.
# All of them share one precompiled header (tests/CMakeLists.txt): to parse these headers is most of
# what it costs to compile a test.
function(troupe_test name)
  cmake_parse_arguments(arg "" "" "DEPS;SHARED" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(TRANSFORM arg_SHARED PREPEND ${CMAKE_SOURCE_DIR}/)
  add_executable(${name} ${sources} ${arg_SHARED})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${arg_DEPS} troupe_test_headers GTest::gtest_main)
  target_compile_options(${name} PRIVATE ${TROUPE_TEST_OPTIONS})
  target_precompile_headers(${name} REUSE_FROM troupe_test_headers)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 120
                       TEST_PREFIX "${name}/")
endfunction()

include(GoogleTest)
