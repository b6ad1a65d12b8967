// "did you mean …?"
#pragma once
#include <span>
#include <string_view>

namespace text {

// The candidate with the smallest edit distance (adjacent swaps count one), or empty when none is near enough to be a
// likely slip: at most a third of the word's length, and at least one edit.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace text
