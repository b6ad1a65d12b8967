#include "text/diff.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace text {
namespace {

using Lines = std::vector<std::string_view>;  // each with its line break; only the last may have none

constexpr std::size_t kContext = 3;
constexpr int kMostEdits = 2000;  // bounds time and memory; texts that differ by more are shown as replaced

struct Step {
  char kind;  // ' ', '-' or '+'
  std::string_view line;
};

Lines linesOf(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    std::size_t end = text.find('\n');
    std::size_t size = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

// Myers, "An O(ND) Difference Algorithm and Its Variations" (1986): for every number of edits how far each diagonal
// x - y gets, until one reaches the end. Absent when that takes too many.
std::optional<std::vector<std::vector<int>>> furthest(const Lines& a, const Lines& b) {
  int n = int(a.size()), m = int(b.size());
  std::vector<std::vector<int>> trace;
  std::vector<int> reach{0, 0, 0};  // diagonals -1, 0, 1 before the first edit
  for (int edits = 0; edits <= std::min(n + m, kMostEdits); ++edits) {
    std::vector<int> now(std::size_t(2 * edits + 3), 0);  // index k + edits + 1
    for (int k = -edits; k <= edits; k += 2) {
      auto before = [&](int diagonal) { return reach[std::size_t(diagonal + edits)]; };
      bool down = k == -edits || (k != edits && before(k - 1) < before(k + 1));
      int x = edits == 0 ? 0 : down ? before(k + 1) : before(k - 1) + 1;
      int y = x - k;
      while (x < n && y < m && a[std::size_t(x)] == b[std::size_t(y)]) ++x, ++y;
      now[std::size_t(k + edits + 1)] = x;
      if (x < n || y < m) continue;
      trace.push_back(std::move(now));
      return trace;
    }
    trace.push_back(now);
    reach = std::move(now);
  }
  return std::nullopt;
}

// Appends the steps from `a` to `b` in their order.
void compare(const Lines& a, const Lines& b, std::vector<Step>& out) {
  auto trace = furthest(a, b);
  if (!trace) {
    for (std::string_view line : a) out.push_back({'-', line});
    for (std::string_view line : b) out.push_back({'+', line});
    return;
  }
  std::vector<Step> back;
  int x = int(a.size()), y = int(b.size());
  for (int edits = int(trace->size()) - 1; edits >= 0; --edits) {
    int k = x - y, fromX = 0, fromY = 0;
    if (edits > 0) {
      const std::vector<int>& before = (*trace)[std::size_t(edits - 1)];
      auto reach = [&](int diagonal) { return before[std::size_t(diagonal + edits)]; };
      bool down = k == -edits || (k != edits && reach(k - 1) < reach(k + 1));
      fromX = down ? reach(k + 1) : reach(k - 1);
      fromY = fromX - (down ? k + 1 : k - 1);
    }
    while (x > fromX && y > fromY) back.push_back({' ', a[std::size_t(--x)]}), --y;
    if (edits == 0) break;
    if (y > fromY)
      back.push_back({'+', b[std::size_t(--y)]});
    else
      back.push_back({'-', a[std::size_t(--x)]});
  }
  out.insert(out.end(), back.rbegin(), back.rend());
}

std::vector<Step> stepsOf(Lines a, Lines b) {
  std::vector<Step> steps;
  std::size_t head = 0, tail = 0, shorter = std::min(a.size(), b.size());
  while (head < shorter && a[head] == b[head]) steps.push_back({' ', a[head++]});
  while (tail < shorter - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
  Lines after(a.end() - std::ptrdiff_t(tail), a.end());
  auto middle = [&](const Lines& lines) {
    return Lines(lines.begin() + std::ptrdiff_t(head), lines.end() - std::ptrdiff_t(tail));
  };
  std::size_t from = steps.size();
  compare(middle(a), middle(b), steps);
  // Within one run of changes, what goes stands before what comes.
  for (auto run = steps.begin() + std::ptrdiff_t(from); run != steps.end();) {
    auto end = std::find_if(run, steps.end(), [](const Step& step) { return step.kind == ' '; });
    std::stable_partition(run, end, [](const Step& step) { return step.kind == '-'; });
    run = std::find_if(end, steps.end(), [](const Step& step) { return step.kind != ' '; });
  }
  for (std::string_view line : after) steps.push_back({' ', line});
  return steps;
}

std::string range(std::size_t before, std::size_t count) {
  std::string start = std::to_string(count == 0 ? before : before + 1);
  return count == 1 ? start : start + "," + std::to_string(count);
}

void appendHunk(std::string& out, const std::vector<Step>& steps, std::size_t from, std::size_t to, std::size_t beforeA,
                std::size_t beforeB) {
  std::size_t countA = 0, countB = 0;
  for (std::size_t i = from; i < to; ++i) {
    countA += steps[i].kind != '+';
    countB += steps[i].kind != '-';
  }
  out += "@@ -" + range(beforeA, countA) + " +" + range(beforeB, countB) + " @@\n";
  for (std::size_t i = from; i < to; ++i) {
    out += steps[i].kind;
    out += steps[i].line;
    if (!steps[i].line.ends_with('\n')) out += "\n\\ No newline at end of file\n";
  }
}

}  // namespace

std::string unifiedDiff(std::string_view before, std::string_view after, std::string_view beforeName,
                        std::string_view afterName) {
  if (before == after) return {};
  std::vector<Step> steps = stepsOf(linesOf(before), linesOf(after));
  std::string out = "--- " + std::string(beforeName) + "\n+++ " + std::string(afterName) + "\n";
  auto isChange = [&](std::size_t i) { return steps[i].kind != ' '; };
  std::size_t lineA = 0, lineB = 0, passed = 0;  // lines in steps[0, passed)
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!isChange(i)) continue;
    std::size_t from = i < passed + kContext ? passed : i - kContext, last = i;
    for (std::size_t j = i; j < steps.size() && j <= last + 2 * kContext + 1; ++j)
      if (isChange(j)) last = j;
    std::size_t to = std::min(last + kContext + 1, steps.size());
    lineA += from - passed;
    lineB += from - passed;
    appendHunk(out, steps, from, to, lineA, lineB);
    for (std::size_t j = from; j < to; ++j) {
      lineA += steps[j].kind != '+';
      lineB += steps[j].kind != '-';
    }
    passed = to;
    i = to - 1;
  }
  return out;
}

}  // namespace text
