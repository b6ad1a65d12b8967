# The lanes beside `unit` (which room() registers): see docs in CONTRIBUTING.md. Each is chosen by its ctest label.
if(BUILD_TESTING)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  add_test(NAME unit.layers COMMAND ${PROJECT_SOURCE_DIR}/tools/check-layers ${PROJECT_SOURCE_DIR})
  add_test(NAME unit.layers_test COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/tools/check_layers_test.py)
  set_tests_properties(unit.layers unit.layers_test PROPERTIES LABELS unit)
endif()
