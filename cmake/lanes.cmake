# The lanes beside `unit` (which room() registers): see docs in CONTRIBUTING.md. Each is chosen by its ctest label.
if(BUILD_TESTING)
  find_package(GTest REQUIRED)
  file(GLOB support CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/*.cpp)
  add_library(test_support STATIC ${support})
  target_include_directories(test_support PUBLIC ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(test_support PUBLIC base text http GTest::gmock GTest::gtest_main rapidcheck simdjson)
  target_precompile_headers(test_support PRIVATE ${PROJECT_SOURCE_DIR}/src/text/json.h <gmock/gmock.h>)

  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  add_test(NAME unit.layers COMMAND ${PROJECT_SOURCE_DIR}/tools/check-layers ${PROJECT_SOURCE_DIR})
  add_test(NAME unit.layers_test COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/tools/check_layers_test.py)
  set_tests_properties(unit.layers unit.layers_test PROPERTIES LABELS unit)
endif()
