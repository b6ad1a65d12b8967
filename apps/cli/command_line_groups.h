// The commands in groups, each described in a file of its own: command_line_GROUP.cpp.
#pragma once
#include "adopt_command.h"
#include "api_server_command.h"
#include "api_server_edit.h"
#include "api_server_lint.h"
#include "apply_command.h"
#include "command_line_parts.h"
#include "destroy_command.h"
#include "explain_command.h"
#include "issuer_publish.h"
#include "keys_command.h"
#include "migrate_command.h"
#include "on_node.h"
#include "plan_command.h"
#include "policy_command.h"
#include "sim_command.h"
#include "token_command.h"
#include "trust_command.h"
#include "verify_command.h"
#include "webhook_command.h"
#include "whoami_command.h"

namespace cli {

// What the commands that move issuer and keys read into.
struct MoveOptions {
  MigrateOptions migrate;
  KeysOptions keys;
  IssuerPublishOptions publish;
};

// Everything that commands read into; lives as long as run().
struct Options {
  LifeCycleOptions plan, apply, destroy;
  PolicyOptions policy;
  AdoptOptions adopt;
  ApiServerOptions patch, rollback;
  ApiServerEditOptions edit;
  ApiServerLintOptions serverLint;
  MoveOptions move;
  VerifyOptions verify;
  CommonOptions whoami;
  ExplainOptions explain;
  TokenMintOptions mint;
  TokenInspectOptions inspect;
  SimOptions sim;
  WebhookRenderOptions render;
  WebhookLintOptions lint;
  TrustRenderOptions trustRender;
  TrustLintOptions trustLint;
  CanAssumeOptions canAssume;
  OnNodeOptions onNode;
};

void addLifeCycle(CLI::App& root, Options& options, Command& chosen);
void addAdopt(CLI::App& root, Options& options, Command& chosen);
void addPolicy(CLI::App& root, Options& options, Command& chosen);
void addWebhook(CLI::App& root, Options& options, Command& chosen);
void addApiServer(CLI::App& root, Options& options, Command& chosen);
void addOnNode(CLI::App& root, OnNodeOptions& options, Command& chosen);
void addTrust(CLI::App& root, Options& options, Command& chosen);
void addProof(CLI::App& root, Options& options, Command& chosen);
void addExplain(CLI::App& root, Options& options, Command& chosen);
void addToken(CLI::App& root, Options& options, Command& chosen);
void addMigrate(CLI::App& root, MoveOptions& options, Command& chosen);
void addIssuer(CLI::App& root, MoveOptions& options, Command& chosen);
void addKeys(CLI::App& root, MoveOptions& options, Command& chosen);

}  // namespace cli
