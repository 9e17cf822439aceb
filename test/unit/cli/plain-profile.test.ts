import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatYaml, parseYaml } from '../../../src/cli/output/yaml.ts';
import { readPlainProfile } from '../../../src/cli/plain-profile.ts';

const CONTEXT = {
  endpoints: ['127.0.0.1:5433', 'db-2.example:5443'],
  ca: 'prod/ca.crt',
  cert: '/etc/sqlcc/admin.crt',
  key: 'prod/admin.key',
};

function byYaml(text: string): unknown {
  try {
    return parseYaml(text);
  } catch {
    return 'no YAML';
  }
}

const word = fc.constantFrom(
  'prod',
  'a',
  'eu-1',
  'True',
  'null',
  '12',
  '0x1',
  'a b',
  'yes',
  '~',
  'x:',
  '#c',
  '',
);
const value = fc.oneof(
  word,
  fc.constantFrom('a:1', '1:2', '[a]', '"q"', 'a: b', 'a #c', '-', '1e3', '/x/y', '\t'),
);
const line = fc
  .tuple(
    fc.constantFrom('', '  ', '    ', '      ', ' ', '        '),
    fc.constantFrom(
      'current',
      'contexts',
      'endpoints',
      'ca',
      'key',
      'token_file',
      'prod',
      'other',
      '-',
      '__proto__',
    ),
    value,
  )
  .map(([indent, key, text]) => {
    if (key === '-') return `${indent}- ${text}`;
    return text === '' ? `${indent}${key}:` : `${indent}${key}: ${text}`;
  });

describe('readPlainProfile', () => {
  it('readPlainProfile reads what is written by itself', () => {
    const profile = {
      current: 'prod',
      contexts: { prod: CONTEXT, token: { endpoints: ['a:1'], token_file: 't' } },
    };
    expect(readPlainProfile(formatYaml(profile))).toEqual(profile);
  });

  it('readPlainProfile reads a profile as YAML does, or leaves it to that', () => {
    const names = fc.constantFrom('prod', 'eu-1', 'a.b', 'db', 'stage', 'No', 'true', '12', 'x y');
    const files = fc.constantFrom('ca.crt', '/etc/x', 'b/c', 'd-e', 'f_g', '../x', 'null', 'a b', '5');
    const contexts = fc.record({
      endpoints: fc.array(fc.constantFrom('a:1', 'b:2', '127.0.0.1:5433', '[::1]:5'), {
        minLength: 1,
        maxLength: 2,
      }),
      ca: files,
    });
    const profiles = fc.record({ current: names, contexts: fc.dictionary(names, contexts, { maxKeys: 3 }) });
    let read = 0;
    fc.assert(
      fc.property(profiles, (profile) => {
        const text = formatYaml(profile);
        const plain = readPlainProfile(text);
        if (plain !== null) expect(plain).toEqual(byYaml(text));
        if (plain !== null) read++;
      }),
      { numRuns: 500 },
    );
    expect(read).toBeGreaterThan(10);
  });

  it('readPlainProfile reads no lines otherwise than YAML does', () => {
    const good = formatYaml({ current: 'prod', contexts: { prod: CONTEXT } })
      .trimEnd()
      .split('\n');
    const changed = fc
      .tuple(
        fc.array(fc.tuple(fc.nat({ max: good.length }), fc.nat({ max: 2 }), line), { maxLength: 3 }),
        fc.boolean(),
      )
      .map(([changes, isEnded]) => {
        const lines = [...good];
        for (const [at, taken, text] of changes) lines.splice(at, taken, text);
        return lines.join('\n') + (isEnded ? '\n' : '');
      });
    fc.assert(
      fc.property(changed, (text) => {
        const plain = readPlainProfile(text);
        if (plain !== null) expect(plain, text).toEqual(byYaml(text));
      }),
      { numRuns: 3000 },
    );
  });

  it.each(['', '# none\n', 'contexts: {}\n', 'current: a\n', 'contexts:\n', 'contexts:\n  a:\n'])(
    'readPlainProfile leaves %j to YAML',
    (text) => {
      expect(readPlainProfile(text)).toBeNull();
    },
  );
});
