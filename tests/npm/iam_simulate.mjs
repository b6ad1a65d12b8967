// Reads one question a line, {"policy", "principal", "action", "context"}, and answers with one line each:
// {"verdict"} in the words of irsa, and {"ignored"}, the context keys that the simulator does not know.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const require = createRequire(process.argv[2] + '/')
const { runSimulation } = require('@cloud-copilot/iam-simulate')
const verdicts = { Allowed: 'Allow', ImplicitlyDenied: 'ImplicitDeny', ExplicitlyDenied: 'ExplicitDeny' }

async function ask(question) {
  const request = {
    principal: question.principal,
    action: question.action,
    resource: { resource: 'arn:aws:iam::111122223333:role/s3-echoer', accountId: '111122223333' },
    contextVariables: question.context,
  }
  const answer = await runSimulation(
    { request, identityPolicies: [], serviceControlPolicies: [], resourceControlPolicies: [], resourcePolicy: question.policy }, {})
  const ignored = (answer.ignoredContextKeys ?? answer.analysis?.ignoredContextKeys ?? [])
  return { verdict: verdicts[answer.overallResult] ?? answer.resultType ?? 'malformed', ignored }
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer
  try {
    answer = await ask(JSON.parse(line))
  } catch (error) {
    answer = { verdict: 'failed', ignored: [], reason: String(error) }
  }
  process.stdout.write(JSON.stringify(answer) + '\n')
}
