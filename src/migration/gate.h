// What has to hold before a step that could refuse somebody's token: measured, never assumed.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace migration {

struct Gate {
  std::string name;  // stable, one word: "ready", "published", "tokens"
  bool isMet = false;
  std::string says;                      // a sentence without its full stop: what was measured, or what is waited for
  std::optional<base::Time> until = {};  // when waiting alone opens it
};
using Gates = std::vector<Gate>;

bool areMet(const Gates& gates);

// A step's gates are open no earlier than this, as far as waiting opens them.
std::optional<base::Time> opensAt(const Gates& gates);

}  // namespace migration
