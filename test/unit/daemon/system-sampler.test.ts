import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { notLinux, skipVisibly } from '../../lab/skip.ts';

const MODULE = join(import.meta.dirname, '..', '..', '..', 'daemon', 'system-sampler.ts');

/** Samples once, then with every descriptor in use. */
const SCRIPT = `
  import { openSync } from 'node:fs';
  import { SystemSampler } from ${JSON.stringify(MODULE)};
  const sampler = new SystemSampler('/');
  const before = sampler.sample();
  let code = null;
  while (code === null) {
    try { openSync('/dev/null', 'r'); } catch (error) { code = error.code; }
  }
  const after = sampler.sample();
  sampler.stop();
  console.log(JSON.stringify([code, before.rssBytes > 0, after.rssBytes === before.rssBytes, after.capacity > 0]));
`;

const skip = skipVisibly('samples without a descriptor left', notLinux());

describe('SystemSampler', () => {
  it.skipIf(skip)('sample goes on without a descriptor left', () => {
    const command = `ulimit -n 128; exec "$0" --input-type=module -e "$1"`;
    const run = spawnSync('sh', ['-c', command, process.execPath, SCRIPT], { encoding: 'utf8' });
    expect(run.stderr).toBe('');
    expect(JSON.parse(run.stdout)).toEqual(['EMFILE', true, true, true]);
  });
});
