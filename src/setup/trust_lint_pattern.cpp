#include "setup/trust_lint_pattern.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <span>

#include "policy/variable.h"
#include "text/words.h"

namespace setup {
namespace {

using std::string_view_literals::operator""sv;

// A part of the texts that are walked: these letters, or one and more of a part's own.
struct Segment {
  std::string_view letters;
  bool (*has)(char) = nullptr;
};

bool isOfLabel(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }
bool isOfName(char c) { return isOfLabel(c) || c == '.'; }

constexpr Segment kSubject[]{{"system:serviceaccount:"}, {"", isOfLabel}, {":"}, {"", isOfName}};

// How far a walk has come: the place in each pattern, the segment, the place in that, and the segments of which
// wildcards alone took a letter, as bits.
struct Place {
  std::vector<std::uint32_t> at;
  std::uint32_t segment = 0, offset = 0, open = 0;
  auto operator<=>(const Place&) const = default;
};

constexpr std::size_t kMostPlaces = 50'000;

// All texts of `segments` that one pattern of each condition lets in.
class Walk {
 public:
  explicit Walk(std::span<const Segment> segments) : segments_(segments) {}

  void over(const std::vector<Alternatives>& conditions) {
    if (chosen_.size() == conditions.size()) return overChosen();
    for (const ValuePattern& one : conditions[chosen_.size()]) {
      if (one.isNever) continue;
      chosen_.push_back(&one);
      over(conditions);
      chosen_.pop_back();
      if (seen_ > kMostPlaces) return;
    }
  }

  bool isEndless() const { return seen_ > kMostPlaces; }
  const std::set<std::uint32_t>& ends() const { return ends_; }  // the `open` of each way through

 private:
  void overChosen() {
    ++seen_;
    std::set<Place> known;
    std::vector<Place> todo{{.at = std::vector<std::uint32_t>(chosen_.size())}};
    while (!todo.empty() && seen_ <= kMostPlaces) {
      Place place = std::move(todo.back());
      todo.pop_back();
      if (!known.insert(place).second) continue;
      ++seen_;
      skip(place, todo);
      take(place, todo);
    }
  }

  const Piece* pieceAt(const Place& place, std::size_t i) const {
    return place.at[i] < chosen_[i]->pieces.size() ? &chosen_[i]->pieces[place.at[i]] : nullptr;
  }

  // Without taking a letter: past a star, into the next segment, out at the end.
  void skip(const Place& place, std::vector<Place>& todo) {
    bool isThrough = place.segment == segments_.size();
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      const Piece* piece = pieceAt(place, i);
      isThrough = isThrough && !piece;
      if (!piece || piece->kind != Piece::Kind::Run) continue;
      todo.push_back(place);
      ++todo.back().at[i];
    }
    if (isThrough) ends_.insert(place.open);
    if (place.segment == segments_.size()) return;
    const Segment& segment = segments_[place.segment];
    const bool isOver = segment.has ? place.offset > 0 : place.offset == segment.letters.size();
    if (!isOver) return;
    todo.push_back(place);
    ++todo.back().segment;
    todo.back().offset = 0;
  }

  void take(const Place& place, std::vector<Place>& todo) const {
    if (place.segment == segments_.size()) return;
    const Segment& segment = segments_[place.segment];
    if (!segment.has && place.offset == segment.letters.size()) return;
    char letter = segment.has ? 0 : segment.letters[place.offset];  // 0: any of the segment's
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      const Piece* piece = pieceAt(place, i);
      if (!piece) return;
      if (piece->kind != Piece::Kind::Letter) continue;
      const bool fits = letter == 0 ? segment.has(piece->letter) : letter == piece->letter;
      if (!fits) return;
      letter = piece->letter;
    }
    Place next = place;
    for (std::size_t i = 0; i < chosen_.size(); ++i)
      if (pieceAt(place, i)->kind != Piece::Kind::Run) ++next.at[i];
    if (letter == 0) next.open |= 1U << place.segment;
    next.offset = segment.has ? 1 : place.offset + 1;
    todo.push_back(std::move(next));
  }

  std::span<const Segment> segments_;
  std::vector<const ValuePattern*> chosen_;
  std::set<std::uint32_t> ends_;
  std::size_t seen_ = 0;
};

