# The lanes beside `unit` (which room() registers), chosen by ctest label: see CONTRIBUTING.md.
if(BUILD_TESTING)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  add_test(NAME unit.layers COMMAND ${PROJECT_SOURCE_DIR}/tools/check-layers ${PROJECT_SOURCE_DIR})
  add_test(NAME unit.layers_test COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/tools/check_layers_test.py)
  add_test(NAME unit.make_image COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/tools/make_image_test.py)
  add_test(NAME unit.faults_page COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/tools/faults_page_test.py)
  set_tests_properties(unit.layers unit.layers_test unit.make_image unit.faults_page PROPERTIES LABELS unit)

  # The environment with the AWS CLI, boto3 and moto that script/bootstrap makes for tests/requirements.txt.
  if(DEFINED ENV{XDG_CACHE_HOME})
    set(cache $ENV{XDG_CACHE_HOME}/irsa-anywhere)
  else()
    set(cache $ENV{HOME}/.cache/irsa-anywhere)
  endif()
  file(SHA256 ${PROJECT_SOURCE_DIR}/tests/requirements.txt digest)
  string(SUBSTRING ${digest} 0 12 digest)
  set(python ${cache}/python-${digest}/bin/python3)

  # The peers from npm that it installs for tests/npm/package-lock.json.
  file(SHA256 ${PROJECT_SOURCE_DIR}/tests/npm/package-lock.json digest)
  string(SUBSTRING ${digest} 0 12 digest)
  set(node_packages ${cache}/npm-${digest})

  # lane(NAME RUNNER program... ENVIRONMENT NAME=VALUE... PROPERTIES name value...): one test for each tests/NAME/*_test.py.
  function(lane name)
    cmake_parse_arguments(LANE "" "" "RUNNER;ENVIRONMENT;PROPERTIES" ${ARGN})
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${name}/*_test.py)
    foreach(file ${files})
      get_filename_component(test ${file} NAME_WE)
      string(REGEX REPLACE "_test$" "" test ${name}.${test})
      add_test(NAME ${test} COMMAND ${LANE_RUNNER} ${python} ${file} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/tests/${name})
      set_tests_properties(${test} PROPERTIES LABELS ${name} ${LANE_PROPERTIES}
                           ENVIRONMENT "${LANE_ENVIRONMENT};PYTHONPATH=${PROJECT_SOURCE_DIR}/tests;PYTHONDONTWRITEBYTECODE=1")
    endforeach()
  endfunction()

  # The reviews that the local lane sends irsa-webhook at a steady rate.
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/load/*.cpp)
  add_executable(review_load ${sources})
  target_link_libraries(review_load PRIVATE http text base OpenSSL::SSL)
  compile_as_test(review_load)

  # IRSA_SANITIZED: memory and speed are no longer the program's own.
  string(FIND "${CMAKE_CXX_FLAGS}" -fsanitize sanitized)
  if(sanitized EQUAL -1)
    set(sanitized "")
  endif()
  set(programs ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
  lane(local ENVIRONMENT IRSA=${programs}/irsa IRSA_WEBHOOK=${programs}/irsa-webhook REVIEW_LOAD=${programs}/review_load
                         IRSA_SANITIZED=${sanitized} NODE_PACKAGES=${node_packages})

  # Ceph as Debian has it, started by the test itself.
  lane(rgw ENVIRONMENT IRSA=${programs}/irsa IRSA_WEBHOOK=${programs}/irsa-webhook PROPERTIES TIMEOUT 600)

  # The node's image is FROM scratch, so the node lane takes the static programs of the release preset.
  set(programs ${PROJECT_SOURCE_DIR}/build/release/bin)
  lane(node RUNNER ${PROJECT_SOURCE_DIR}/tests/node/as-root
       ENVIRONMENT IRSA=${programs}/irsa IRSA_WEBHOOK=${programs}/irsa-webhook PROPERTIES TIMEOUT 1500 RUN_SERIAL ON)
endif()
