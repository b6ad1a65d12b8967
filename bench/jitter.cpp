// How long this machine takes a core away from a program that does nothing but look at the clock, for SECONDS: the
// floor under every latency measured here. Prints one line of JSON; gaps in microseconds. script/bench compiles it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

int main(int, char** words) {
  using Clock = std::chrono::steady_clock;
  constexpr double kGap = 50;
  const double seconds = std::atof(words[1]);
  std::vector<double> gaps;
  double lost = 0;
  Clock::time_point before = Clock::now();
  const auto end = before + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  while (before < end) {
    const auto now = Clock::now();
    const double gap = std::chrono::duration<double, std::micro>(now - before).count();
    before = now;
    if (gap <= kGap) continue;
    gaps.push_back(gap);
    lost += gap;
  }
  std::sort(gaps.begin(), gaps.end());
  auto quantile = [&](double part) { return gaps.empty() ? 0.0 : gaps[std::size_t(double(gaps.size() - 1) * part)]; };
  printf("{\"perSecond\":%.1f,\"lostPercent\":%.2f,\"p50\":%.0f,\"p99\":%.0f,\"max\":%.0f}\n",
         double(gaps.size()) / seconds, lost / seconds / 1e4, quantile(.5), quantile(.99), quantile(1));
}
