/** The package as a program of somebody else sees it: what it exports, with types, and README's example. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN, program } from '../cluster/harness.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Where the built package lies. */
const PACKAGE = dirname(dirname(MAIN));

let project = '';
beforeAll(() => {
  program(); // says what to do when nothing is built
  project = mkdtempSync(join(tmpdir(), 'sqlcc-user-'));
  mkdirSync(join(project, 'node_modules', '@types'), { recursive: true });
  symlinkSync(PACKAGE, join(project, 'node_modules', 'sqlcc'));
  symlinkSync(join(ROOT, 'node_modules', '@types', 'node'), join(project, 'node_modules', '@types', 'node'));
  writeFileSync(join(project, 'package.json'), '{"type": "module"}');
  const compilerOptions = {
    ...{ strict: true, noEmit: true, module: 'nodenext', target: 'es2024', types: ['node'] },
    ...{ lib: ['es2024', 'esnext.disposable'], skipLibCheck: true, exactOptionalPropertyTypes: true },
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['example.ts'] }));
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** What the compiler says of a program; nothing when it is content. */
function complaints(text: string): string {
  writeFileSync(join(project, 'example.ts'), text);
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  return spawnSync(tsc, ['-p', project, '--pretty', 'false'], { encoding: 'utf8' }).stdout;
}

function readmeExample(): string {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  return /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
}

describe('the package', () => {
  it('has declarations with which README’s example compiles', () => {
    const example = readmeExample();
    expect(example).toContain("import { SqlccClient } from 'sqlcc';");
    expect(complaints(`declare const ca: string, cert: string, key: string;\n${example}`)).toBe('');
  });

  it('has declarations that find mistakes: they are no any', () => {
    const wrong = `import { SqlccClient } from 'sqlcc';
      const client = new SqlccClient({ endpoints: ['a:1'], ca: '' });
      const status: number = await client.status();
      client.failOver();
      await client.sql([{ sql: 1 }]);`;
    const said = complaints(wrong);
    expect(said).toMatch(/example\.ts\(3,\d+\): error TS2322/);
    expect(said).toMatch(/example\.ts\(4,\d+\): error TS2339/);
    expect(said).toMatch(/example\.ts\(5,\d+\): error TS2322/);
  });

  it('exports the client and its error to plain programs', () => {
    const text = "import('sqlcc').then((all) => console.log(Object.keys(all).sort().join()))";
    const ran = spawnSync(process.execPath, ['-e', text], { cwd: project, encoding: 'utf8' });
    expect(ran.stdout.trim().split(',')).toEqual(expect.arrayContaining(['SqlccClient', 'SqlccError']));
  });
});
