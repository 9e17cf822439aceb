/** A notification as the leader makes them, and texts that try to be more than text. */
import type { Notification } from '../../../../src/alerts/index.ts';

export const CLUSTER_ID = 'c0ffee00-0000-4000-8000-000000000001';
const SINCE = Date.UTC(2026, 10, 29, 2, 0, 0);

export function sample(changes: Partial<Notification> = {}): Notification {
  return {
    key: `${CLUSTER_ID}/HighErrorRate:n2/${SINCE}`,
    kind: 'firing',
    alertId: 'HighErrorRate:n2',
    rule: 'HighErrorRate',
    nodeId: 'n2',
    severity: 'critical',
    condition: 'error_rate > 0.01',
    value: 'error_rate = 0.037',
    since: SINCE,
    at: SINCE + 5000,
    clusterName: 'trial',
    clusterId: CLUSTER_ID,
    by: null,
    ...changes,
  };
}

/** What somebody may write where a rule, a node, a value or a name is expected. */
export const HOSTILE_TEXTS: readonly string[] = [
  'x\r\nBcc: evil@example.com\r\n\r\nother body',
  'x\r\n.\r\nMAIL FROM:<evil@example.com>\r\nRCPT TO:<victim@example.com>\r\nDATA\r\n',
  '.\n..\n.',
  '</td><script>alert(1)</script><img src=x onerror=alert(1)>',
  '<!channel> <!here> <@U012AB3CD> <https://evil.example|the runbook> @channel @HERE',
  '&lt;!channel&gt; *bold* _it_ ~no~ `code` > quote',
  '"},"status":"resolved","alerts":[{"x":"',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a text that looks like a template is the point
  '{{ .Labels }} {{range $i}} ${process.env.HOME} $(reboot) `reboot` <%= 7*7 %> #{7*7}',
  '=?utf-8?q?Bcc:_evil@example.com?=',
  'abc\u202egnp.exe\u2066 \u2028 line \u2029 para \u0085 nel \u0000 nul \u001b[2J',
  'lone \ud800 surrogate \udfff',
  '🚨'.repeat(2000),
  'A'.repeat(1024 * 1024),
  '\r\n'.repeat(100_000),
  '',
];
