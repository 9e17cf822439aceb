/** Acceptance on real daemons, in a real terminal: what a person sees when things go wrong, and can do. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { must } from '../../../src/base/index.ts';
import type { EventLine, SqlccClient } from '../../../src/client/index.ts';
import { leaderOf, sharedCluster, sqlcc, sqlccOn, until } from '../../cluster/harness.ts';
import { skipVisibly } from '../../lab/skip.ts';
import { pause, type Terminal } from '../pty.ts';
import { headline, logOf, msOf, tell, top, WHOLE } from './kit.ts';

const skipped = skipVisibly(
  'acceptance of the screen on real daemons',
  WHOLE ? null : 'npm run accept:tui plays it',
);

const CAPITALS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const VIEW_KEYS = ['1', '2', '3', '4', '5', '6', '7'];

async function eventsOf(client: SqlccClient): Promise<EventLine[]> {
  const events: EventLine[] = [];
  for await (const event of client.events({ after: '0', follow: false })) events.push(event);
  return events;
}

/** A failover dialog with its plan and everything typed that arms it; answers the target. */
async function armed(terminal: Terminal, reason: string): Promise<string> {
  terminal.type('F');
  const text = await terminal.see('Expected write pause');
  await pause(450);
  const target = /Type (n\d) to arm/.exec(text)?.[1] ?? '';
  terminal.type('\t');
  terminal.type(reason);
  await terminal.see(`Reason: ${reason}`);
  terminal.type('\t');
  terminal.type(target);
  await terminal.see(`arm: ${target}`);
  terminal.type('\t');
  await pause(150);
  return target;
}

