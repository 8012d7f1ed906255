# SPDX-License-Identifier: MIT
# Layers: a program is a stack of folders, and an include may only go down.
#
#   oss_crs_layer(PROGRAM LAYER FILES a.c b.c ... [SEES layer...] [LIBRARIES target...])
#
# makes the static library PROGRAM_LAYER out of files of the folder LAYER, which is beside the
# calling CMakeLists.txt:
#
#   oss_crs_layer(runner config FILES doc.c job.c SEES common LIBRARIES PkgConfig::YAML)
#
# makes runner_config from config/doc.c and config/job.c. What the build enforces:
#
# - The library's only include directory is its folder. Another layer has it in its include path
#   only if it names the layer in SEES, or sees a layer that does. An include of a file of any other
#   layer does not compile, unless it spells out a path ("../probe/bus.h"); none in a layer does.
# - SEES takes layers of the same program, by their short names, and `common`. Each must exist
#   already, so a CMakeLists.txt lists its layers from the bottom up, and no two layers can see each
#   other.
# - LIBRARIES are private: the programs link them, but a layer that sees this one does not get their
#   include directories. A layer names each library whose header it includes. The compiler finds
#   headers in /usr/include in any case, so a name that is missing here can go unnoticed.
# - The sources are listed. A file that is not listed is not part of the program.
function(oss_crs_layer PROGRAM LAYER)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "" "" "FILES;SEES;LIBRARIES")
  if(ARG_UNPARSED_ARGUMENTS OR NOT ARG_FILES)
    message(FATAL_ERROR
      "layer ${LAYER} of ${PROGRAM}: FILES is missing, or not a keyword: ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  list(TRANSFORM ARG_FILES PREPEND ${LAYER}/)
  add_library(${PROGRAM}_${LAYER} STATIC ${ARG_FILES})
  target_include_directories(${PROGRAM}_${LAYER} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/${LAYER})
  foreach(BELOW IN LISTS ARG_SEES)
    set(TARGET ${PROGRAM}_${BELOW})
    if(BELOW STREQUAL "common")
      set(TARGET common)
    endif()
    if(NOT TARGET ${TARGET})
      message(FATAL_ERROR "layer ${LAYER} of ${PROGRAM}: there is no layer ${BELOW} below it")
    endif()
    target_link_libraries(${PROGRAM}_${LAYER} PUBLIC ${TARGET})
  endforeach()
  target_link_libraries(${PROGRAM}_${LAYER} PRIVATE ${ARG_LIBRARIES})
endfunction()
