#include "kube/label_selector.h"

#include <algorithm>

namespace kube {
namespace {

// NotIn and DoesNotExist also hold for objects without the label.
bool holds(const text::Json& requirement, const Labels& labels) {
  const std::string relation = text::stringAt(requirement, "operator");
  const auto label = labels.find(text::stringAt(requirement, "key"));
  const bool isThere = label != labels.end();
  if (relation == "Exists") return isThere;
  if (relation == "DoesNotExist") return !isThere;
  const text::Json& values = text::at(requirement, "values");
  const bool isListed = isThere && std::any_of(values.begin(), values.end(),
                                               [&](const text::Json& value) { return value == label->second; });
  if (relation == "In") return isListed;
  return relation == "NotIn" && !isListed;
}

}  // namespace

Labels labelsOf(const text::Json& object) { return labelsIn(text::at(text::at(object, "metadata"), "labels")); }

Labels labelsIn(const text::Json& stringMap) {
  Labels labels;
  if (!stringMap.is_object()) return labels;
  for (const auto& [name, value] : stringMap.items())
    if (value.is_string()) labels[name] = value.get<std::string>();
  return labels;
}

bool selects(const text::Json& selector, const Labels& labels) {
  for (const auto& [name, value] : labelsIn(text::at(selector, "matchLabels"))) {
    const auto label = labels.find(name);
    if (label == labels.end() || label->second != value) return false;
  }
  const text::Json& requirements = text::at(selector, "matchExpressions");
  return std::all_of(requirements.begin(), requirements.end(),
                     [&](const text::Json& requirement) { return holds(requirement, labels); });
}

}  // namespace kube
