// The parts of api_server_lint.h that look at shapes and lines rather than at values.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/flavour.h"
#include "text/finding.h"

namespace cluster {

// Findings about one text.
class FindingList {
 public:
  explicit FindingList(std::string_view place) : place_(place) {}

  void add(std::string_view code, text::Severity severity, const text::Position& at, std::string_view why,
           std::string_view fix);
  void add(std::string_view code, text::Severity severity, const Located& at, std::string_view why,
           std::string_view fix);   // where it stands, which may be a file beside
  void add(text::Finding finding);  // gets the place, unless it names one
  bool isEmpty() const { return findings_.empty(); }
  text::Findings sorted() &&;

 private:
  std::string place_;
  text::Findings findings_;
};

// A Pod's volumes, mounts and environment (VOLUME_SHAPE, VOLUME_MISSING, KEY_IN_MANIFESTS, GODEBUG_X509), and the same
// in pieces of one, as people paste them.
void lintShapes(const text::YamlText& file, FindingList& out);

// The paths of a Pod's hostPath volumes that must be folders, in YAML and line by line.
std::vector<Located> hostFolders(const text::YamlText& file);
std::vector<Located> hostFolderLines(std::string_view text);

// For a text that is no YAML: its flags and what else can be told line by line.
Survey surveyLines(std::string_view text);
void lintLines(std::string_view text, FindingList& out);
bool looksLikeApiServer(std::string_view text);

// Where the text breaks at `line` because a key is indented deeper than the first key of its volume or mount, that key.
std::optional<text::Position> misindentedVolume(std::string_view text, std::size_t line);

}  // namespace cluster
