/**
 * What is said, the same on every channel, as plain text of bounded length on one line each; and the escapes
 * of each channel. Values come from metrics, rule texts and people: none of them is trusted.
 */
import type { AlertSeverity, Notification, TemplateValues } from '../../src/alerts/index.ts';
import { fillTemplate } from '../../src/alerts/index.ts';
import type { MessageTemplates } from '../../src/config/index.ts';

/** Characters of one value; of the title of a message. */
const VALUE_LENGTH = 1000;
const TITLE_LENGTH = 200;

/** What ends lines, moves the cursor, or turns the direction of reading: nothing of it is a word. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/g;

/** On one line, well-formed, at most `max` characters. */
export function oneLine(text: string, max: number = VALUE_LENGTH): string {
  // what is cut away need not be cleaned: a megabyte costs as little as a word
  const line = text
    .slice(0, max * 4)
    .toWellFormed()
    .replace(UNSEEN, ' ')
    .trim();
  const cut = line.length > max || text.length > max * 4;
  return cut
    ? `${line
        .slice(0, max - 1)
        .toWellFormed()
        .replace(/\ufffd$/, '')}…`
    : line;
}

export function escapeHtml(text: string): string {
  const names: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (c) => names[c] as string);
}

/**
 * Slack reads `<…>` as links, mentions and calls of a whole channel; receivers of the same format read a
 * plain `@channel` too.
 */
export function escapeMrkdwn(text: string): string {
  const safe = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return safe.replace(/@(?=(channel|here|everyone|all|group)\b)/gi, '@\u200b');
}

/** RFC 3339 in UTC; a time out of range says so. */
export function isoTime(timestamp: number): string {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? 'at an unknown time' : date.toISOString();
}

const KIND: Readonly<Record<Notification['kind'], string>> = {
  firing: 'FIRING',
  acknowledged: 'ACKNOWLEDGED',
  resolved: 'RESOLVED',
};

/** `LeaderDown` or `NodeDown on n2`. */
function subjectOf({ rule, nodeId }: Notification): string {
  return nodeId === null ? oneLine(rule, 100) : `${oneLine(rule, 100)} on ${oneLine(nodeId, 100)}`;
}

/** `[FIRING] critical: LeaderDown (trial)`, at most 200 characters. */
export function titleOf(n: Notification): string {
  const title = `[${KIND[n.kind]}] ${n.severity}: ${subjectOf(n)} (${oneLine(n.clusterName, 100)})`;
  return oneLine(title, TITLE_LENGTH);
}

/** One sentence with what was measured. */
export function summaryOf(n: Notification): string {
  const who = n.by === null ? '' : ` by ${oneLine(n.by, 100)}`;
  const what = n.kind === 'firing' ? '' : ` ${n.kind}${who}`;
  return oneLine(`${subjectOf(n)}${what}: ${oneLine(n.value)}`);
}

function valuesOf(n: Notification): TemplateValues {
  return {
    ...{
      kind: KIND[n.kind],
      severity: n.severity,
      subject: subjectOf(n),
      node: oneLine(n.nodeId ?? 'cluster'),
    },
    ...{ rule: oneLine(n.rule), cluster: oneLine(n.clusterName), condition: oneLine(n.condition) },
    ...{ value: oneLine(n.value), incident: oneLine(n.key), by: oneLine(n.by ?? '') },
    ...{ since: isoTime(n.since), at: isoTime(n.at), title: titleOf(n), summary: summaryOf(n) },
  };
}

/** A title that does not say its kind has it in front, behind the first of an incident. */
function ownTitle(template: string, n: Notification, values: TemplateValues): string {
  const filled = oneLine(fillTemplate(template, values), TITLE_LENGTH);
  if (filled === '' || n.kind === 'firing' || SAYS_KIND.test(template)) return filled;
  return oneLine(`[${KIND[n.kind]}] ${filled}`, TITLE_LENGTH);
}

const SAYS_KIND = /\{\{\s*(kind|title)\s*\}\}/;

/**
 * Title and sentence, by templates of the operator's own where there are some; still to be escaped. What
 * comes out empty is none: receivers refuse a message without words.
 */
export function wordsOf(n: Notification, templates: MessageTemplates): { title: string; text: string } {
  const { title, text } = templates;
  const values = valuesOf(n);
  const own = {
    title: title === undefined ? '' : ownTitle(title, n, values),
    text: text === undefined ? '' : oneLine(fillTemplate(text, values)),
  };
  return { title: own.title || values.title, text: own.text || values.summary };
}

/** Name and value of everything that is known, in the order in which it is shown. */
export function factsOf(n: Notification): readonly (readonly [name: string, value: string])[] {
  return [
    ['Cluster', oneLine(n.clusterName)],
    ...(n.nodeId === null ? [] : [['Node', oneLine(n.nodeId)] as const]),
    ['Severity', n.severity],
    ['Condition', oneLine(n.condition)],
    ['Value', oneLine(n.value)],
    ['Since', isoTime(n.since)],
    ...(n.kind === 'firing'
      ? []
      : [[KIND[n.kind] === 'RESOLVED' ? 'Resolved' : 'Acknowledged', isoTime(n.at)] as const]),
    ...(n.by === null ? [] : [['By', oneLine(n.by)] as const]),
    ['Incident', oneLine(n.key)],
  ];
}

/** Colour of a message; resolved ones are green whatever they were. */
export function colourOf({ kind, severity }: Notification): string {
  const colours: Readonly<Record<AlertSeverity, string>> = {
    critical: '#b3261e',
    warning: '#b26a00',
    info: '#1a5fb4',
  };
  return kind === 'resolved' ? '#26762b' : colours[severity];
}
