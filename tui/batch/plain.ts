/**
 * `top --plain`: for screen readers and paper. One picture, then a line a change: each
 * event as it comes, each loss and return of the connection. No cursor, no boxes. `q`
 * and Enter, or end of input, leave it.
 */
import { createInterface } from 'node:readline';
import { openFeed } from '../feed/open-feed.ts';
import { clean } from '../format/width.ts';
import { eventLineText } from '../lines/panes.ts';
import { initialModel, type Model } from '../model/model.ts';
import type { RunTop } from '../options.ts';
import { Session } from '../session.ts';
import { chooseLook } from '../theme/look.ts';
import { textOf } from '../theme/tokens.ts';
import { textPicture } from './text.ts';

/** What is new between two models, as sentences. Whoever wrote their words, no terminal obeys them. */
export function changesBetween(before: Model, after: Model): string[] {
  const out: string[] = [];
  if (before.connection.kind !== after.connection.kind) {
    if (after.connection.kind === 'lost') out.push(`connection lost: ${after.connection.error}`);
    if (after.connection.kind === 'live') {
      out.push(`connected, seen by ${after.picture.status?.cluster.read.node_id ?? '?'}`);
    }
  }
  const known = new Set(before.picture.events);
  for (const event of after.picture.events) {
    if (!known.has(event)) out.push(textOf(eventLineText(event, 1)).trimEnd());
  }
  const [was, is] = [before.picture.status?.cluster.health, after.picture.status?.cluster.health];
  if (is !== undefined && was !== is) {
    const reasons = after.picture.status?.cluster.reasons ?? [];
    out.push(`cluster is ${is}${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`);
  }
  return out.map(clean);
}

export async function runPlain(run: RunTop): Promise<number> {
  const { io, options } = run;
  const look = chooseLook({ ...options, ascii: true }, io.env);
  const say = (text: string) => void io.stderr.write(`${clean(text)}\n`);
  const feed = openFeed({ client: run.client, options, speed: 1, say });
  const { clusterName, contextName } = run;
  const refreshMs = options.refreshMs ?? 1000;
  const session = new Session(
    feed,
    initialModel({ clusterName, contextName, readOnly: true, refreshMs, now: feed.wall() }),
  );
  session.start();
  await session.ready;
  let shown = session.model;
  const width = Math.max(44, io.stdout.columns ?? 80);
  io.stdout.write(textPicture({ model: shown, symbols: look.symbols }, { cells: width }));
  session.subscribe(() => {
    for (const line of changesBetween(shown, session.model)) io.stdout.write(`${line}\n`);
    shown = session.model;
  });
  const input = createInterface({ input: io.stdin });
  for await (const line of input) if (line.trim() === 'q') break;
  input.close();
  session.stop();
  return 0;
}
