// Changes texts line by line, as people do: libFuzzer's own changes, byte by byte, mostly break the indentation of
// YAML.
#pragma once
#include <cstddef>
#include <cstdint>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t maxSize);

namespace fuzz {

// For a target's LLVMFuzzerCustomMutator(), whose contract this has. One time in three, and for a text of one line,
// libFuzzer's. The first line's first two bytes, which say what the text is, are left to libFuzzer.
std::size_t mutateLines(std::uint8_t* data, std::size_t size, std::size_t maxSize, unsigned seed);

}  // namespace fuzz
