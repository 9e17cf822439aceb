/**
 * Changes of keys as texts: what crosses between two threads and then waits in a ring
 * is copied once, takes a byte a character, and is read only when somebody watches.
 */
import type { LogIndex } from '../src/base/index.ts';
import type { KvChange } from '../src/state/index.ts';

export interface PackedChanges {
  /** JSON of the changes, oldest first. */
  readonly text: string;
  readonly count: number;
  /** Version of the newest. */
  readonly last: LogIndex;
}

/** A pack is what a reader decodes and a ring forgets at once: small beside either. */
const MAX_PACK_CHANGES = 256;
const MAX_PACK_CHARACTERS = 256 * 1024;

/** In order, nothing for none. */
export function packChanges(changes: readonly KvChange[]): PackedChanges[] {
  const packs: PackedChanges[] = [];
  let from = 0;
  let characters = 0;
  const close = (end: number): void => {
    const part = from === 0 && end === changes.length ? changes : changes.slice(from, end);
    const last = part.at(-1);
    if (last === undefined) return;
    packs.push({ text: JSON.stringify(part), count: part.length, last: last.version });
    from = end;
    characters = 0;
  };
  for (let n = 0; n < changes.length; n++) {
    characters += changes[n]?.value?.length ?? 0;
    if (n + 1 - from === MAX_PACK_CHANGES || characters >= MAX_PACK_CHARACTERS) close(n + 1);
  }
  close(changes.length);
  return packs;
}

export function unpackChanges({ text }: PackedChanges): readonly KvChange[] {
  return JSON.parse(text) as KvChange[];
}
