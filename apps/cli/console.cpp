#include "console.h"

#include <iostream>

#include "io/system.h"
#include "text/yaml.h"

namespace cli {
namespace {

constexpr std::string_view kGreen = "\x1b[32m", kRed = "\x1b[31m", kYellow = "\x1b[33m", kPlain = "\x1b[0m";

std::string colored(std::string_view text, std::string_view color, bool wanted) {
  if (!wanted) return std::string(text);
  return std::string(color) + std::string(text) + std::string(kPlain);
}

}  // namespace

int exitCodeOf(const base::Error& error) {
  switch (error.kind) {
    case base::ErrorKind::Invalid: return kUsage;
    case base::ErrorKind::Denied:
    case base::ErrorKind::Unavailable: return kCouldNotLook;
    default: return kRefused;
  }
}

int exitCodeOfLook(const base::Error& error) { return error.kind == base::ErrorKind::Invalid ? kUsage : kCouldNotLook; }

Console::Console(const CommonOptions& options) : format_(options.format), quiet_(options.quiet) {
  const bool wanted = !options.noColor && io::environment("NO_COLOR").value_or("").empty();
  colorOut_ = wanted && io::isTerminal(1);
  colorError_ = wanted && io::isTerminal(2);
}

void Console::result(std::string_view table, const text::Json& document) const {
  switch (format_) {
    case Format::Table: return raw(table);
    case Format::Json: return raw(text::pretty(document));
    case Format::Yaml: return raw(text::writeYaml(document));
    case Format::Sarif: return raw(text::pretty(document));
  }
}

int Console::findings(const text::Findings& findings) const {
  const bool isSarif = format_ == Format::Sarif;
  result(text::describe(findings), isSarif ? text::toSarif(findings, IRSA_VERSION) : text::toJson(findings));
  return text::isClean(findings) ? kOk : kRefused;
}

void Console::raw(std::string_view text) const {
  if (text.empty()) return;
  io::writeOut(text);
  if (!text.ends_with('\n')) io::writeOut("\n");
}

void Console::progress(std::string_view line) const {
  if (!quiet_) io::writeError(std::string(line) + "\n");
}

void Console::done(std::string_view line) const {
  progress(colored("✓", kGreen, colorError_) + " " + std::string(line));
}

void Console::failed(std::string_view line) const {
  progress(colored("✗", kRed, colorError_) + " " + std::string(line));
}

void Console::warn(std::string_view line) const {
  io::writeError(colored("warning:", kYellow, colorError_) + " " + std::string(line) + "\n");
}

int Console::fail(const base::Error& error, int exitCode) const {
  std::string text = colored("error:", kRed, colorError_) + " " + error.message;
  if (!text.ends_with('\n')) text += '\n';
  if (!error.hint.empty()) text += "hint: " + error.hint + "\n";
  io::writeError(text);
  return exitCode;
}

bool Console::canAsk() const { return io::isTerminal(0) && io::isTerminal(2); }

bool Console::confirm(std::string_view question) const {
  if (!canAsk()) return false;
  io::writeError(std::string(question) + " [y/N] ");
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes";
}

std::string Console::check(std::string_view line) const {
  return colored("✓", kGreen, colorOut_) + " " + std::string(line) + "\n";
}

std::string Console::cross(std::string_view line) const {
  return colored("✗", kRed, colorOut_) + " " + std::string(line) + "\n";
}

}  // namespace cli
