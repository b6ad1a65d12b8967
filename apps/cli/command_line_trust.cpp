#include "command_line_groups.h"

namespace cli {
namespace {

void addPolicyChoice(CLI::App& app, PolicyChoice& choice, CommonOptions& common, std::string& roleArn) {
  app.add_option("policy", choice.file, "the trust policy's file; - is standard input")->type_name("");
  app.add_option("--role", choice.role, "instead of a file: a role of the account, by name or ARN")->type_name("ROLE");
  app.add_option("--role-arn", roleArn, "of a file: the role that has the policy or will have it")->type_name("ARN");
  app.add_option("-f,--file", common.file, "for --role: how to reach AWS [irsa.yaml, if there is one]")
      ->type_name("FILE");
}

void addTrustRender(CLI::App& group, TrustRenderOptions& render, Command& chosen) {
  CLI::App* app = addCommand(group, "render", "Print a trust policy that pins audience and accounts.", chosen,
                             [&render] { return runTrustRender(render); });
  takesAccounts(
      app->add_option("accounts", render.wish.serviceAccounts, "NAMESPACE/NAME of those who may assume the role"))
      ->required()
      ->type_name("");
  addRepeated(*app, "--issuer", render.wish.issuers, "the cluster's issuer; again for another cluster", "URL")
      ->required();
  app->add_option("--account", render.wish.account, "the AWS account of the role and its providers")
      ->required()
      ->type_name("ID");
  app->add_option("--partition", render.wish.partition, "[aws]")->type_name("NAME");
  addRepeated(*app, "--audience", render.wish.audiences, "[sts.amazonaws.com]", "NAME");
  app->add_flag("--allow-wildcard", render.wish.allowsPatterns, "accounts may be patterns, such as shop/app-*");
  app->add_option("--merge", render.merge, "add to this policy and keep all its statements; - is standard input")
      ->type_name("FILE");
  app->add_option("--quota", render.quota, "the longest policy that IAM takes [2048]")
      ->check(CLI::Range(1, 131072).description(""))
      ->type_name("N");
  app->add_flag("--compact", render.compact, "on one line");
  addOutput(*app, render.common, {{"json", Format::Json}, {"yaml", Format::Yaml}});
  app->footer(
      "Example:\n  irsa trust render shop/orders shop/carts --account 111122223333 \\\n"
      "    --issuer https://s3.us-west-2.amazonaws.com/edge-prod-issuer > trust.json\n"
      "Exit codes: 0 printed, 1 longer than the quota, 3 not to be written so\n");
}

void addTrustLint(CLI::App& group, TrustLintOptions& lint, Command& chosen) {
  CLI::App* app = addCommand(group, "lint", "Find what lets in too many, or nobody. Reads only.", chosen,
                             [&lint] { return runTrustLint(lint); });
  addPolicyChoice(*app, lint.policy, lint.common, lint.roleArn);
  addRepeated(*app, "--issuer", lint.issuers, "an issuer that the role is meant for; again for another", "URL");
  addDuration(*app, "--token-expiration", lint.tokenExpiration, "how long the pods' tokens live");
  addOutput(*app, lint.common, findingFormats());
  addDuration(*app, "--timeout", lint.common.timeout, "the longest wait");
  app->footer(
      "Example:\n  irsa trust lint trust.json --role-arn arn:aws:iam::111122223333:role/orders -o sarif\n"
      "Exit codes: 0 nothing to do, 1 findings, 4 the file or the role could not be read\n");
}

void addCanAssume(CLI::App& group, CanAssumeOptions& options, Command& chosen) {
  CLI::App* app = addCommand(group, "can-assume", "Say whether a token gets the role, and which condition decides.",
                             chosen, [&options] { return runCanAssume(options); });
  addPolicyChoice(*app, options.policy, options.common, options.roleArn);
  app->add_option("--token", options.token, "the token's file; - is standard input")->type_name("FILE");
  takesAccounts(app->add_option("--service-account", options.serviceAccount, "instead of a token: NAMESPACE/NAME"))
      ->type_name("ACCOUNT");
  app->add_option("--issuer", options.issuer, "and its issuer")->type_name("URL");
  addRepeated(*app, "--audience", options.audiences, "and its audience [sts.amazonaws.com]", "NAME");
  addRepeated(*app, "--context", options.context, "what else the request has, such as aws:SourceIp=203.0.113.9",
              "KEY=VALUE");
  app->add_option("--session-name", options.sessionName, "sts:RoleSessionName [can-assume]")->type_name("NAME");
  addOutput(*app, options.common);
  addDuration(*app, "--timeout", options.common.timeout, "the longest wait");
  app->footer(
      "Example:\n  irsa trust can-assume trust.json --service-account shop/orders \\\n"
      "    --issuer https://s3.us-west-2.amazonaws.com/edge-prod-issuer\n"
      "Exit codes: 0 it may, 1 it may not, 3 IAM would refuse the policy or the question is wrong,\n"
      "4 policy or token could not be read\n");
}

}  // namespace

void addTrust(CLI::App& root, Options& options, Command& chosen) {
  CLI::App* group = root.add_subcommand("trust", "Trust policies: who may assume a role");
  group->require_subcommand(1);
  addTrustRender(*group, options.trustRender, chosen);
  addTrustLint(*group, options.trustLint, chosen);
  addCanAssume(*group, options.canAssume, chosen);
}

void addProof(CLI::App& root, Options& options, Command& chosen) {
  CLI::App* verify = addCommand(root, "verify", "Prove that a service account gets its role, or say why not.", chosen,
                                [&] { return runVerify(options.verify); });
  addCommon(*verify, options.verify.common);
  takesAccounts(verify->add_option("account", options.verify.serviceAccount, "NAMESPACE/NAME"))
      ->required()
      ->type_name("");
  verify->add_flag("--job", options.verify.job, "in a pod of the account, through the webhook");
  example(*verify, "irsa verify default/s3-echoer");

  CLI::App* whoami = addCommand(root, "whoami", "In a pod: say which role its service account gets.", chosen,
                                [&] { return runWhoami(options.whoami); });
  addOutput(*whoami, options.whoami);
  addDuration(*whoami, "--timeout", options.whoami.timeout, "the longest wait for one answer");
  example(*whoami,
          "AWS_ROLE_ARN=arn:aws:iam::111122223333:role/s3-echoer AWS_WEB_IDENTITY_TOKEN_FILE=token \\\n"
          "    AWS_REGION=us-west-2 irsa whoami");
}

void addExplain(CLI::App& root, Options& options, Command& chosen) {
  ExplainOptions& explain = options.explain;
  CLI::App* app = addCommand(root, "explain", "Say why STS refuses a web identity, the cause first. Reads only.",
                             chosen, [&explain] { return runExplain(explain); });
  addCommon(*app, explain.common, findingFormats());
  app->add_option("text", explain.text, "what STS or an SDK said, or its code; - reads standard input")->type_name("");
  app->add_option("--token", explain.token, "the web identity token [AWS_WEB_IDENTITY_TOKEN_FILE]")->type_name("FILE");
  app->add_option("--role", explain.role, "the role that was asked for [AWS_ROLE_ARN]")->type_name("ARN");
  app->add_option("--session-name", explain.sessionName, "[AWS_ROLE_SESSION_NAME]")->type_name("NAME");
  addDuration(*app, "--duration", explain.duration, "the session that was asked for [1h]");
  app->add_option("--region", explain.region, "[that of irsa.yaml, AWS_REGION]")->type_name("NAME");
  app->add_option("--ca-file", explain.caFile, "more roots for fetching the issuer")->type_name("FILE");
  app->add_flag("--allow-loopback-issuers", explain.allowLoopbackIssuers, "the issuer may be on this host");
  app->add_flag("--offline", explain.offline, "ask neither AWS nor the issuer");
  app->footer(
      "Example:\n  irsa explain \"Incorrect token audience\"\n"
      "  irsa explain --token token --role arn:aws:iam::111122223333:role/s3-echoer\n"
      "Exit codes: 0 STS would give the role by what was seen, 1 causes were found or the text is unknown,\n"
      "3 nothing to explain, 4 a file can't be read\n"
      "(against a local AWS: irsa sim --listen 127.0.0.1:4566, then set AWS_ENDPOINT_URL)\n");
}

void addToken(CLI::App& root, Options& options, Command& chosen) {
  CLI::App* group = root.add_subcommand("token", "Web identity tokens as kube-apiserver makes them");
  group->require_subcommand(1);
  CLI::App* mint = addCommand(*group, "mint", "Sign a token with a key that apply generated.", chosen,
                              [&] { return runTokenMint(options.mint); });
  addCommon(*mint, options.mint.common);
  takesAccounts(mint->add_option("account", options.mint.serviceAccount, "NAMESPACE/NAME"))->required()->type_name("");
  mint->add_option("--key", options.mint.key, "the private key [the one in keys.directory of irsa.yaml]")
      ->type_name("FILE");
  mint->add_option("--issuer", options.mint.issuer, "the issuer [that of irsa.yaml]")->type_name("URL");
  mint->add_option("--audience,--aud", options.mint.audience, "the audience [sts.amazonaws.com]")->type_name("NAME");
  mint->add_option("--pod", options.mint.pod, "the pod that the token is bound to")->type_name("NAME");
  addDuration(*mint, "--expiration", options.mint.lifetime, "from now until it expires [24h]");
  mint->add_option("--write", options.mint.write, "a new file for the token, readable by you alone")->type_name("FILE");
  example(*mint, "irsa token mint default/s3-echoer -f irsa.yaml --write token");

  CLI::App* inspect = addCommand(*group, "inspect", "Show a token's header and claims, never its signature.", chosen,
                                 [&] { return runTokenInspect(options.inspect); });
  addOutput(*inspect, options.inspect.common);
  inspect->add_option("file", options.inspect.path, "the token's file [standard input]")->type_name("");
  inspect->add_option("--jwks", options.inspect.jwks, "check signature and times against these keys")
      ->type_name("FILE");
  example(*inspect, "irsa token inspect token");
}

}  // namespace cli
