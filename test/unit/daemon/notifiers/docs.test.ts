/** docs/notifiers.md shows what really arrives: its examples are made anew here and compared. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mailOf } from '../../../../daemon/notifiers/email.ts';
import { pagerDutyEvent } from '../../../../daemon/notifiers/pagerduty.ts';
import { slackMessage } from '../../../../daemon/notifiers/slack.ts';
import { webhookMessage } from '../../../../daemon/notifiers/webhook.ts';
import { type Notification, TEMPLATE_NAMES } from '../../../../src/alerts/index.ts';
import { LIMITS } from '../../../../src/base/index.ts';
import { parseConfig } from '../../../../src/config/index.ts';

const TEXT = readFileSync(join(import.meta.dirname, '../../../../docs/notifiers.md'), 'utf8');

/** The one block of this kind. */
function block(kind: string): string {
  const found = [...TEXT.matchAll(/```([^\n]*)\n([\s\S]*?)```/g)].filter((match) => match[1] === kind);
  expect(found, kind).toHaveLength(1);
  return found[0]?.[2] ?? '';
}

const clusterId = '7f1c0c52-3c3e-4a53-9d31-3c2f3a6f5a10';
const since = Date.UTC(2026, 10, 29, 2);
const FIRING: Notification = {
  key: `${clusterId}/HighErrorRate:node-002/${since}`,
  kind: 'firing',
  alertId: 'HighErrorRate:node-002',
  rule: 'HighErrorRate',
  nodeId: 'node-002',
  severity: 'critical',
  condition: 'error_rate > 0.01',
  value: 'error_rate = 0.037',
  since,
  at: since,
  clusterName: 'sqlcc-cluster-001',
  clusterId,
  by: null,
};

describe('docs/notifiers.md', () => {
  it('configures all four channels', () => {
    const head = 'cluster: {name: t, node_id: n1, network: {advertise_host: h}}\n';
    const result = parseConfig(head + block('yaml'), { source: 'docs' });
    expect(result).toMatchObject({ ok: true, warnings: [] });
    const { notifiers } = result.ok ? result.config : { notifiers: {} };
    expect(Object.values(notifiers).filter((n) => n !== null)).toHaveLength(4);
  });

  it('names all that a template may name, and shows one that is accepted', () => {
    const part = TEXT.slice(TEXT.indexOf("Words of one's own"), TEXT.indexOf('```yaml example'));
    expect(TEMPLATE_NAMES.filter((name) => !part.includes(`\`${name}\``))).toEqual([]);
    const head = 'cluster: {name: t, node_id: n1, network: {advertise_host: h}}\n';
    expect(parseConfig(head + block('yaml example'), { source: 'docs' })).toMatchObject({ ok: true });
  });

  it('shows the JSON that is sent', () => {
    expect(JSON.parse(block('json slack'))).toEqual(slackMessage(FIRING));
    expect(JSON.parse(block('json pagerduty'))).toEqual(pagerDutyEvent(FIRING, 'R…'));
    const resolved = { ...FIRING, kind: 'resolved', at: since + 83_000 } as const;
    expect(JSON.parse(block('json webhook'))).toEqual(webhookMessage(resolved));
  });

  it('shows the mail that is sent', () => {
    const acknowledged = { ...FIRING, kind: 'acknowledged', at: since + 42_000, by: 'erika' } as const;
    const mail = mailOf(acknowledged, { from: 'SQLCC <sqlcc@example.com>', to: [] });
    const head = `Subject: ${mail.subject}\nMessage-ID: ${mail.messageId}\nReferences: ${mail.references?.join(' ')}\n\n`;
    expect(block('mail')).toBe(head + mail.text);
  });

  it('names the limits that hold', () => {
    expect(TEXT).toContain(`${LIMITS.notificationGiveUpMs / 60_000} minutes after the first offer`);
    expect(TEXT).toContain(`${LIMITS.maxRetryAfterMs / 60_000} minutes at\n  most`);
    expect(TEXT).toContain(`a broken or silent connection (${LIMITS.notificationTimeoutMs / 1000} s)`);
    expect(TEXT).toContain(`${LIMITS.maxReceiverAnswerBytes / 1024} KiB are read`);
    expect(TEXT).toContain(`${LIMITS.maxSecretBytes / 1024} KiB at\n  most`);
    expect([LIMITS.notificationBackoffMs, LIMITS.maxNotificationBackoffMs]).toEqual([1000, 60_000]);
    expect([LIMITS.notificationsInFlight, 'four are under way']).toEqual([4, expect.any(String)]);
  });
});
