# How everything is compiled, and the libraries that rooms link (docs/decisions/0007-libraries.md).
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Werror
                    -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
# Presets say how rooms and programs are compiled, and how tests are: these are compiled in less time, without UBSan, since
# what they include of the rooms is checked where it belongs. Lists of flags.
set(IRSA_ROOM_FLAGS "" CACHE STRING "Added for rooms and programs")
set(IRSA_TEST_FLAGS "" CACHE STRING "Added for tests")
set(IRSA_TOGETHER "" CACHE STRING "Files compiled at a time in rooms that allow it (compile_together); empty: one")
# Programs would be compiled with -fPIE, and then could not share the rooms' precompiled headers.
add_compile_options(-fPIC)
# Clang tells of libstdc++'s own use of what it deprecates (std::stable_sort).
add_compile_options($<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>)
# GCC 12 reports false overlaps and overflows inside libstdc++'s own string code (GCC bug 105329), at -O2 more kinds of them.
add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow>)
add_compile_options("$<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-array-bounds;-Wno-stringop-overread>")
add_compile_definitions(_GLIBCXX_ASSERTIONS)

# Depend mode: ccache compares the bytes of every header. Comparing preprocessed text, it would hand out a precompiled header
# that was made before the last change of a comment or a guard.
find_program(CCACHE ccache)
if(CCACHE)
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)  # lets ccache see through precompiled headers
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1 ${CCACHE})
endif()

if(IRSA_STATIC)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)  # a static-PIE program links no shared object
endif()
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(FYAML REQUIRED IMPORTED_TARGET libfyaml)
find_package(pugixml REQUIRED)
find_package(nlohmann_json REQUIRED)

# What a room links besides the rooms it NEEDS. Third-party headers stay in .cpp files, but for Json.
set(text_LIBRARIES PkgConfig::FYAML pugixml::static nlohmann_json::nlohmann_json)
set(crypto_LIBRARIES OpenSSL::Crypto)
set(io_LIBRARIES OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
