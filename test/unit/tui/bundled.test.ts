/** What only goes wrong once it is bundled: packages in CommonJS have no names of their own in a chunk. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { build, type Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { asNdjson, calm } from '../../tui/recording.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

let folder = '';
let outputs: Metafile['outputs'] = {};
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sqlcc-bundled-'));
  const built = await build({
    metafile: true,
    absWorkingDir: ROOT,
    entryPoints: { settings: 'tui/settings.ts', batch: 'tui/batch/batch.ts', top: 'tui/index.ts' },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', logLevel: 'silent' },
    ...{ jsx: 'automatic', external: ['react-devtools-core'] },
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
  outputs = built.metafile.outputs;
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the bundled program', () => {
  it('reads the themes and keys of a person', async () => {
    const settings: typeof import('../../../tui/settings.ts') = await import(join(folder, 'settings.mjs'));
    mkdirSync(join(folder, 'themes'));
    writeFileSync(join(folder, 'themes', 'mine.yaml'), 'tokens: {ok: blue}');
    writeFileSync(join(folder, 'keys.yaml'), 'failover: Z\n');
    expect((await settings.loadTheme('mine', folder)).ok).toBe('34');
    await settings.loadKeys(folder);
    writeFileSync(join(folder, 'keys.yaml'), 'no-such-command: Z\n');
    await expect(settings.loadKeys(folder)).rejects.toThrow('no-such-command');
  });

  it('writes a picture as YAML', async () => {
    const batch: typeof import('../../../tui/batch/batch.ts') = await import(join(folder, 'batch.mjs'));
    const replay = join(folder, 'calm.ndjson');
    writeFileSync(replay, asNdjson(calm()));
    const stdout = new PassThrough();
    const io = { stdin: process.stdin, stdout, stderr: new PassThrough(), env: {} } as unknown as Parameters<
      typeof batch.runOnce
    >[0]['io'];
    const options = { replay, format: 'yaml' as const };
    await batch.runOnce({ client: null, clusterName: 'c', contextName: 'c', io, options });
    expect(parse(String(stdout.read()))).toMatchObject({ schema: 'sqlcc.top/1', observer: 'n1' });
  });

  it('loads neither model, client, YAML nor Ink before the first sketch', () => {
    const loaded = new Set<string>();
    const load = (file: string): void => {
      if (loaded.has(file)) return;
      loaded.add(file);
      for (const { kind, path } of outputs[file]?.imports ?? [])
        if (kind === 'import-statement' && outputs[path] !== undefined) load(path);
    };
    load(Object.keys(outputs).find((file) => outputs[file]?.entryPoint === 'tui/index.ts') ?? '');
    const sources = [...loaded].flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}));
    expect(sources).toContain('tui/skeleton.ts');
    expect(sources.filter((s) => /node_modules|tui\/(model|feed|lines|batch)\/|session/.test(s))).toEqual([]);
  });

  // one that is only loaded, whatever names it has, may be inside
  it('loads by name only packages that stay outside of it', () => {
    const kept = /external: \[([^\]]*)\]/.exec(readFileSync(join(ROOT, 'scripts', 'build.mjs'), 'utf8'))?.[1];
    const outside = [...(kept ?? '').matchAll(/'([^']+)'/g)].map(([, name]) => name ?? '');
    const files = ['src', 'daemon', 'tui'].flatMap((room) =>
      readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.tsx?$/.test(file))
        .map((file) => join(room, file)),
    );
    const loaded = files.flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^(.*)\bawait import\('([^.'][^']*)'\)/gm)]
        .map(([, before = '', name = '']) => ({ file, name, isNamed: before.trim() !== '' }))
        .filter(({ name }) => !name.startsWith('node:'))
        .map((l) => ({ ...l, isOutside: outside.some((o) => l.name === o || l.name.startsWith(`${o}/`)) })),
    );
    expect(loaded.length).toBeGreaterThan(2);
    expect(loaded.filter((l) => l.isNamed && !l.isOutside)).toEqual([]);
  });
});
