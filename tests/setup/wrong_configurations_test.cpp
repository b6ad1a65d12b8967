#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "crypto/key.h"
#include "setup/configuration.h"
#include "support/memory_files.h"

namespace setup {
namespace {

constexpr const char* kGolden = "wrong_configurations.txt";

struct Case {
  std::string file, faults;
};

std::string cut(std::string_view& rest, std::string_view mark) {
  std::size_t end = rest.find(mark);
  std::string piece(rest.substr(0, end));
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + mark.size());
  return piece;
}

struct Golden {
  std::string head;
  std::vector<Case> cases;
};

Golden readGolden() {
  std::ifstream stream(kGolden);
  std::stringstream text;
  text << stream.rdbuf();
  const std::string all = text.str();
  std::string_view rest = all;
  Golden golden{cut(rest, "=====\n"), {}};
  while (!rest.empty()) {
    std::string file = cut(rest, "-----\n");
    golden.cases.push_back({std::move(file), cut(rest, "=====\n")});
  }
  return golden;
}

std::string faultsOf(const std::string& file) {
  support::MemoryFiles files;
  files.files["words.txt"].contents = "just words\n";
  files.files["private.pem"].contents = crypto::SigningKey::generateEc("P-256").value().pem();
  auto parsed = parseConfiguration(file, "irsa.yaml", files);
  return (parsed ? "(none)" : parsed.error().message) + "\n";
}

// IRSA_WRITE_GOLDEN=1 writes the file anew, for a reader to look at the difference.
TEST(WrongConfigurations, AreToldWithPlaceAndReason) {
  Golden golden = readGolden();
  ASSERT_GE(golden.cases.size(), 40u);
  std::string written = golden.head;
  for (const Case& one : golden.cases) {
    SCOPED_TRACE(one.file);
    const std::string faults = faultsOf(one.file);
    written += "=====\n" + one.file + "-----\n" + faults;
    if (!std::getenv("IRSA_WRITE_GOLDEN")) {
      EXPECT_EQ(faults, one.faults);
    }
    EXPECT_NE(faults, "(none)\n");
  }
  if (std::getenv("IRSA_WRITE_GOLDEN")) std::ofstream(kGolden) << written + "=====\n";
}

}  // namespace
}  // namespace setup
