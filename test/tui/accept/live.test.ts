/** Acceptance on real daemons, in a real terminal: what a person sees when things go wrong, and can do. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { must } from '../../../src/base/index.ts';
import type { EventLine, SqlccClient } from '../../../src/client/index.ts';
import { parseReplay } from '../../../tui/feed/replay-feed.ts';
import { bindingsOf } from '../../../tui/keymap.ts';
import { VIEWS } from '../../../tui/model/views.ts';
import { clientOf, leaderOf, sharedCluster, until } from '../../cluster/harness.ts';
import { skipVisibly } from '../../lab/skip.ts';
import { pause, type Terminal } from '../pty.ts';
import { headline, logOf, msOf, tell, top, WHOLE } from './kit.ts';

const skipped = skipVisibly(
  'acceptance of the screen on real daemons',
  WHOLE ? null : 'npm run accept:tui plays it',
);

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
    expect(steps, 'no health without a leader').not.toContain('healthy');
    // one voter is gone at once, the other only silent: it counts for as long as it may be a stall
    await terminal.until((t) => t.includes('quorum 1/3 LOST'), 'who is cut off has no quorum');
    tell('the quorum was lost on the screen after, ms', Date.now() - killedAt);
    await pause(Math.max(0, 2000 - (Date.now() - killedAt)));
    // one that counts from when the screen heard of it would be late by as much
    const [counted, readAt] = [/NO LEADER (\d+\.\d) s/.exec(terminal.text())?.[1] ?? '', Date.now()];
    process.kill(pid, 'SIGCONT');
    await terminal.until((t) => headline(t) !== null && headline(t)?.leader !== victim, 'the winner');
    const shownAt = Date.now();
    terminal.type('2');
    const winner = must(headline(terminal.text()), 'a leader');
    const row = new RegExp(` +${winner.term} ★ ${winner.leader} +(?:\\d+ +)?([\\d.]+ m?s)  `);
    const raft = await terminal.until(
      (t) => row.test(t) && /(votes for n\d|is candidate) in term/.test(t),
      'the election',
    );
    const shownMs = msOf(row.exec(raft)?.[1] ?? '');
    // a loss is each node's own word: of the one that could watch it, and that the screen was asking
    const watcher = clientOf(cluster, { node: must(awake, 'who saw it').nodeId });
    const events = await eventsOf(watcher);
    const lost = events.findLast((e) => e.kind === 'leader-lost' && Date.parse(e.at) < readAt);
    const realMs = readAt - Date.parse(must(lost, 'a loss').at);
    tell('counted while it lasted, on the screen s, by the node ms', `${counted} ${realMs}`);
    expect(Math.abs(realMs - 1000 * Number(counted))).toBeLessThan(300);
    const won = events.findLast((e) => e.kind === 'leader-elected');
    expect(won?.node_id).toBe(winner.leader);
    // the event comes with the leader's first entry; its log has the moment in which it won
    const log = must(cluster.nodes.find((n) => n.nodeId === winner.leader)?.log, 'its log');
    const elected = logOf(log).findLast((line) => line.event === 'raft-elected');
    const wonAt = Date.parse(must(elected, 'an election').at);
    const loggedMs = wonAt - killedAt;
    const newsMs = shownAt - Date.parse(must(won, 'an event').at);
    tell(
      'the new leader was on the screen, after its event and after it won, ms',
      `${newsMs} ${shownAt - wonAt}`,
    );
    expect(newsMs, 'a new leader is seen').toBeLessThanOrEqual(250);
    tell('no leader, shown and from the logs, ms', `${shownMs} ${loggedMs}`);
    tell('the loss was on the screen after, ms', seenMs);
    expect(Math.abs(shownMs - loggedMs)).toBeLessThanOrEqual(50);
    await cluster.startNode(victim);
    await terminal.see('quorum 3/3 OK');
  });

  it('6: the daemon that the screen asks stops: picture stays, another within 1 s, no event is missing', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const record = join(cluster.dir, 'six.ndjson');
    const terminal = await top(cluster.contextFile, { flags: ['--record', record] });
    const via = /via (n\d)/.exec(terminal.text())?.[1] ?? '';
    terminal.type('5');
    await terminal.see('[5 Events]');
    const from = Math.max(...(await eventsOf(cluster.client())).map((e) => e.index ?? 0));
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
    expect(movedMs).toBeLessThan(1000);
    expect(lines, 'the picture never went away').toBeGreaterThan(10);
    await cluster.startNode(via);
    await cluster.untilHealthy();
    const indexes = (events: readonly EventLine[]) =>
      events.map((e) => e.index ?? 0).filter((index) => index > from);
    await until('every replicated event, in order and once', async () => {
      const told = indexes(await eventsOf(cluster.client()));
      const lines = parseReplay(readFileSync(record, 'utf8'));
      const heard = indexes(lines.flatMap(({ event }) => event ?? []));
      tell('replicated events told and heard across the loss', `${told.length} ${heard.length}`);
      return told.length > 1 && heard.slice(0, told.length).join() === told.join();
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
      cluster.nodes.map(async ({ nodeId }) => {
        const { records } = await clientOf(cluster, { node: nodeId }).audit();
        return records.filter((r) => r.action === 'operation-begin' && /first|second/.test(r.reason));
      }),
    );
    // who came second is on record too, with why it was refused: one line that did it, none that also did
    const outcomes = audits[0]?.map((r) => `${r.reason}: ${r.outcome}`) ?? [];
    tell('the audit of both', outcomes.join(' / '));
    expect(outcomes.filter((o) => o.endsWith(': ok'))).toHaveLength(1);
    expect(outcomes.filter((o) => !o.endsWith(': ok')).every((o) => /conflict/.test(o))).toBe(true);
    expect(new Set(audits.map((rows) => rows.map((r) => r.hash).join())).size).toBe(1);
  });

  it('3: typed orders, pasted pages and held keys change nothing in any view but an acknowledgement', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const state = async () => {
      const client = cluster.client();
      const [{ operations }, { records }, { versions }] = await Promise.all([
        client.operations(),
        client.audit(),
        client.configVersions(),
      ]);
      const acts = records.filter((r) => r.action !== 'alert-acknowledge').length;
      return `${operations.length} operations, ${acts} acts, ${versions.length} versions`;
    };
    const before = await state();
    const terminal = await top(cluster.contextFile);
    const order = 'FAILOVER NOW y\r';
    let held = 0;
    for (const { id, key } of VIEWS) {
      const view = async () => {
        terminal.type('\x1b');
        await pause(30);
        if (key !== null) terminal.type(key);
        else terminal.type('1');
        await pause(30);
        if (key === null) terminal.type('\r');
        await pause(30);
      };
      await view();
      for (const letter of order) terminal.type(letter);
      await view();
      terminal.type(order);
      terminal.type(`\x1b[200~${order.repeat(20)}\x1b[201~`);
      await pause(100);
      // quit, suspend and interrupt leave the screen; all else is held, what acts for longer than a dialog is deaf
      const acts = new Set(bindingsOf('main', id).flatMap((b) => (b.level === undefined ? [] : b.keys)));
      for (let code = 32; code < 127; code++) {
        const letter = String.fromCharCode(code);
        if (letter === 'q') continue;
        await view();
        const times = acts.has(letter) || letter === 'y' ? 40 : 8;
        for (let n = 0; n < times; n++) {
          terminal.type(letter);
          await pause(times === 40 ? 20 : 3);
        }
        held++;
      }
    }
    expect(terminal.exitCode, 'it still runs').toBeNull();
    expect(await state()).toBe(before);
    tell('keys held', held);
  }, 400_000);
});
