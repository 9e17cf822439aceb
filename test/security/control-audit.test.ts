/** Every control route leaves a line in the replicated audit: the table of routes is walked, none is left out. */
import { expect, it } from 'vitest';
import { ENDPOINTS, type Endpoint } from '../../src/api/index.ts';
import { must } from '../../src/base/index.ts';
import { startCluster, until } from '../cluster/harness.ts';
import { HttpCaller } from '../cluster/http-caller.ts';

const HOUR_MS = 3_600_000;

/** What the routes before made, for those that end it. */
interface Made {
  token: string;
  silence: string;
  schedule: string;
}

type Ask = readonly [parameter: string, body?: unknown];

/** Requests that are carried out, or refused where the record itself is asked, in an order in which they can. */
const ASKED: Readonly<Record<string, (made: Made) => Ask>> = {
  updateNode: () => ['n1', { zone: 'z' }],
  pauseCluster: () => ['', { reason: 'test', for_ms: HOUR_MS }],
  resumeCluster: () => [''],
  scheduleOperation: () => [
    '',
    { kind: 'failover', at: new Date(Date.now() + HOUR_MS).toISOString(), reason: 'test' },
  ],
  cancelSchedule: ({ schedule }) => [schedule],
  putConfig: () => ['', { text: 'cluster:\n  monitoring:\n    sample_interval_ms: 1100\n', reason: 'test' }],
  rollbackConfig: () => ['1', { reason: 'test' }],
  activateConfig: () => ['2', { reason: 'test' }],
  createToken: () => ['', { kind: 'access', role: 'viewer' }],
  revokeToken: ({ token }) => [token],
  createSilence: () => ['', { rule: 'NodeDown', for_ms: HOUR_MS }],
  removeSilence: ({ silence }) => [silence],
  acknowledgeAlert: () => ['none'],
  setLogLevel: () => ['', { level: 'INFO', for_ms: 1000 }],
  setUser: () => ['dora', { role: 'admin', mode: 'add' }],
  revokeCertificate: () => ['', { name: 'emil' }],
  revokeUser: () => ['emil'],
  renewNodeCertificate: () => ['', {}],
};

/** Nothing to change in this cluster: a command is made only for what is there. Each needs its reason. */
const NOT_ASKED: Readonly<Record<string, string>> = {
  runOperation: 'operation-begin is audited by the record (test/unit/cluster/audit.test.ts)',
  removeNode: 'an operation like those of runOperation',
  cancelOperation: 'operation-end is audited by the record (test/unit/cluster/audit.test.ts)',
  confirmConfig: 'config-confirm is audited by the record (test/unit/cluster/audit.test.ts)',
  testAlert: 'changes nothing that is kept: it sends one marked notification',
};

const CONTROL = (Object.entries(ENDPOINTS) as [string, Endpoint][]).filter(
  ([, { method, scope }]) => method !== 'GET' && (scope === 'operate' || scope === 'administer'),
);

it('each control route is audited, with who, from where and by which certificate', async () => {
  const names = CONTROL.map(([name]) => name);
  expect([...Object.keys(ASKED), ...Object.keys(NOT_ASKED)].sort()).toEqual(names.toSorted());
  const cluster = await startCluster(1);
  const client = cluster.client();
  const admin = new HttpCaller(cluster);
  const made: Made = { token: '', silence: '', schedule: '' };
  for (const [name, ask] of Object.entries(ASKED)) {
    const { method, path } = must(
      CONTROL.find(([n]) => n === name),
      name,
    )[1];
    const before = (await client.audit()).records.at(-1)?.seq ?? 0;
    const [parameter, body] = ask(made);
    const url = path.replace(/\{\w+\}/, parameter);
    const answer = await admin.ask('n1', method, url, body === undefined ? {} : { body });
    const text = `${name}: ${answer.status} ${answer.text.slice(0, 200)}`;
    expect.soft([200, 201, 202, 404], text).toContain(answer.status);
    if (name === 'createToken') made.token = String(answer.body['id']);
    if (name === 'createSilence')
      made.silence = String((answer.body['silence'] as { id?: string } | undefined)?.id ?? answer.body['id']);
    if (name === 'scheduleOperation') made.schedule = (answer.body['entry'] as { id: string }).id;
    const line = await until(
      `a line of the audit: ${text}`,
      async () => (await client.audit()).records.find((r) => r.seq > before && r.actor === 'admin') ?? null,
      5000,
    );
    expect.soft(line.from, text).toContain('127.0.0.1');
    expect.soft(line.credential, text).toMatch(/^certificate:[0-9a-f]+$/);
  }
  await admin.close();
});
