#include "text/shell_words.h"

#include <optional>
#include <utility>

namespace text {
namespace {

// Takes the rest of a "..." or '...' off `command`. False when it is not closed.
bool takeQuoted(char quote, std::string_view& command, std::string& word) {
  while (!command.empty()) {
    char c = command.front();
    command.remove_prefix(1);
    if (c == quote) return true;
    const bool isEscape = quote == '"' && c == '\\' && (command.starts_with('"') || command.starts_with('\\'));
    if (isEscape) {
      c = command.front();
      command.remove_prefix(1);
    }
    word += c;
  }
  return false;
}

}  // namespace

base::Result<std::vector<std::string>> shellWords(std::string_view command) {
  constexpr std::string_view kBlanks = " \t\r\n";
  std::vector<std::string> words;
  std::optional<std::string> word;
  while (!command.empty()) {
    const char c = command.front();
    command.remove_prefix(1);
    if (kBlanks.find(c) != std::string_view::npos) {
      if (word) words.push_back(*std::move(word));
      word.reset();
      continue;
    }
    if (!word) word.emplace();
    if (c == '"' || c == '\'') {
      if (!takeQuoted(c, command, *word)) return base::invalid(c == '"' ? "a \" is not closed" : "a ' is not closed");
    } else if (c == '\\') {
      if (command.empty()) return base::invalid("it ends with a \\");
      *word += command.front();
      command.remove_prefix(1);
    } else {
      *word += c;
    }
  }
  if (word) words.push_back(*std::move(word));
  return words;
}

}  // namespace text
