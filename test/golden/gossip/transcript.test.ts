/**
 * Stories of small clusters as text: lines that begin with `>` are commands, the others
 * are what the nodes told after them. `UPDATE=1` writes what comes out; read the diff.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MemberEvent } from '../../../src/gossip/index.ts';
import { World } from '../../unit/gossip/world.ts';

const DIR = import.meta.dirname;

function eventText(event: MemberEvent): string {
  switch (event.kind) {
    case 'refuted':
      return `denies that it failed: life ${event.incarnation.boot}.${event.incarnation.refutation}`;
    case 'outdated-boot':
      return `is behind its own boot ${event.boot}`;
    case 'own-health':
      return `own health ${event.value}`;
    case 'failed':
      return `${event.nodeId} failed (${event.cause}), voted by ${event.by.join(' ')}`;
    case 'suspected':
    case 'degraded':
      return `${event.nodeId} ${event.kind} by ${event.by.join(' ')}`;
    case 'alive':
      return `${event.nodeId} alive, was ${event.from}`;
    case 'joined':
      return `${event.nodeId} joined, life ${event.incarnation.boot}.${event.incarnation.refutation}`;
    case 'restarted':
      return `${event.nodeId} restarted, was ${event.from}, life ${event.incarnation.boot}.${event.incarnation.refutation}`;
    case 'left':
    case 'forgotten':
      return `${event.nodeId} ${event.kind}`;
  }
}

/** One row a viewer: how it sees the others. */
function table(world: World): string[] {
  const names = [...world.nodes.keys()];
  return world.up().map((viewer) => {
    const others = names.filter((n) => n !== viewer);
    return `${viewer} sees ${others.map((o) => `${o} ${world.stateOf(viewer, o) ?? 'unknown'}`).join(', ')}`;
  });
}

function groups(words: readonly string[], separator: string): [string[], string[]] {
  const at = words.indexOf(separator);
  return [words.slice(0, at), words.slice(at + 1)];
}

function runCommand(world: World, command: string): void {
  const [verb, first = '', ...rest] = command.split(' ');
  switch (verb) {
    case 'run':
      return world.run(Number(first));
    case 'kill':
      return world.kill(first);
    case 'silence':
      return world.silence(first);
    case 'stall':
      return world.stall(first, Number(rest[0]));
    case 'leave':
      return world.input(first, { kind: 'leave' });
    case 'start':
      return world.start(first, rest);
    case 'partition':
      return world.partition(...groups([first, ...rest], '|'));
    case 'cut':
      return world.cut(...groups([first, ...rest], '>'));
    case 'heal':
      return world.heal();
    case 'table':
      return;
    default:
      expect.unreachable(`no command ${verb}`);
  }
}

/** The transcript of the commands in `text`; the first is `cluster NODES SEED`. */
function replay(text: string): string {
  const out: string[] = [];
  let world = new World({ nodes: 1, seed: 1 });
  for (const line of text.split('\n')) {
    if (line.startsWith('#') || (line === '' && out.length > 0 && out.at(-1)?.startsWith('#')))
      out.push(line);
    if (!line.startsWith('> ')) continue;
    out.push(line);
    const command = line.slice(2);
    const [verb, nodes, seed] = command.split(' ');
    if (verb === 'cluster') world = new World({ nodes: Number(nodes), seed: Number(seed) });
    else runCommand(world, command);
    const told = world.seen.splice(0);
    for (const { at, node, event } of told) out.push(`${Math.round(at)} ms ${node}: ${eventText(event)}`);
    if (verb === 'table') out.push(...table(world));
  }
  return `${out.join('\n')}\n`;
}

describe('GossipFailureDetector transcript', () => {
  const files = readdirSync(DIR).filter((f) => f.endsWith('.txt'));

  it.each(files)('%s', (file) => {
    const path = join(DIR, file);
    const text = readFileSync(path, 'utf8');
    const now = replay(text);
    if (process.env['UPDATE'] === '1') writeFileSync(path, now);
    else expect(now).toBe(text);
  });

  it('has a story for each way to go', () => {
    expect(files).toEqual([
      'join.txt',
      'kill.txt',
      'leave.txt',
      'one-way.txt',
      'partition.txt',
      'refute.txt',
      'stall.txt',
    ]);
  });
});
