/** Names of the output formats. */
import { SqlccError } from '../../base/index.ts';

export const FORMATS = ['table', 'wide', 'json', 'jsonl', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** `text` if it is one of `allowed`; throws with all of them. */
export function parseFormat(text: string, allowed: readonly string[]): string {
  if (allowed.includes(text)) return text;
  throw new SqlccError('invalid_argument', `-o takes ${allowed.join(', ')}, not "${text}"`, {
    hint: 'see --help',
  });
}
