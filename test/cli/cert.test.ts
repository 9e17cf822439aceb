/** `cert issue` on the data folder of a real, stopped node. */
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlcc } from '../cluster/harness.ts';

let dir = '';
const data = (): string => join(dir, 'n1');

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-cert-'));
  const made = await sqlcc(
    [
      'cluster',
      'init',
      '--cluster-name',
      't',
      '--node-id',
      'n1',
      '--data-dir',
      data(),
      '--config',
      `${data()}.yaml`,
    ],
    { SQLCC_CONFIG: join(dir, 'config.yaml') },
  );
  expect(made.code).toBe(0);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('sqlcc cert issue', () => {
  it('signs a certificate that the cluster’s CA vouches for, with the role in its URI', async () => {
    const out = join(dir, 'anna');
    const args = ['--name', 'anna', '--role', 'operator', '--valid-for', '2d', '--out', out, '-o', 'json'];
    const ran = await sqlcc(['cert', 'issue', '--data-dir', data(), ...args]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const said = JSON.parse(ran.stdout) as {
      cluster: { id: string };
      expires: string;
      cert: string;
      key: string;
    };
    const certificate = new X509Certificate(readFileSync(said.cert));
    const ca = new X509Certificate(readFileSync(join(out, 'ca.crt')));
    expect(certificate.verify(ca.publicKey)).toBe(true);
    expect(certificate.subjectAltName).toBe(`URI:sqlcc://${said.cluster.id}/operator/anna`);
    expect(Date.parse(said.expires) - Date.now()).toBeLessThanOrEqual(2 * 86_400_000);
    expect(statSync(said.key).mode & 0o777).toBe(0o600);

    const again = await sqlcc(['cert', 'issue', '--data-dir', data(), ...args]);
    expect(again.code).toBe(9);
    expect(again.stderr).toContain('exists');
  });

  it('says what is wrong with a folder that holds no node', async () => {
    const ran = await sqlcc(['cert', 'issue', '--data-dir', join(dir, 'nothing'), '--out', join(dir, 'x')]);
    expect(ran.code).toBe(6);
    expect(ran.stderr).toContain('holds no node');
  });
});