describe.skipIf(skipped)('a leader dies', () => {
  const shared = sharedCluster(3);

  it('1: a killed leader shows as it happens, and the time without one is right to 50 ms', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const terminal = await top(cluster.contextFile);
    const victim = await leaderOf(cluster);
    const [asleep, awake] = cluster.nodes.filter((n) => n.nodeId !== victim);
    const pid = must(asleep?.child?.pid, 'a process');
    // the vote takes as long as a voter is missing: time enough to watch it
    process.kill(pid, 'SIGSTOP');
    onTestFinished(async () => {
      process.kill(pid, 'SIGCONT');
      if (cluster.nodes.find((n) => n.nodeId === victim)?.child === null) await cluster.startNode(victim);
    });
    const killedAt = Date.now();
    await cluster.killNode(victim);
    await terminal.see('NO LEADER');
    const seenMs = Date.now() - killedAt;
    await terminal.until((t) => /no leader for \d\.\d\d s, electing/.test(t), 'the vacant term');
    const steps = await terminal.see('asks for pre-votes for term');
    expect(steps, 'who is cut off has no quorum').toContain('quorum 1/3 LOST');
    await pause(Math.max(0, 2000 - (Date.now() - killedAt)));
    // one that counts from when the screen heard of it would be late by as much
    const [counted, readAt] = [/NO LEADER (\d+\.\d) s/.exec(terminal.text())?.[1] ?? '', Date.now()];
    process.kill(pid, 'SIGCONT');
    await terminal.until((t) => headline(t) !== null && headline(t)?.leader !== victim, 'the winner');
    terminal.type('2');
    const winner = must(headline(terminal.text()), 'a leader');
    const row = new RegExp(` +${winner.term} ★ ${winner.leader} +(?:\\d+ +)?([\\d.]+ m?s)  `);
    const raft = await terminal.until((t) => row.test(t) && /votes for n\d in term/.test(t), 'the election');
    const shownMs = msOf(row.exec(raft)?.[1] ?? '');
    const events = await eventsOf(cluster.client());
    const lost = events.findLast((e) => e.kind === 'leader-lost' && Date.parse(e.at) < readAt);
    const realMs = readAt - Date.parse(must(lost, 'a loss').at);
    tell('counted while it lasted, on the screen s, by the node ms', `${counted} ${realMs}`);
    expect(Math.abs(realMs - 1000 * Number(counted))).toBeLessThan(300);
    const won = events.findLast((e) => e.kind === 'leader-elected');
    expect(won?.node_id).toBe(winner.leader);
    const wonAt = Date.parse(must(won, 'an election').at);
    const loggedMs = wonAt - killedAt;
    tell('no leader, shown and from the logs, ms', `${shownMs} ${loggedMs}`);
    tell('the loss was on the screen after, ms', seenMs);
    expect(Math.abs(shownMs - loggedMs)).toBeLessThanOrEqual(50);
    expect(awake).toBeDefined();
    await cluster.startNode(victim);
    await terminal.see('quorum 3/3 OK');
  });

  it('6: the daemon that the screen asks stops: picture stays, another within 1 s, no event is missing', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const terminal = await top(cluster.contextFile);
    const leader = await leaderOf(cluster);
    const via = /via (n\d)/.exec(terminal.text())?.[1] ?? '';
    terminal.type('5');
    await terminal.see('[5 Events]');
    await cluster.killNode(via, 'SIGKILL');
    const killedAt = performance.now();
    const other = (t: string) => /via (n\d)/.exec(t)?.[1] !== via && t.includes('LIVE');
    let lines = 99;
    await terminal.until((t) => {
      lines = Math.min(lines, t.split('\n').filter((l) => /│.\d\d:\d\d:\d\d/.test(l)).length);
      return other(t);
    }, 'another node');
    const movedMs = performance.now() - killedAt;
    tell('another node answers after, ms', Math.round(movedMs));
    expect(movedMs).toBeLessThan(1000 + 250);
    expect(lines, 'the picture never went away').toBeGreaterThan(10);
    // what is told while nobody listens must be there afterwards
    const key = (n: number) => ['kv', 'put', `gap-${n}`, 'x'];
    for (let n = 0; n < 3; n++) await sqlccOn(cluster, key(n));
    if (via !== leader) expect(await leaderOf(cluster)).toBe(leader);
    await cluster.startNode(via);
    await cluster.untilHealthy();
    const told = (await eventsOf(cluster.client())).filter((e) => e.index !== null).slice(-12);
    await until('every replicated event on the screen', async () => {
      const text = terminal.text();
      return told.every((e) => text.includes(e.message.replace(`${e.node_id} `, '').slice(0, 30)));
    });
  });

  it('4: a term that moves between plan and Enter refuses; of two operators one acts, and the audits agree', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const before = (await cluster.client().operations()).operations.length;
    const one = await top(cluster.contextFile);
    const two = await top(cluster.contextFile);
    const from = must(headline(one.text()), 'a leader');
    const target = await armed(one, 'first');
    await armed(two, 'second');
    one.type('\r');
    two.type('\r');
    const done = (t: string) => t.includes('done: ');
    const refused = (t: string) => /this is a new plan|moved on while you looked/.test(t);
    await until('one has done it, the other plans anew', async () => {
      const texts = [one.text(), two.text()];
      return texts.some(done) && texts.some(refused);
    });
    const loser = [one, two].find((t) => refused(t.text())) as Terminal;
    await loser.until((t) => new RegExp(`term ${from.term} → ${from.term + 1}`).test(t), 'what changed');
    const { operations } = await cluster.client().operations();
    expect(operations).toHaveLength(before + 1);
    expect(operations.at(-1)).toMatchObject({
      kind: 'failover',
      state: 'done',
      from: from.leader,
      to: target,
    });
    const audits = await Promise.all(
      cluster.nodes.map(async (n) => {
        const ran = await sqlccOn(cluster, ['audit', 'list', '-e', `127.0.0.1:${n.port}`, '-o', 'json']);
        return (JSON.parse(ran.stdout) as { records: { action: string; hash: string }[] }).records;
      }),
    );
    const failovers = audits.map((rows) => rows.filter((r) => /failover/.test(r.action)).map((r) => r.hash));
    expect(failovers[0]?.length).toBeGreaterThan(0);
    expect(new Set(failovers.map((f) => f.join())).size).toBe(1);
  });

  it('8: a viewer’s token is told why by each capital key and the palette, and nothing is attempted', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const made = await cluster.client().createToken({ kind: 'access', role: 'viewer' });
    const tokenFile = join(cluster.dir, 'viewer.token');
    writeFileSync(tokenFile, made.token, { mode: 0o600 });
    const terminal = await top(cluster.contextFile, { env: { SQLCC_TOKEN_FILE: tokenFile } });
    const before = (await cluster.client().audit()).records.length;
    const acting = /closed: |needs the scope operate/;
    let answered = 0;
    for (const view of VIEW_KEYS) {
      terminal.type(view);
      await terminal.still(200);
      terminal.type('?');
      const help = await terminal.see('keys that work here');
      const acts = [...help.matchAll(/ ([A-Z]) +[a-z].*\(closed: needs the scope operate/g)].map(
        (m) => m[1] ?? '',
      );
      expect(acts, view).toEqual(expect.arrayContaining(['F', 'D', 'M']));
      terminal.type('\x1b');
      await terminal.until((t) => !t.includes('keys that work here'), 'help is closed');
      for (const key of CAPITALS) {
        if (!acts.includes(key)) continue;
        terminal.type(key);
        await terminal.until((t) => acting.test(t.split('\n').at(-2) ?? ''), `why ${key} is closed`);
        answered++;
        await pause(60);
      }
    }
    terminal.type(':');
    await terminal.see('Palette');
    terminal.type('failover n2');
    await terminal.still(150);
    terminal.type('\r');
    await terminal.see('failover: needs the scope operate');
    tell('capital keys that told a viewer why', answered);
    expect(answered).toBeGreaterThan(20);
    expect((await cluster.client().audit()).records.length).toBe(before);
    // a denial is a line of the node's own log
    for (const { log } of cluster.nodes)
      expect(logOf(log).filter((l) => /denied/.test(JSON.stringify(l)))).toEqual([]);
  });

  it('11: --once, --batch, watch and the screen agree on the same seq', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const terminal = await top(cluster.contextFile);
    await until(
      'all four at one index',
      async () => {
        const [once, batch, watch] = await Promise.all([
          sqlccOn(cluster, ['top', '--once', '-o', 'json']),
          sqlccOn(cluster, ['top', '--batch', '-n', '2', '-d', '200ms', '-o', 'json']),
          sqlccOn(cluster, [
            'watch',
            '--since',
            '1h',
            '--until',
            "leader!=''",
            '--timeout',
            '5s',
            '-o',
            'jsonl',
          ]),
        ]);
        const seq = (JSON.parse(once.stdout) as { seq: number }).seq;
        const seqs = batch.stdout
          .trim()
          .split('\n')
          .map((l) => (JSON.parse(l) as { seq: number }).seq);
        const last = watch.stdout
          .trim()
          .split('\n')
          .map((l) => (JSON.parse(l) as { index: number | null }).index);
        const newest = Math.max(...last.map((n) => n ?? 0));
        const shown = Number(/commit ([\d ]+?) {2}/.exec(terminal.text())?.[1]?.replaceAll(' ', ''));
        tell(
          'seq of once, batch, screen; newest event of watch',
          `${seq} ${seqs.join(' ')} ${shown} ${newest}`,
        );
        return newest > 0 && newest <= seq && seqs.every((s) => s === seq) && shown === seq;
      },
      40_000,
    );
    expect((await sqlcc(['top', '--once'], { SQLCC_CONFIG: cluster.contextFile })).code).toBe(0);
  });
});
