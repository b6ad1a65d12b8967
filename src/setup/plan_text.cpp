#include <algorithm>
#include <array>

#include "setup/plan.h"

namespace setup {
namespace {

std::string_view signOf(Change change) {
  constexpr std::array<std::string_view, 3> kSigns{"+", "~", "-"};
  return kSigns[static_cast<std::size_t>(change)];
}

struct CallName {
  std::string operator()(const WritePrivateKey&) const { return "file:Create"; }
  std::string operator()(const ApplyObject&) const { return "kubernetes:Apply"; }
  std::string operator()(const PatchServiceAccount&) const { return "kubernetes:Patch"; }
  std::string operator()(const DeleteKubernetesObject&) const { return "kubernetes:Delete"; }
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

// The calls of one target stand under it: the head says what, the lines below say how and why.
std::string describe(const Plan& plan) {
  std::string out =
      "account " + plan.account + (plan.region.empty() ? "" : " in " + plan.region) + " as " + plan.callerArn + "\n";
  std::size_t widest = 0;
  std::array<std::size_t, 3> counts{};
  for (const Action& action : plan.actions) widest = std::max(widest, nameOf(action.call).size());
  const std::string* target = nullptr;
  for (const Action& action : plan.actions) {
    ++counts[static_cast<std::size_t>(action.change)];
    if (!target || *target != action.target)
      out.append("  ").append(signOf(action.change)).append(" ").append(action.target).append("\n");
    target = &action.target;
    std::string name = nameOf(action.call);
    name.resize(widest, ' ');
    out += "      " + name + "  " + action.reason + "\n";
  }
  for (const std::string& note : plan.notes) out += "  note: " + note + "\n";
  out += plural(plan.actions.size(), "change");
  if (plan.actions.empty()) return out + ": everything is as it should be\n";
  return out + " (" + std::to_string(counts[0]) + " to add, " + std::to_string(counts[1]) + " to modify, " +
         std::to_string(counts[2]) + " to remove)\n";
}

text::Json toJson(const Plan& plan) {
  text::Json actions = text::Json::array();
  for (const Action& action : plan.actions)
    actions.push_back({{"call", nameOf(action.call)}, {"target", action.target}, {"reason", action.reason}});
  text::Json document = text::Json::object();
  document["actions"] = std::move(actions);
  document["notes"] = plan.notes;
  document["changes"] = plan.actions.size();
  return document;
}

}  // namespace setup
