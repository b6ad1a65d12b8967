// The server loops' knowledge as other threads reach it: by posting.
#pragma once
#include <functional>
#include <utility>
#include <vector>

#include "admission/identity_sources.h"
#include "io/server.h"

namespace webhook {

class Loops {
 public:
  // Both must outlive it; one IdentitySources for each loop of the server, in their order.
  Loops(io::Server& server, std::vector<admission::IdentitySources*> sources)
      : server_(server), sources_(std::move(sources)) {}

  // Runs `change` on each loop's thread soon.
  void post(const std::function<void(admission::IdentitySources&)>& change) {
    for (std::size_t loop = 0; loop < sources_.size(); ++loop)
      server_.post(int(loop), [change, sources = sources_[loop]] { change(*sources); });
  }

 private:
  io::Server& server_;
  std::vector<admission::IdentitySources*> sources_;
};

}  // namespace webhook
