#include <algorithm>
#include <array>

#include "setup/documents.h"
#include "setup/plan.h"
#include "text/diff.h"

namespace setup {
namespace {

struct Sign {
  std::string_view sign, color, verb;
};

// By Change.
constexpr std::array<Sign, 4> kSigns{
    {{"+", "\x1b[32m", "add"}, {"~", "\x1b[33m", "modify"}, {"-", "\x1b[31m", "remove"}, {"↻", "\x1b[36m", "replace"}}};
constexpr std::string_view kPlain = "\x1b[0m", kBold = "\x1b[1m";

const Sign& signOf(Change change) { return kSigns[static_cast<std::size_t>(change)]; }

class Page {
 public:
  explicit Page(bool isColored) : isColored_(isColored) {}

  Page& text(std::string_view words) {
    out_ += words;
    return *this;
  }
  Page& colored(std::string_view words, std::string_view color) {
    if (!isColored_) return text(words);
    return text(color).text(words).text(kPlain);
  }
  // The hunks, without the names above them, which the target says already.
  void diff(const std::string& before, const std::string& after) {
    std::string lines = text::unifiedDiff(before, after, "before", "after");
    for (std::size_t begin = 0, number = 0; begin < lines.size(); ++number) {
      std::size_t end = std::min(lines.find('\n', begin), lines.size());
      std::string_view line = std::string_view(lines).substr(begin, end - begin);
      begin = end + 1;
      if (number < 2) continue;
      std::string_view color = line.starts_with('+')   ? kSigns[0].color
                               : line.starts_with('-') ? kSigns[2].color
                               : line.starts_with('@') ? kSigns[3].color
                                                       : "";
      text("        ").colored(line, color).text("\n");
    }
  }
  std::string take() && { return std::move(out_); }

 private:
  bool isColored_;
  std::string out_;
};

struct CallName {
  std::string operator()(const WritePrivateKey&) const { return "file:Create"; }
  std::string operator()(const WriteDocument&) const { return "file:Write"; }
  std::string operator()(const RemoveDocument&) const { return "file:Remove"; }
  std::string operator()(const ApplyObject&) const { return "kubernetes:Apply"; }
  std::string operator()(const PatchServiceAccount&) const { return "kubernetes:Patch"; }
  std::string operator()(const DeleteKubernetesObject&) const { return "kubernetes:Delete"; }
  std::string operator()(const AwaitDistribution&) const { return "cloudfront:WaitUntilDeployed"; }
  template <typename AwsCall>
  std::string operator()(const AwsCall& call) const {
    aws::Operation operation = encode(call);
    return operation.service + ":" + operation.name;
  }
};

std::string plural(std::size_t count, std::string_view thing) {
  return std::to_string(count) + " " + std::string(thing) + (count == 1 ? "" : "s");
}

}  // namespace

std::string nameOf(const Call& call) { return std::visit(CallName(), call); }

bool isDestructive(const Action& action) {
  if (!keysLost(action.before, action.after).empty()) return true;
  constexpr std::array<std::string_view, 3> kTaking{":Delete", ":Remove", ":Detach"};
  std::string name = nameOf(action.call);
  return std::any_of(kTaking.begin(), kTaking.end(),
                     [&](std::string_view word) { return name.find(word) != std::string::npos; });
}

namespace {

std::string totalOf(const Plan& plan) {
  std::array<std::size_t, kSigns.size()> counts{};
  for (const Action& action : plan.actions) ++counts[static_cast<std::size_t>(action.change)];
  std::string out = plural(plan.actions.size(), "change");
  if (plan.actions.empty()) return out + ": everything is as it should be\n";
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (i < 3 || counts[i] > 0)
      out += (i == 0 ? " (" : ", ") + std::to_string(counts[i]) + " to " + std::string(kSigns[i].verb);
  return out + ")\n";
}

void describeActions(const Plan& plan, Page& page) {
  std::size_t widest = 0;
  for (const Action& action : plan.actions) widest = std::max(widest, nameOf(action.call).size());
  const Action* last = nullptr;
  for (const Action& action : plan.actions) {
    if (!last || last->phase != action.phase) page.colored(nameOf(action.phase), kBold).text("\n");
    if (!last || last->phase != action.phase || last->target != action.target)
      page.text("  ").colored(signOf(action.change).sign, signOf(action.change).color).text(" " + action.target + "\n");
    last = &action;
    std::string name = nameOf(action.call);
    name.resize(widest, ' ');
    page.text("      " + name + "  " + action.reason + "\n");
    if (!action.before.empty()) page.diff(action.before, action.after);
  }
}

}  // namespace

// The calls of one target stand under it: the head says what, the lines below say how and why.
std::string describe(const Plan& plan, bool isColored) {
  Page page(isColored);
  page.text((plan.account.empty() ? "no account" : "account " + plan.account) +
            (plan.region.empty() ? "" : " in " + plan.region) +
            (plan.callerArn.empty() ? "" : " as " + plan.callerArn) + "\n");
  describeActions(plan, page);
  for (const std::string& note : plan.notes) page.text("  note: " + note + "\n");
  page.text(totalOf(plan));
  if (plan.awsCalls > 0) page.text(plural(plan.awsCalls, "call") + " to AWS to look\n");
  return std::move(page).take();
}

text::Json toJson(const Plan& plan) {
  text::Json actions = text::Json::array();
  for (const Action& action : plan.actions)
    actions.push_back({{"call", nameOf(action.call)}, {"target", action.target}, {"reason", action.reason}});
  text::Json document = text::Json::object();
  document["actions"] = std::move(actions);
  document["notes"] = plan.notes;
  document["changes"] = plan.actions.size();
  document["calls"] = plan.awsCalls;
  return document;
}

}  // namespace setup
