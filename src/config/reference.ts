/**
 * The schema as documentation: a Markdown table of all keys, and a commented sample that loads. They can't
 * drift.
 */
import type { KeyEntry } from './keys.ts';
import { KEY_LIST } from './keys.ts';

function shownDefault({ fallback, info }: KeyEntry): string {
  if (fallback === undefined) return '';
  if (info.sample !== undefined && typeof fallback === 'number') return info.sample;
  return typeof fallback === 'string' ? fallback || '""' : JSON.stringify(fallback);
}

function effectText({ info }: KeyEntry): string {
  const effects = { live: 'at once', restart: 'at restart', forbidden: 'never' } as const;
  return effects[info.effect];
}

/** All keys as a Markdown table. */
export function configReference(): string {
  const rows = KEY_LIST.map((entry) => {
    const { path, info } = entry;
    const scope = info.local === true ? 'node' : 'cluster';
    const fallback = shownDefault(entry);
    const code = fallback === '' ? '' : `\`${fallback}\``;
    return `| \`${path}\` | ${code} | ${info.unit ?? ''} | ${scope} | ${effectText(entry)} | ${info.doc} |`;
  });
  return [
    '| key | default | unit | belongs to | a change takes effect | meaning |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** A commented file: what must be given is given, everything else stands at its default. */
export function sampleConfig(): string {
  const lines: string[] = [];
  let open: readonly string[] = [];
  for (const entry of KEY_LIST) {
    const steps = entry.path.split('.');
    const parents = steps.slice(0, -1);
    const common = parents.findIndex((step, n) => open[n] !== step);
    const fresh = common < 0 ? parents.length : common;
    const optional = entry.fallback === undefined && entry.info.sample === undefined;
    for (let n = fresh; n < parents.length; n++) {
      const off = steps[0] === 'metrics' || steps[0] === 'notifiers';
      lines.push(`${off ? '# ' : ''}${'  '.repeat(n)}${parents[n]}:`);
    }
    open = parents;
    const indent = '  '.repeat(parents.length);
    const { info, fallback } = entry;
    const value = info.sample ?? shownDefault(entry);
    lines.push(`${indent}# ${info.doc}${info.unit === undefined ? '' : ` (${info.unit})`}`);
    const commented = optional || (fallback === undefined && info.effect !== 'forbidden');
    lines.push(`${indent}${commented ? '# ' : ''}${steps.at(-1)}:${value === '' ? '' : ` ${value}`}`);
  }
  return `${lines.join('\n')}\n`;
}
