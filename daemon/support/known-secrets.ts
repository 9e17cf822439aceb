/**
 * The secrets that a configuration refers to, as they are: wherever one of them stands in
 * what is packed, as in an error of a mail server that repeats what it was told, it is
 * replaced too. What this user may not read can't be known, and nobody else packs it.
 */
import { readFileSync } from 'node:fs';

const REFERENCES = /\b(file|env):([^\s"',}\]]+)/g;
/** A shorter text would be found in everything. */
const SHORTEST = 6;
const LONGEST = 64 * 1024;

function read(kind: string, name: string): string {
  if (kind === 'env') return process.env[name] ?? '';
  try {
    return readFileSync(name, 'utf8').trim();
  } catch {
    return '';
  }
}

/** A shorter path is a word that stands elsewhere too. */
const SHORTEST_PATH = 16;

/** An address is a secret by its parts as well: errors name its path alone, or the password. */
function partsOf(secret: string): string[] {
  if (!URL.canParse(secret)) return [secret];
  const { password, pathname, search } = new URL(secret);
  const paths = [pathname, `${pathname}${search}`].filter((path) => path.length >= SHORTEST_PATH);
  return [secret, password, decodeURIComponent(password), ...paths];
}

/** Of the references in `texts`, longest first. */
export function knownSecrets(texts: readonly string[]): string[] {
  const found = new Set<string>();
  for (const text of texts)
    for (const [, kind = '', name = ''] of text.matchAll(REFERENCES))
      for (const part of partsOf(read(kind, name)))
        if (part.length >= SHORTEST && part.length <= LONGEST) found.add(part);
  return [...found].sort((a, b) => b.length - a.length);
}
