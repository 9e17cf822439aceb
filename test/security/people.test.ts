/** Who is shut out is shut out everywhere within 10 s, also where a session is open; nodes by their serial too. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { must } from '../../src/base/index.ts';
import { refusal, sharedCluster, sqlccOn, until } from '../cluster/harness.ts';
import { HttpCaller } from '../cluster/http-caller.ts';
import { stopwatch } from '../cluster/stopwatch.ts';
import { type Certified, Signer } from './credentials.ts';

const PROMISED_MS = 10_000;
const shared = sharedCluster(3);
const callers: HttpCaller[] = [];
afterAll(async () => {
  for (const caller of callers) await caller.close();
});

function callerOf(credentials: Certified | { token: string }): HttpCaller {
  const caller = new HttpCaller(shared(), credentials);
  callers.push(caller);
  return caller;
}

/** What a node has logged. */
function logOf(nodeId: string): string {
  return readFileSync(shared().node(nodeId).log, 'utf8');
}

/** Statuses on both ports of all nodes, over connections that stand. */
async function statuses(caller: HttpCaller): Promise<number[]> {
  const asked = shared().nodes.flatMap(({ nodeId }) => [
    caller.ask(nodeId, 'GET', '/v1/status?stale=1'),
    caller.ask(nodeId, 'GET', '/v1/kv/k?level=none', { clientPort: true }),
  ]);
  return (await Promise.all(asked)).map((a) => a.status);
}

/** An endless answer of one node, and when it ended; null = it has not. */
function openStream(caller: HttpCaller, nodeId: string): { endedAt: number | null } {
  const state: { endedAt: number | null } = { endedAt: null };
  const ended = (): void => {
    state.endedAt = performance.now();
  };
  caller.ask(nodeId, 'GET', '/v1/events?types=gap', { timeoutMs: 600_000 }).then(ended, ended);
  return state;
}

/** Ms until every port of every node refuses the callers, and every stream that they had open has ended. */
async function shutOut(out: readonly HttpCaller[], act: () => Promise<void>): Promise<number> {
  const all = async (): Promise<number[]> => (await Promise.all(out.map(statuses))).flat();
  expect((await all()).filter((s) => s === 401)).toEqual([]);
  const streams = out.flatMap((caller) => shared().nodes.map(({ nodeId }) => openStream(caller, nodeId)));
  // a first sign of life comes at once: whoever is refused here is not
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(streams.filter((s) => s.endedAt !== null)).toEqual([]);
  await act();
  const tookMs = stopwatch();
  const isOut = async () => (await all()).every((s) => s === 401) && streams.every((s) => s.endedAt !== null);
  await until('it is refused everywhere', isOut);
  expect(tookMs()).toBeLessThan(PROMISED_MS);
  return Math.round(tookMs());
}

