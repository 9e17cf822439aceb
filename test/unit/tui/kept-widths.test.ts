import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keptWidths } from '../../../scripts/kept-widths.ts';
import { Graphemes, NARROW } from '../../../tui/format/segmenter.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

interface Output {
  write(x: number, y: number, text: string, options: { transformers: readonly unknown[] }): void;
  get(): { readonly output: string };
}
interface Bundle {
  readonly stringWidth: (text: unknown, options?: object) => number;
  readonly Output: new (size: { width: number; height: number }) => Output;
}

let folder: string;
let kept: Bundle;
let shipped: Bundle;

async function bundled(name: string, plugins: Plugin[], root = ROOT): Promise<string> {
  const outfile = join(folder, `${name}.mjs`);
  const contents = `export { default as stringWidth } from 'string-width';
    export { default as Output } from '${root}/node_modules/ink/build/output.js';
    export { default as wrapAnsi } from 'wrap-ansi';
    export { default as sliceAnsi } from 'slice-ansi';
    export { default as Yoga } from 'yoga-layout';
    export * from '${root}/node_modules/ink/build/line-update.js';`;
  const stdin = { contents, resolveDir: root };
  await build({ stdin, outfile, plugins, bundle: true, format: 'esm', platform: 'node', logLevel: 'silent' });
  return outfile;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sqlcc-widths-'));
  kept = (await import(await bundled('kept', [keptWidths]))) as Bundle;
  shipped = (await import(await bundled('shipped', []))) as Bundle;
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A picture of one text behind another, as each bundle draws it. */
function drawn({ Output }: Bundle, texts: readonly string[]): string {
  const output = new Output({ width: 30, height: texts.length + 1 });
  for (const [y, text] of texts.entries()) output.write(y % 5, y, text, { transformers: [] });
  return output.get().output;
}

const parts = fc.constantFrom(
  'n1',
  '节',
  '★',
  '│',
  'e\u0301',
  '🚀',
  '\x1b[31m',
  '\x1b[1;7m',
  '\x1b[0m',
  ' ',
  '한',
);
const texts = fc.array(
  fc.array(parts, { minLength: 1, maxLength: 12 }).map((p) => p.join('')),
  {
    ...{ minLength: 1, maxLength: 6 },
  },
);

describe('Graphemes', () => {
  const real = new Intl.Segmenter('en', { granularity: 'grapheme' });
  const cuts = (text: string, by: Pick<Graphemes, 'segment'>) =>
    [...by.segment(text)].map(({ segment, index }) => [segment, index]);

  it('cut texts where the language does', () => {
    const letter = fc.oneof(
      parts,
      fc.constantFrom('\r', '\n', '\r\n', '\t', '\u200d', '\ufe0f', '🇩', '©', '\u0600'),
    );
    fc.assert(
      fc.property(fc.array(letter, { maxLength: 8 }), (letters) => {
        const text = letters.join('');
        expect(cuts(text, new Graphemes())).toEqual(cuts(text, real));
      }),
      { numRuns: 1000 },
    );
  });

  it('NARROW are letters by themselves, beside any other, in one cell each', () => {
    const one = new RegExp(`^[${NARROW}]$`);
    const narrow = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter((c) =>
      one.test(c),
    );
    expect(narrow.length).toBeGreaterThan(1000);
    expect(narrow.filter((c) => shipped.stringWidth(c) !== 1)).toEqual([]);
    for (const text of [
      narrow.join(''),
      narrow.flatMap((c) => [c, c]).join(''),
      narrow.toReversed().join(''),
    ])
      expect(cuts(text, real).length).toBe(text.length);
    expect(shipped.stringWidth(narrow.join(''))).toBe(narrow.length);
  });
});

describe('keptWidths', () => {
  it('pictures and widths are those of the packages as shipped, the first time and again', () => {
    fc.assert(
      fc.property(texts, (lines) => {
        const want = drawn(shipped, lines);
        expect(drawn(kept, lines)).toBe(want);
        expect(drawn(kept, lines), 'from what was kept').toBe(want);
        for (const line of lines) {
          for (const options of [undefined, {}, { countAnsiEscapeCodes: true }, undefined])
            expect(kept.stringWidth(line, options)).toBe(shipped.stringWidth(line, options));
        }
      }),
    );
    expect(kept.stringWidth(undefined)).toBe(0);
  });

  it('more texts than are kept are forgotten, not wrong', () => {
    const many = Array.from({ length: 9000 }, (_, i) => `│${'x'.repeat(i % 40)}${i}`);
    for (const round of [1, 2])
      for (const text of many) expect(kept.stringWidth(text), `round ${round}`).toBe(text.length);
    for (let at = 0; at < 3000; at += 50) {
      const lines = many.slice(at, at + 50).map((t) => t.slice(0, 20));
      expect(drawn(kept, lines)).toBe(drawn(shipped, lines));
    }
  });

  it('another version of a package stops the build and says where', async () => {
    const other = join(folder, 'other');
    for (const [file, text] of [
      ['string-width/index.js', 'export default function widthOf(text) { return text.length; }'],
      ['ink/build/output.js', 'export default class Output { caches = new OutputCaches(); }'],
      ['ink/build/line-update.js', 'export const lineUpdate = 1;'],
      ['wrap-ansi/index.js', 'export default 1;'],
      ['slice-ansi/index.js', 'export default 1;'],
      ['yoga-layout/index.js', 'export default 1;'],
    ] as const) {
      const path = join(other, 'node_modules', file);
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, text);
    }
    await expect(bundled('other', [keptWidths], other)).rejects.toThrow(
      /string-width\/index\.js has no single "export default function stringWidth\("/,
    );
    const nothing = { contents: 'export {}', resolveDir: ROOT };
    await expect(
      build({ stdin: nothing, write: false, bundle: true, plugins: [keptWidths], logLevel: 'silent' }),
    ).rejects.toThrow(/not bundled: .*string-width/);
  });
});
