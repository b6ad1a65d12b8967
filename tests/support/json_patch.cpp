#include "support/json_patch.h"

#include <vector>

namespace support {
namespace {

std::vector<std::string> tokensOf(const std::string& pointer) {
  std::vector<std::string> tokens;
  for (char c : pointer) {
    if (c == '/')
      tokens.emplace_back();
    else
      tokens.back() += c;
  }
  for (std::string& token : tokens) {
    std::size_t at;
    while ((at = token.find("~1")) != std::string::npos) token.replace(at, 2, "/");
    while ((at = token.find("~0")) != std::string::npos) token.replace(at, 2, "~");
  }
  return tokens;
}

base::Error missing(const std::string& path) {
  return base::invalid("the patch names " + path + ", which is not there");
}

base::Result<void> applyOne(text::Json& document, const text::Json& operation) {
  const std::string op = text::stringAt(operation, "op"), path = text::stringAt(operation, "path");
  if (!path.starts_with('/') || !operation.contains("value"))
    return base::invalid("no patch operation: " + operation.dump());
  const std::vector<std::string> tokens = tokensOf(path);
  text::Json* at = &document;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (at->is_object() && at->contains(tokens[i])) {
      at = &(*at)[tokens[i]];
    } else if (at->is_array() && !tokens[i].empty() && tokens[i].find_first_not_of("0123456789") == std::string::npos &&
               std::stoul(tokens[i]) < at->size()) {
      at = &(*at)[std::stoul(tokens[i])];
    } else {
      return missing(path);
    }
  }
  const std::string& last = tokens.back();
  const text::Json& value = operation["value"];
  if (at->is_object()) {
    if (op == "replace" && !at->contains(last)) return missing(path);
    (*at)[last] = value;
    return {};
  }
  if (!at->is_array()) return missing(path);
  if (op == "add" && last == "-") {
    at->push_back(value);
    return {};
  }
  const std::size_t index = std::stoul(last);
  if (index >= at->size() + (op == "add")) return missing(path);
  if (op == "add")
    at->insert(at->begin() + std::ptrdiff_t(index), value);
  else
    (*at)[index] = value;
  return {};
}

}  // namespace

base::Result<text::Json> applyPatch(text::Json document, std::string_view patch) {
  text::Json operations = TRY(text::parseJson(patch));
  if (!operations.is_array()) return base::invalid("a patch is an array");
  for (const text::Json& operation : operations) {
    const std::string op = text::stringAt(operation, "op");
    if (op != "add" && op != "replace") return base::invalid("unexpected operation " + op);
    TRY(applyOne(document, operation));
  }
  return document;
}

}  // namespace support
