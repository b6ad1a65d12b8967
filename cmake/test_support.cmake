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

  # compile_as_test(TARGET): links test_support and shares its precompiled header, which wants the same flags.
  function(compile_as_test target)
    target_compile_options(${target} PRIVATE ${IRSA_TEST_FLAGS})
    target_link_libraries(${target} PUBLIC test_support)
    target_precompile_headers(${target} REUSE_FROM test_support)
  endfunction()
endif()
