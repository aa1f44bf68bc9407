# Finds the C++ Actor Framework (Debian ships it without a CMake package).
#
# Defines CAF_FOUND, CAF_VERSION and, for each component found, an imported target CAF::<component>.
# Components: core (default), io, openssl.
#
# CAF_CORE_SOURCE names a folder with the source of the installed version's libcaf_core. It is then
# built with this build's flags and stands in for the installed library: the thread sanitizer takes
# what it was not compiled into for a race.
set(CAF_CORE_SOURCE "" CACHE PATH "Source of libcaf_core, to be built in place of the installed one")

find_path(CAF_INCLUDE_DIR caf/all.hpp)
set(_caf_required CAF_INCLUDE_DIR)
if(NOT CAF_FIND_COMPONENTS)
  set(CAF_FIND_COMPONENTS core)
endif()

# caf/config.hpp spells the version as major * 10000 + minor * 100 + patch.
if(CAF_INCLUDE_DIR)
  file(STRINGS ${CAF_INCLUDE_DIR}/caf/config.hpp _caf_version_line REGEX "#define CAF_VERSION [0-9]+")
  if(NOT _caf_version_line)
    file(STRINGS ${CAF_INCLUDE_DIR}/caf/detail/build_config.hpp _caf_version_line
         REGEX "#define CAF_VERSION [0-9]+")
  endif()
  string(REGEX MATCH "[0-9]+$" _caf_number "${_caf_version_line}")
  if(_caf_number)
    math(EXPR _caf_major "${_caf_number} / 10000")
    math(EXPR _caf_minor "${_caf_number} / 100 % 100")
    math(EXPR _caf_patch "${_caf_number} % 100")
    set(CAF_VERSION ${_caf_major}.${_caf_minor}.${_caf_patch})
  endif()
endif()

foreach(_component IN LISTS CAF_FIND_COMPONENTS)
  find_library(CAF_${_component}_LIBRARY caf_${_component})
  list(APPEND _caf_required CAF_${_component}_LIBRARY)
  if(CAF_${_component}_LIBRARY)
    set(CAF_${_component}_FOUND TRUE)
    if(_component STREQUAL core AND CAF_CORE_SOURCE AND NOT TARGET CAF::core)
      file(GLOB_RECURSE _caf_sources ${CAF_CORE_SOURCE}/*.cpp)
      add_library(caf_core_from_source STATIC ${_caf_sources})
      target_include_directories(caf_core_from_source SYSTEM PUBLIC ${CAF_INCLUDE_DIR})
      target_compile_options(caf_core_from_source PRIVATE -w)
      target_link_libraries(caf_core_from_source PUBLIC Threads::Threads)
      set_target_properties(caf_core_from_source PROPERTIES UNITY_BUILD ON)  # a third of the time
      add_library(CAF::core ALIAS caf_core_from_source)
    endif()
    if(NOT TARGET CAF::${_component})
      add_library(CAF::${_component} UNKNOWN IMPORTED)
      set_target_properties(CAF::${_component} PROPERTIES
        IMPORTED_LOCATION ${CAF_${_component}_LIBRARY}
        INTERFACE_INCLUDE_DIRECTORIES ${CAF_INCLUDE_DIR})
    endif()
  endif()
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CAF REQUIRED_VARS ${_caf_required} VERSION_VAR CAF_VERSION
                                  HANDLE_COMPONENTS)