bool isPattern(const ValuePattern& value) { return value.hasWildcard() && !value.isNever; }

// Whether the request of a web identity has this key (in lower case), with a value that is not the policy's to say: a
// claim, the session's name and tags, what the connection shows.
bool isFilledIn(std::string_view key, const std::string& provider) {
  static constexpr std::array kKeys{"aws:currenttime"sv,      "aws:epochtime"sv,       "aws:federatedprovider"sv,
                                    "aws:referer"sv,          "aws:requestedregion"sv, "aws:securetransport"sv,
                                    "aws:sourceip"sv,         "aws:tagkeys"sv,         "aws:useragent"sv,
                                    "aws:viaawsservice"sv,    "sts:rolesessionname"sv, "sts:sourceidentity"sv,
                                    "sts:transitivetagkeys"sv};
  return std::ranges::find(kKeys, key) != kKeys.end() || key.starts_with("aws:requesttag/") ||
         key.starts_with(provider + ":");
}

}  // namespace

bool ValuePattern::hasWildcard() const {
  return std::ranges::any_of(pieces, [](const Piece& piece) { return piece.kind != Piece::Kind::Letter; });
}

ValuePattern ValueReader::read(std::string_view op, const std::string& text) const {
  const bool isLike = op.ends_with("Like");
  ValuePattern out;
  out.text = text;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t end = hasVariables && text.compare(at, 2, "${") == 0 ? text.find('}', at) : text.npos;
    if (end != text.npos) {
      addVariable(std::string_view(text).substr(at + 2, end - at - 2), out);
      at = end;
      continue;
    }
    const bool isWildcard = text[at] == '*' || text[at] == '?';
    out.hasPlainWildcard |= isWildcard;
    const Piece::Kind wild = text[at] == '*' ? Piece::Kind::Run : Piece::Kind::One;
    out.pieces.push_back({isLike && isWildcard ? wild : Piece::Kind::Letter, text[at]});
  }
  if (op.ends_with("IgnoreCase"))
    for (Piece& piece : out.pieces) piece.letter = text::lowerCase({&piece.letter, 1}).front();
  return out;
}

void ValueReader::addVariable(std::string_view inside, ValuePattern& value) const {
  auto addLetters = [&](std::string_view letters) {
    for (char c : letters) value.pieces.push_back({Piece::Kind::Letter, c});
  };
  if (policy::isEscape(inside)) return addLetters(inside);
  const std::string written = "${" + std::string(inside) + "}";
  const policy::Variable variable = policy::readVariable(inside);
  if (isFilledIn(variable.key, text::lowerCase(provider))) {
    value.pieces.push_back({Piece::Kind::Run, 0});
    if (value.filledIn.empty()) value.filledIn = written;
    return;
  }
  if (value.unknown.empty()) value.unknown = written;
  value.isNever |= !variable.fallback;
  if (variable.fallback) addLetters(*variable.fallback);
}

bool letIn(const std::vector<Alternatives>& conditions, std::string_view value) {
  const Segment segment{.letters = value};
  return std::ranges::all_of(conditions, [&](const Alternatives& values) {
    Walk walk({&segment, 1});
    walk.over({values});
    return walk.isEndless() || !walk.ends().empty();
  });
}

bool fitsAnAccount(const ValuePattern& value) {
  Walk walk(kSubject);
  walk.over({{value}});
  return walk.isEndless() || !walk.ends().empty();
}

OpenParts openParts(const std::vector<Alternatives>& conditions) {
  constexpr std::uint32_t kNameSpace = 1U << 1, kName = 1U << 3;
  std::vector<Alternatives> patterns;  // a value without wildcard leaves nothing open
  for (const Alternatives& values : conditions) {
    patterns.emplace_back();
    std::ranges::copy_if(values, std::back_inserter(patterns.back()), isPattern);
  }
  if (std::ranges::any_of(patterns, &Alternatives::empty)) return {};
  Walk walk(kSubject);
  walk.over(patterns);
  if (walk.isEndless()) return {.nameSpace = true, .name = true};
  OpenParts open;
  for (std::uint32_t end : walk.ends()) {
    open.nameSpace |= (end & kNameSpace) != 0;
    open.name |= (end & kName) != 0;
  }
  return open;
}

}  // namespace setup
