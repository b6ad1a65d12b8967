// The file that --state names, and the folder FILE.bodies beside it: bodies over 64 KiB lie there in pieces, each named
// by its SHA-256, so that a write costs what it brings and not what is there already.
#pragma once
#include <set>
#include <string>

#include "base/files.h"
#include "base/result.h"
#include "sim/state.h"

namespace sim {

class StateFile {
 public:
  // `files` must outlive it; null with an empty path: nothing is kept.
  StateFile(std::string path, base::Files* files) : path_(std::move(path)), files_(files) {}

  // What was saved last; a file that is not there is made.
  base::Result<State> load();
  // Whole or not at all, whenever the program is killed: pieces first, then the document, then what it no longer names
  // is removed.
  base::Result<void> save(const State& state);

 private:
  std::string folder() const { return path_ + ".bodies"; }
  base::Result<std::string> readPiece(const std::string& name) const;
  base::Result<void> writePieces(const Body& body, std::set<std::string>& named);
  base::Result<void> removeOthers(const std::set<std::string>& named);

  std::string path_;
  base::Files* files_;
  std::set<std::string> pieces_;  // names in the folder
};

}  // namespace sim
