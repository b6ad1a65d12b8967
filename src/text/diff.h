// A unified diff of two texts, three lines of context, as `diff -u` prints it. Empty when they are equal.
#pragma once
#include <string>
#include <string_view>

namespace text {

std::string unifiedDiff(std::string_view before, std::string_view after, std::string_view beforeName,
                        std::string_view afterName);

}  // namespace text
