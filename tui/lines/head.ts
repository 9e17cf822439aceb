/** The line above everything and the banner under it: whose view this is, how old, and what is wrong. */
import type { StatusResponse } from '../feed/wire.ts';
import { clean } from '../format/width.ts';
import { age, clockTime, count, plural } from '../format/words.ts';
import type { Layout } from '../layout.ts';
import { isStale, pictureAge, quorumFacts, shown } from '../model/selectors.ts';
import { fitLine, type Line, span, spread } from '../theme/tokens.ts';
import type { View } from './view.ts';

function mode(view: View): Line {
  const { connection, frozen } = view.model;
  if (connection.kind === 'lost') return [span(` ${view.symbols.dead} LOST `, 'lost')];
  if (frozen !== null) return [span(` ${view.symbols.frozen} FROZEN `, 'frozen')];
  if (connection.kind === 'connecting') return [span(`${view.symbols.left} CONNECTING`, 'suspect')];
  return isStale(view.model)
    ? [span(`~ STALE ${age(pictureAge(view.model))}`, 'suspect')]
    : [span(`${view.symbols.follower} LIVE`, 'live')];
}

function leaderWord(view: View): Line {
  const { status, leaderlessSince } = shown(view.model);
  if (status === null) return [];
  const leader = status.raft.leader_id;
  if (leader !== null) return [span(`${view.symbols.leader} ${clean(leader)}`, 'leader')];
  const since =
    leaderlessSince === null ? '' : ` ${((view.model.now - leaderlessSince) / 1000).toFixed(1)} s`;
  return [span(`${view.symbols.candidate} NO LEADER${since}`, 'critical')];
}

function quorumWord(view: View, short: boolean): Line {
  const { status } = shown(view.model);
  if (status === null) return [];
  const facts = quorumFacts(status);
  const text = short
    ? `q${facts.up}/${facts.voters}`
    : `quorum ${facts.up}/${facts.voters} ${facts.spare < 0 ? 'LOST' : 'OK'}`;
  return [span(text, facts.spare < 0 ? 'critical' : facts.spare === 0 ? 'warning' : 'ok')];
}

export function header(view: View, layout: Layout): Line {
  const { model, symbols } = view;
  const { status } = shown(model);
  const name = clean(status?.cluster.name ?? model.clusterName);
  const gap = span('  ');
  const via = status === null ? '' : `via ${clean(status.cluster.read.node_id)}`;
  const time = clockTime(model.now);
  if (layout.tier === 'tiny') {
    const term = status === null ? '' : ` t${status.raft.term} `;
    return spread([...leaderWord(view), span(term), ...quorumWord(view, true)], mode(view), layout.columns);
  }
  if (layout.tier === 'small') {
    const term = status === null ? '' : ` t${status.raft.term}`;
    const left = [
      span(` ${name} `, 'title'),
      gap,
      ...leaderWord(view),
      span(term),
      gap,
      ...quorumWord(view, true),
    ];
    return spread(left, [span(`${via} `, 'muted'), ...mode(view), span(' ')], layout.columns);
  }
  const full = layout.tier === 'full';
  const named = model.contextName === name ? name : `${name} (${clean(model.contextName)})`;
  const crumb = full ? ` sqlcc top ${symbols.crumb} ${named}` : ` ${name} ${symbols.crumb} Topology`;
  const numbers =
    status === null
      ? ''
      : full
        ? `term ${status.raft.term}  commit ${count(status.raft.commit_index)}`
        : `t${status.raft.term}`;
  const left = [
    span(crumb, 'title'),
    span('   '),
    ...leaderWord(view),
    gap,
    span(numbers),
    gap,
    ...quorumWord(view, !full),
  ];
  const every = full ? ` ${symbols.dot} ${age(model.refreshMs)}` : '';
  const right = [span(`${via}${every} ${symbols.dot} ${time} `, 'muted'), ...mode(view), span(' ')];
  return spread(left, right, layout.columns);
}

function lostBanner(view: View): Line | null {
  const { connection, now, observer } = view.model;
  if (connection.kind !== 'lost') return null;
  const asked = observer === null ? 'trying others' : `asking ${clean(observer)} alone`;
  const { statusAt } = shown(view.model);
  const { dead, dot } = view.symbols;
  const ago = age(now - connection.since);
  return [
    span(` ${dead} LOST ${clean(connection.via)} ${ago} `, 'lost'),
    span(` ${clean(connection.error)} ${dot} ${asked}, attempt ${connection.attempts} `, 'warning'),
    span(`${dot} picture of ${clockTime(statusAt)}, ${age(now - statusAt)} old `),
  ];
}

function stateBanner(view: View): Line {
  const { symbols } = view;
  const { status } = shown(view.model);
  if (view.model.frozen !== null) {
    const at = clockTime(view.model.frozen.statusAt);
    return [span(` ${symbols.frozen} the picture stands at ${at}; Space returns to live`, 'suspect')];
  }
  if (status === null) {
    const error = view.model.connection.kind === 'connecting' ? view.model.connection.error : null;
    return error === null
      ? [span(' asking the cluster…', 'muted')]
      : [span(` ${symbols.dead} no answer yet: ${clean(error)}`, 'warning')];
  }
  const { health, reasons } = status.cluster;
  if (status.pause != null && health !== 'critical') {
    const { owner, reason, expires } = status.pause;
    const until = clockTime(Date.parse(expires));
    const why = reason === '' ? '' : `: ${clean(reason)}`;
    const ailing =
      health === 'healthy' ? '' : ` ${symbols.dot} ${reasons.map(clean).join(` ${symbols.dot} `)}`;
    return [span(' || paused', 'warning'), span(` by ${clean(owner)} until ${until}${why}${ailing}`)];
  }
  if (health === 'healthy') {
    const nodes = plural(status.nodes.length, 'node');
    const parts = ['', nodes, `engine ${clean(status.cluster.engine)}`, configWords(status.config)];
    const facts = parts.join(` ${symbols.dot} `);
    return [span(` ${symbols.pass} healthy`, 'ok'), span(facts, 'muted')];
  }
  const token = health === 'critical' ? 'critical' : 'warning';
  const sign = health === 'critical' ? '!!' : '! ';
  const trial = status.config.tentative == null ? [] : [configWords(status.config)];
  const why = [...reasons.map(clean), ...trial].join(` ${symbols.dot} `);
  return [span(` ${sign} ${health}: `, token), span(why)];
}

/** A configuration on trial says what comes back and when. */
function configWords({ version, tentative }: StatusResponse['config']): string {
  if (tentative == null) return `config v${version}`;
  const until = clockTime(Date.parse(tentative.expires));
  return `config v${version} on trial: v${tentative.previous} again at ${until} unless confirmed`;
}

/** The second line: connection loss before everything, then a frozen picture, then health. */
export function banner(view: View, layout: Layout): Line {
  const { model } = view;
  const running = shown(model).status?.operation ?? null;
  const right: Line = [
    ...(model.readOnly ? [span('READ-ONLY ', 'frozen'), span(' ')] : []),
    ...(running === null ? [] : [span(`operation ${clean(running)} runs `, 'candidate')]),
    span(model.filter.text === '' ? '' : `/${clean(model.filter.text)} `, 'key'),
  ];
  const left = lostBanner(view) ?? stateBanner(view);
  return right.every((s) => s.text === '')
    ? fitLine(left, layout.columns)
    : spread(left, right, layout.columns);
}
