// What the program says: results on standard output, everything else on standard error, in the form the user asked for.
#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/finding.h"
#include "text/json.h"

namespace cli {

enum class Format { Table, Json, Yaml, Sarif };  // the last for findings only

// The options that every command has.
struct CommonOptions {
  std::string file = "irsa.yaml";
  Format format = Format::Table;
  bool quiet = false;    // no progress; errors and results stay
  bool noColor = false;  // so does a NO_COLOR that is set and not empty
  bool dryRun = false;
  bool yes = false;
  std::chrono::seconds timeout{0};  // each command has its own default
};

// For commands that need a cluster and no AWS.
struct ClusterChoice {
  std::string kubeconfig;  // empty: that of irsa.yaml, KUBECONFIG or ~/.kube/config
  std::string context;     // empty: the current one
};

// The program's exit codes: a contract with scripts.
inline constexpr int kOk = 0;
inline constexpr int kRefused = 1;         // findings, a refusal, or something that could not be done
inline constexpr int kChangesPending = 2;  // plan --detailed-exitcode
inline constexpr int kUsage = 3;           // wrong command line or irsa.yaml
inline constexpr int kCouldNotLook = 4;    // the world did not answer, or not to us
inline constexpr int kLocked = 75;

// By kind: Invalid is the user's (3), Denied and Unavailable are the world's (4), the rest is refused (1).
int exitCodeOf(const base::Error& error);
// For commands whose 1 is a judgement: what could not be read is none. The user's fault is 3, all else 4.
int exitCodeOfLook(const base::Error& error);

class Console {
 public:
  explicit Console(const CommonOptions& options);

  // Prints `table` or, in the form asked for, `document`.
  void result(std::string_view table, const text::Json& document) const;
  // Prints findings in the form asked for. Returns the exit code: refused when there are more than notes.
  int findings(const text::Findings& findings) const;
  void raw(std::string_view text) const;  // a result that has one form only

  void progress(std::string_view line) const;  // silent with --quiet
  void done(std::string_view line) const;      // progress with a check mark
  void failed(std::string_view line) const;    // with a cross
  void warn(std::string_view line) const;      // never silent

  // "error: ..." and, when there is one, "hint: ...". Returns the exit code.
  int fail(const base::Error& error) const { return fail(error, exitCodeOf(error)); }
  int fail(const base::Error& error, int exitCode) const;

  // Asks on the terminal and takes only "yes" or "y"; false without a terminal.
  bool confirm(std::string_view question) const;
  bool canAsk() const;

  bool isColored() const { return colorOut_; }  // results, when people read them

  // Check mark and cross for lines of a result.
  std::string check(std::string_view line) const;
  std::string cross(std::string_view line) const;

 private:
  Format format_;
  bool quiet_;
  bool colorOut_, colorError_;
};

}  // namespace cli
