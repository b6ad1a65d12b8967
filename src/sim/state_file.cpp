#include "sim/state_file.h"

#include "crypto/digest.h"
#include "text/encoding.h"
#include "text/json.h"

namespace sim {

base::Result<std::string> StateFile::readPiece(const std::string& name) const {
  std::string bytes = TRY(files_->read(folder() + "/" + name));
  if (text::hex(crypto::sha256(bytes)) == name) return bytes;
  return base::invalid(folder() + "/" + name + " does not hold what its name says");
}

base::Result<State> StateFile::load() {
  if (path_.empty()) return State();
  auto there = TRY(files_->info(path_));
  if (!there) {
    TRY(save(State()));
    return State();
  }
  if (TRY(files_->info(folder())))
    for (const std::string& name : TRY(files_->list(folder()))) pieces_.insert(name);
  std::string document = TRY(files_->read(path_));
  auto state = stateFromJson(document, [this](const std::string& name) { return readPiece(name); });
  if (!state) return std::move(state).error().during("reading the state file " + path_);
  return state;
}

base::Result<void> StateFile::writePieces(const Body& body, std::set<std::string>& named) {
  std::string_view rest = body.bytes();
  for (const std::string& name : body.pieces()) {
    std::string_view piece = rest.substr(0, Body::kPiece);
    rest.remove_prefix(piece.size());
    named.insert(name);
    if (pieces_.contains(name)) continue;
    if (pieces_.empty()) TRY(files_->makeFolder(folder(), 0700));
    TRY(files_->replace(folder() + "/" + name, piece, 0600));
    pieces_.insert(name);
  }
  return {};
}

base::Result<void> StateFile::removeOthers(const std::set<std::string>& named) {
  for (auto piece = pieces_.begin(); piece != pieces_.end();) {
    if (named.contains(*piece)) {
      ++piece;
      continue;
    }
    TRY(files_->remove(folder() + "/" + *piece));
    piece = pieces_.erase(piece);
  }
  return {};
}

base::Result<void> StateFile::save(const State& state) {
  if (path_.empty()) return {};
  std::set<std::string> named;
  for (const auto& [name, bucket] : state.buckets) {
    for (const auto& [key, object] : bucket.objects) TRY(writePieces(object.body, named));
    for (const auto& [id, upload] : bucket.uploads)
      for (const auto& [number, part] : upload.parts) TRY(writePieces(part.body, named));
  }
  TRY(files_->replace(path_, text::compact(toJson(state)) + "\n", 0600));
  return removeOthers(named);
}

}  // namespace sim
