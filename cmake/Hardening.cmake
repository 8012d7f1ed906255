# SPDX-License-Identifier: MIT
# Compiler and linker options of all targets: warnings, and either sanitizers (Debug builds and
# fuzzers) or hardening (all other builds).
add_compile_definitions(_GNU_SOURCE OSS_CRS_VERSION="${PROJECT_VERSION}")
add_compile_options(
  -Wall -Wextra -Wpedantic -Wshadow -Wformat=2 -Wconversion -Wno-sign-conversion -Wundef
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wcast-qual
  -Wwrite-strings -Wvla -Wimplicit-fallthrough -Wdate-time)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wnull-dereference)
endif()
if(OSS_CRS_WERROR)
  add_compile_options(-Werror)
endif()

set(CMAKE_C_FLAGS_RELEASE "-DNDEBUG") # -Os follows below
# Hide all functions, so that none of them can replace a library's internal function of the same
# name.
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckCCompilerFlag)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

if(OSS_CRS_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "OSS_CRS_FUZZ needs clang for its libFuzzer: CC=clang cmake -DOSS_CRS_FUZZ=ON ...")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Debug" OR OSS_CRS_FUZZ)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
else()
  # Optimize for size: these programs mostly wait for the kernel, and most of their own time goes
  # into loading and relocating them.
  add_compile_options(-Os -ffunction-sections -fdata-sections)
  # No tables for unwinding in the program itself, an eighth of its size: nothing here throws or is
  # cancelled, and a debugger takes them from the package with the debug symbols.
  add_compile_options(-fno-asynchronous-unwind-tables -fno-unwind-tables)
  add_link_options(-Wl,--gc-sections) # a program leaves out what it does not call
  include(CheckLinkerFlag)
  check_linker_flag(C -Wl,-z,pack-relative-relocs HAS_PACKED_RELOCATIONS)
  if(HAS_PACKED_RELOCATIONS)
    add_link_options(-Wl,-z,pack-relative-relocs)
  endif()
  # -U comes first because the compilers of some distributions define _FORTIFY_SOURCE themselves.
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection
    -fno-plt)
  check_c_compiler_flag(-ftrivial-auto-var-init=zero HAS_AUTO_VAR_INIT)
  if(HAS_AUTO_VAR_INIT)
    add_compile_options(-ftrivial-auto-var-init=zero)
  endif()
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64|AMD64")
    add_compile_options(-fcf-protection=full)
  endif()
  add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code,--as-needed)
endif()
