/**
 * Would this very node run with that configuration? What one node can't know of another: files and variables
 * that the text names, the node's own file, a schema of another version.
 */
import type { ClusterConfig, ConfigIssue, NotifierConfig } from '../src/config/index.ts';
import { overlayConfig, overlayIssues } from '../src/config/index.ts';
import { readSecret } from './notifiers/secrets.ts';
import type { OwnFile } from './own-file.ts';

type NodeIssue = Pick<ConfigIssue, 'path' | 'message' | 'hint'>;

export interface NodeCheck {
  readonly issues: readonly NodeIssue[];
  readonly notes: readonly string[];
}

/** Where secrets are kept, by key. */
function references({ email, slack, pagerduty, webhook }: NotifierConfig): Map<string, string> {
  const all: [string, string | null | undefined][] = [
    ['notifiers.email.smtp_url', email?.smtpUrl],
    ['notifiers.slack.url', slack?.url],
    ['notifiers.pagerduty.routing_key', pagerduty?.routingKey],
    ['notifiers.pagerduty.url', pagerduty?.url],
    ['notifiers.webhook.url', webhook?.url],
  ];
  return new Map(
    all.filter(
      (pair): pair is [string, string] => typeof pair[1] === 'string' && /^(file|env):/.test(pair[1]),
    ),
  );
}

/** Why the secret can't be had here, as who sends with it would find out; null = it can. */
async function referenceIssue(
  path: string,
  reference: string,
  env: NodeJS.ProcessEnv,
): Promise<string | null> {
  const read = await readSecret(path, reference, env);
  return read.ok ? null : read.reason.replace(`${path}: `, '');
}

export interface CheckParts {
  /** As it is in force. */
  readonly config: ClusterConfig;
  readonly file: OwnFile;
  readonly env: NodeJS.ProcessEnv;
}

/** What speaks against `shared`, the whole new replicated text, on this node. */
export async function checkOnNode(shared: string, { config, file, env }: CheckParts): Promise<NodeCheck> {
  const refusals = [...overlayIssues(config, shared), ...file.refusals(shared)];
  const known = new Set<string>();
  const issues: NodeIssue[] = [];
  for (const { path, message, hint } of refusals) {
    if (known.has(`${path} ${message}`)) continue;
    known.add(`${path} ${message}`);
    issues.push({ path, message, hint });
  }
  const before = references(config.notifiers);
  for (const [path, reference] of references(overlayConfig(config, shared).notifiers)) {
    // what is wrong already is no reason to refuse something else
    const reason = before.get(path) === reference ? null : await referenceIssue(path, reference, env);
    if (reason !== null) issues.push({ path, message: reason, hint: 'put it there first, on every node' });
  }
  const now = file.read();
  return { issues, notes: now.ok ? [] : [`the node would not start again: ${now.issue}`] };
}
