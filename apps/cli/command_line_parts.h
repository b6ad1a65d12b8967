// What the descriptions of all commands are made of.
#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "console.h"
#include "nodes.h"

namespace cli {

// What to run once the command line has been read.
using Command = std::function<int()>;

// "90", "90s", "5m", "2h" or "250ms" rounded up; seconds when there is no unit.
CLI::Option* addDuration(CLI::App& app, const std::string& name, std::chrono::seconds& target, const std::string& help);

// An option that is given once for each value, so that what follows a value is an argument again.
CLI::Option* addRepeated(CLI::App& app, const std::string& name, std::vector<std::string>& target,
                         const std::string& help, const std::string& type);

// Its values are service accounts: NAMESPACE/NAME, or system:serviceaccount:NAMESPACE:NAME as tokens and policies have
// it, which is read as the former.
CLI::Option* takesAccounts(CLI::Option* option);

using Formats = std::vector<std::pair<std::string, Format>>;
const Formats& allFormats();      // table, json, yaml
const Formats& findingFormats();  // and sarif

void addOutput(CLI::App& app, CommonOptions& common, const Formats& formats = allFormats());
void addCommon(CLI::App& app, CommonOptions& common, const Formats& formats = allFormats());
void addCluster(CLI::App& app, ClusterChoice& cluster);
void addNodes(CLI::App& app, Nodes& nodes);

void example(CLI::App& app, const std::string& lines);

CLI::App* addCommand(CLI::App& parent, const std::string& name, const std::string& help, Command& chosen,
                     Command command);

}  // namespace cli