describe('shutting out', () => {
  it('a certificate by its serial number, a name, a user with tokens: all doors, open sessions too', async () => {
    const signer = Signer.of(shared());
    const client = shared().client();
    const { people } = client;
    await people.set({ name: 'root', role: 'admin', mode: 'add' });
    await people.set({ name: 'carl', role: 'admin', mode: 'add' });
    const anna = callerOf(await signer.issue({ role: 'admin', id: 'anna' }));
    const bert = callerOf(await signer.issue({ role: 'admin', id: 'bert' }));
    // the role on record counts, not the one in the certificate: data is nothing for viewers
    const carl = callerOf(await signer.issue({ role: 'viewer', id: 'carl' }));
    const { token } = await client.createToken({ kind: 'access', role: 'viewer', user: 'carl' });
    await statuses(anna);
    const { certificates } = await people.certificates({ node: 'n1' });
    const { serial } = must(
      certificates.find((c) => c.name === 'anna'),
      'the certificate that was shown',
    );
    const times = await Promise.all([
      shutOut([anna], () => people.revokeCertificate({ serial, reason: 'lost' })),
      shutOut([bert], () => people.revokeCertificate({ name: 'bert' })),
      shutOut([carl, callerOf({ token })], () => people.revoke('carl', 'left')),
    ]);
    process.stderr.write(`shut out everywhere, open streams too, after ${times.join(', ')} ms\n`);
    // the chain of refusals has the names of those who proved theirs; a token of a revoked user is gone
    const { stdout } = await sqlccOn(shared(), ['audit', 'list', '--denied', '-o', 'json']);
    const named = (JSON.parse(stdout) as { records: { who: string }[] }).records.map((d) => d.who);
    expect(new Set(named)).toEqual(new Set(['admin anna', 'admin bert', 'viewer carl', 'nobody']));
    // anna's other certificate is good: only the serial number was called back
    const other = callerOf(await signer.issue({ role: 'admin', id: 'anna' }));
    expect((await statuses(other)).filter((s) => s === 401)).toEqual([]);
  });

  it('the last administrator on record stays, and the command says how', async () => {
    const { people } = shared().client();
    const { code, message, details } = await refusal(people.revoke('root'));
    expect(code).toBe('failed_precondition');
    expect(`${message} ${JSON.stringify(details)}`).toContain('user add NAME --role admin');
  });

  it('the old certificate of a node that renewed: its connections end in time and come back with the new one', async () => {
    const client = shared().client();
    const before = (await client.people.certificates({ node: 'n2' })).certificates;
    const old = must(
      before.find((c) => c.where.includes('own')),
      'own',
    ).serial;
    const stream = openStream(
      callerOf(await Signer.of(shared()).issue({ role: 'viewer', id: 'doris' })),
      'n2',
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    const renewed = await client.people.renewNode({ node: 'n2' });
    expect(renewed.serial).not.toBe(old);
    await client.people.revokeCertificate({ serial: old });
    const tookMs = stopwatch();
    // n2's streams that stand were opened with it: the other nodes say that they end, and why
    const ended = async () =>
      ['n1', 'n3'].every((id) => logOf(id).includes(`certificate ${old} of n2 was revoked`));
    await until('the connections of n2 end', ended);
    expect(tookMs()).toBeLessThan(PROMISED_MS);
    process.stderr.write(`connections of peers ended after ${Math.round(tookMs())} ms\n`);
    await client.kv.put('after', 'the revocation');
    await shared().untilHealthy();
    const { nodes } = await client.nodes();
    expect(nodes.map((n) => n.liveness)).toEqual(['alive', 'alive', 'alive']);
    // what others had open with n2 stood through its renewal and through the end of its old certificate
    expect(stream.endedAt).toBeNull();
    const audit = (await client.audit()).records.map((r) => `${r.action} ${r.target} ${r.outcome}`);
    expect(audit).toContain(`certificate-revoke certificate ${old} ok`);
    await until('the renewal is audited', async () =>
      (await client.audit()).records.some((r) => r.action === 'certificate-renew' && r.target === 'n2'),
    );
  });

  it('the commands say all of it', async () => {
    const users = await sqlccOn(shared(), ['user', 'list', '-o', 'json']);
    expect(JSON.parse(users.stdout).users).toMatchObject([
      { name: 'root', role: 'admin', state: 'active' },
      { name: 'carl', role: 'admin', state: 'revoked', tokens: [] },
    ]);
    const last = await sqlccOn(shared(), ['user', 'revoke', 'root']);
    expect(last.code).toBe(6);
    expect(last.stderr).toContain('sqlcc user add NAME --role admin');
    const { stdout, code } = await sqlccOn(shared(), ['cert', 'list', '-o', 'json']);
    expect(code).toBe(0);
    const list = JSON.parse(stdout) as { certificates: { name: string; state: string; kind: string }[] };
    const states = (name: string) => list.certificates.filter((c) => c.name === name).map((c) => c.state);
    expect(states('anna').sort()).toEqual(['revoked', 'valid']);
    expect(states('n1')).toEqual(['valid']);
    expect(list.certificates.filter((c) => c.kind === 'ca')).toHaveLength(1);
    // a name that is written otherwise is revoked as well, and nobody should take that for the right one
    const known = await sqlccOn(shared(), ['cert', 'revoke', 'anna']);
    expect([known.code, known.stderr.includes('no node has heard of')]).toEqual([0, false]);
    const typo = await sqlccOn(shared(), ['cert', 'revoke', 'annna']);
    expect(typo.code).toBe(0);
    expect(typo.stderr).toContain('no node has heard of annna');
  });
});
