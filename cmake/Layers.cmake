# SPDX-License-Identifier: MIT
# Layers: a program is a stack of folders, and an include may only go down.
#
#   oss_crs_layer(PROGRAM LAYER FILES a.c b.c ... [SEES layer...] [LIBRARIES target...])
#
# makes the static library PROGRAM_LAYER out of the files of the folder LAYER beside the calling CMakeLists.txt:
#
#   oss_crs_layer(runner config FILES doc.c job.c SEES common LIBRARIES PkgConfig::YAML)
#
# makes runner_config from config/doc.c and config/job.c. What the build enforces:
#
# - The library's one include directory is its folder. Other layers have it in their include path only if they name the
#   layer in SEES, or see a layer that does. An include of any other layer has no path and does not compile.
# - SEES takes layers of the same program, by their short names, and `common`. Each must already exist, so a
#   CMakeLists.txt lists its layers from the bottom up and no two layers can see each other.
# - LIBRARIES stay private: a layer that sees this one links what it needs, but does not get its include directories.
#   A layer names each library whose header it includes. (Headers in /usr/include are in every compiler's path, so a
#   missing name shows as an undefined symbol at the latest, and not always as a missing header.)
# - The sources are listed. A file that is not listed is not in the program.
function(oss_crs_layer PROGRAM LAYER)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "" "" "FILES;SEES;LIBRARIES")
  if(ARG_UNPARSED_ARGUMENTS OR NOT ARG_FILES)
    message(FATAL_ERROR "oss_crs_layer(${PROGRAM} ${LAYER}): FILES is missing, or this is no keyword: ${ARG_UNPARSED_ARGUMENTS}")
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
      message(FATAL_ERROR "oss_crs_layer(${PROGRAM} ${LAYER}): there is no layer ${BELOW} below it")
    endif()
    target_link_libraries(${PROGRAM}_${LAYER} PUBLIC ${TARGET})
  endforeach()
  target_link_libraries(${PROGRAM}_${LAYER} PRIVATE ${ARG_LIBRARIES})
endfunction()
