/** That the list of kinds of files is whole: of all names that the product writes down. A real folder: node-rot.test.ts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../tidy/source.ts';
import { KINDS, kindOf } from './kinds.ts';

const NAME =
  /['"`/]([a-z][a-z0-9.-]*\.(?:json|jsonl|crt|key|pem|db|sums|wal|snap|tmp|part|broken|lock|bin))['"`]/g;
const FOLDERS = ['', 'pki/', 'wal/', 'engine/', 'snapshots/'];
/** Files that the product writes or reads at other places. */
const ELSEWHERE = new Set([
  ...['admin.crt', 'admin.key', 'endpoints.json'], // of a person
  'demo.json', // of a demo cluster, beside its nodes' folders
  'package.json',
  'openapi.json', // the answer of a route
  'state.db', // a link to the state
]);

describe('KINDS', () => {
  it('has each name of a file that the product knows by heart', () => {
    const written = ['src', 'daemon'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
        // what is in a support bundle is no file of a folder
        .filter(({ name, parentPath }) => name.endsWith('.ts') && !parentPath.endsWith('daemon/support'))
        .map(({ name, parentPath }) => join(parentPath, name)),
    );
    const named = new Map<string, string>();
    for (const path of written)
      for (const [, name] of readFileSync(path, 'utf8').matchAll(NAME)) named.set(name as string, path);
    expect(named.size).toBeGreaterThan(20);
    const unknown = [...named].filter(([name]) => !FOLDERS.some((folder) => kindOf(`${folder}${name}`)));
    expect(unknown.filter(([name]) => !ELSEWHERE.has(name))).toEqual([]);
  });

  it('names tests that are there, and knows no kind twice', () => {
    expect(KINDS.filter(({ triedIn }) => !existsSync(join(ROOT, triedIn)))).toEqual([]);
    expect(new Set(KINDS.map(({ name }) => name)).size).toBe(KINDS.length);
    expect(kindOf('pki/notes.txt')).toBeNull();
  });
});
