// Label selectors (meta/v1 LabelSelector) and the labels they are about.
#pragma once
#include <map>
#include <string>

#include "text/json.h"

namespace kube {

using Labels = std::map<std::string, std::string, std::less<>>;

Labels labelsOf(const text::Json& object);     // of its metadata
Labels labelsIn(const text::Json& stringMap);  // of matchLabels, of a Service's selector

// Whether all of matchLabels and matchExpressions hold. A selector that is empty or absent selects everything; what
// absence means elsewhere is the caller's to know. An operator that nobody knows selects nothing.
bool selects(const text::Json& selector, const Labels& labels);

}  // namespace kube
