/**
 * What a banner says, for texts: they have room downwards and no keys, so all of it stands, each reason in a
 * line of its own, and nothing of it is cut.
 */
import { plural } from '../../src/base/index.ts';
import { clean } from '../format/width.ts';
import { clockTime } from '../format/words.ts';
import { asideWords } from '../lines/aside.ts';
import { configWords, waitingBanner } from '../lines/head.ts';
import { lostBanner } from '../lines/lost.ts';
import type { View } from '../lines/view.ts';
import { shown, viewGroups, viewsDisagree } from '../model/selectors.ts';
import { type Line, lineWidth, span, wrapWords } from '../theme/tokens.ts';

type Status = NonNullable<ReturnType<typeof shown>['status']>;

/** The sign and name of what is said, and below each other what there is of it. */
function list(head: string, parts: readonly string[], cells: number): readonly Line[] {
  const indent = lineWidth([span(head)]);
  const lead = (i: number): Line => [span(i === 0 ? head : ' '.repeat(indent))];
  return parts.flatMap((part, i) => wrapWords([...lead(i), span(part)], cells, indent));
}

function healthLines({ cluster, nodes, config }: Status, { symbols }: View, cells: number): readonly Line[] {
  const { health, reasons, engine } = cluster;
  if (health === 'healthy') {
    const facts = [plural(nodes.length, 'node'), `engine ${clean(engine)}`, `config v${config.version}`];
    return list(` ${symbols.pass} healthy ${symbols.dot} `, [facts.join(` ${symbols.dot} `)], cells);
  }
  const sign = health === 'critical' ? '!!' : '! ';
  return list(` ${sign} ${health}: `, reasons.length === 0 ? ['no reason given'] : reasons.map(clean), cells);
}

function disagreeLines(view: View, cells: number): readonly Line[] {
  const picture = shown(view.model);
  if (!viewsDisagree(picture)) return [];
  const told = viewGroups(picture).map(
    ({ leader, term, nodes }) => `${nodes.map(clean).join(' ')}: ${clean(leader)} t${term}`,
  );
  return list(' !! VIEWS DISAGREE: ', told, cells);
}

/** What goes on, and ends by itself or by somebody. */
function underWay(status: Status, view: View): readonly string[] {
  const { pause, config, operation } = status;
  const why = pause == null || pause.reason === '' ? '' : `: ${clean(pause.reason)}`;
  const { text } = view.model.filter;
  return [
    ...(pause == null
      ? []
      : [`|| paused by ${clean(pause.owner)} until ${clockTime(Date.parse(pause.expires))}${why}`]),
    ...(config.tentative == null ? [] : [`${configWords(config)} unless it is kept`]),
    ...(operation == null ? [] : [`operation ${clean(operation)} runs`]),
    ...asideWords(view),
    ...(text === '' ? [] : [`only what matches ${clean(text)}`]),
  ];
}

/** In the order of the banner: connection loss first, then nodes that do not agree, then health. */
export function saidLines(view: View, cells: number): readonly Line[] {
  const { status } = shown(view.model);
  const lost = lostBanner(view);
  const lostLines = lost === null ? [] : wrapWords(lost, cells, 1);
  if (status === null) return lost === null ? wrapWords(waitingBanner(view), cells, 1) : lostLines;
  return [
    ...lostLines,
    ...disagreeLines(view, cells),
    ...healthLines(status, view, cells),
    ...list(' ', underWay(status, view), cells),
  ];
}
