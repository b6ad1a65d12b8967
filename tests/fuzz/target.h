// What a fuzz target is made of. A target is one file of this folder: LLVMFuzzerTestOneInput() gets any bytes and calls
// require() for what must hold of them, whatever they are. Targets keep no state that an input could leave to the next.
//
// script/fuzz runs them all; tests/fuzz/corpus/<target>/ is replayed as the test unit.fuzz_<target>. Two kinds of line
// in a target's first comment are read by script/fuzz --coverage:
//
//   Covers: FILE[:FUNCTION]...   what its corpus must reach
//   Unreached: FILE: REASON      why some lines of it can't be
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

inline std::string_view textOf(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Ends the process with the sentence, which says what should have been, unless `holds`.
inline void require(bool holds, std::string_view sentence, std::string_view detail = "") {
  if (holds) return;
  std::fputs("does not hold: ", stderr);
  for (std::string_view line : {sentence, detail}) {
    std::fwrite(line.data(), 1, line.size(), stderr);
    std::fputs("\n", stderr);
  }
  std::abort();
}

}  // namespace fuzz
