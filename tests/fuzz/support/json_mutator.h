// Changes JSON as JSON: libFuzzer's own changes, byte by byte, mostly break a text; these mostly make another one.
#pragma once
#include <cstddef>
#include <cstdint>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t maxSize);

namespace fuzz {

// For a target's LLVMFuzzerCustomMutator(), whose contract this has. One time in three, and for what is no JSON,
// libFuzzer's.
std::size_t mutateJson(std::uint8_t* data, std::size_t size, std::size_t maxSize, unsigned seed);

}  // namespace fuzz
