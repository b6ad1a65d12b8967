# What every room's tests share: the fakes of tests/support/ and the test libraries. Before the rooms, which reuse its
# precompiled header.
if(BUILD_TESTING)
  find_package(GTest REQUIRED)
  file(GLOB support CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/*.cpp)
  add_library(test_support STATIC ${support})
  target_include_directories(test_support PUBLIC ${PROJECT_SOURCE_DIR}/tests)
  target_compile_options(test_support PRIVATE ${IRSA_TEST_FLAGS})
  target_link_libraries(test_support PUBLIC base text http GTest::gmock GTest::gtest_main rapidcheck simdjson)
  target_precompile_headers(test_support PRIVATE <text/json.h> <gmock/gmock.h>)
endif()
