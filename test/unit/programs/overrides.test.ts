/** What package.json overrides because of advisories is what is installed, everywhere in the tree, and is told. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');

function json(...path: readonly string[]) {
  return JSON.parse(readFileSync(join(ROOT, ...path), 'utf8')) as {
    readonly version: string;
    readonly overrides: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
}

const OVERRIDES = Object.values(json('package.json').overrides).flatMap((of) => Object.entries(of));

it.each(OVERRIDES)(
  '%s is installed as %s wherever it is, and the page on security names it',
  (name, version) => {
    const copies = globSync(`{node_modules,node_modules/*/node_modules}/${name}/package.json`, { cwd: ROOT });
    for (const copy of copies) expect(json(copy).version, copy).toBe(version);
    // one that nothing asks for any more needs no override
    expect(copies.length + Number(existsSync(join(ROOT, 'node_modules', name)))).toBeGreaterThan(0);
    expect(readFileSync(join(ROOT, 'docs', 'security.md'), 'utf8')).toContain(`\`${name}\``);
  },
);
