/** A demo forms on a machine that does much else: what is not known to have happened is done again where it may be. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { DemoCluster } from '../../daemon/demo-cluster.ts';
import { program } from './harness.ts';
import { findTestPorts } from './ports.ts';

it('forms though it is not known whether the first token was made', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sqlcc-form-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [hook, lost] = [join(folder, 'hook.mjs'), join(folder, 'lost')];
  writeFileSync(
    hook,
    `import { existsSync, writeFileSync } from 'node:fs';
     if (process.argv[2] === 'token' && !existsSync('${lost}')) {
       writeFileSync('${lost}', '');
       process.stderr.write('error[outcome_unknown]: no leader\\n');
       process.exit(7);
     }`,
  );
  const basePort = await findTestPorts(2, 25_433);
  const started = ['--import', hook, ...program()];
  const cluster = await DemoCluster.start({ nodes: 2, dir: null, basePort, program: started });
  onTestFinished(async () => {
    await cluster.stop();
    cluster.remove();
  });
  expect(existsSync(lost)).toBe(true);
  expect((await cluster.client().status()).raft.voters).toEqual(['n1', 'n2']);
});
