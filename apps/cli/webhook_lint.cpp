#include "setup/webhook_lint.h"

#include "webhook_command.h"
#include "world.h"

namespace cli {

int runWebhookLint(const WebhookLintOptions& options) {
  const Console console(options.common);
  Ground ground;
  const base::Result<ClusterConnection> cluster = connectChosenCluster(options.cluster, options.common, ground);
  if (!cluster) return console.fail(cluster.error());
  const base::Result<setup::WebhookSurroundings> seen = setup::lookAround(*cluster->client);
  if (!seen) return console.fail(seen.error(), kCouldNotLook);
  return console.findings(setup::lintWebhooks(*seen, ground.clock.now()));
}

}  // namespace cli
