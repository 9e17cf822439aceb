/** A person's certificate that ends: on record by whoever saw or signed it, an alert before, quiet once renewed. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createCsr } from '../../src/pki/index.ts';
import { followerOf, sqlcc, sqlccOn, startCluster, until } from '../cluster/harness.ts';
import { HttpCaller } from '../cluster/http-caller.ts';
import { Signer } from './credentials.ts';

const LIFE_MS = 60_000;

it('a person’s certificate is on record, alarms before its end, and is quiet when renewed', async () => {
  const began = performance.now();
  const cluster = await startCluster(3);
  // what is looked at before its end is near must be there by then, however slow this machine is
  const lifeMs = Math.max(LIFE_MS, Math.ceil(4 * (performance.now() - began)));
  const client = cluster.client();
  const issued = Date.now();
  const anna = await Signer.of(cluster).issue({ role: 'operator', id: 'anna', validForMs: lifeMs });
  await client.people.set({ name: 'anna', role: 'operator', mode: 'add' });

  // a follower is shown one, and another one is only signed, on the disk of a voter
  const follower = await followerOf(cluster);
  const caller = new HttpCaller(cluster, anna);
  expect((await caller.ask(follower, 'GET', '/v1/nodes')).status).toBe(200);
  const dir = cluster.node(follower).dataDir;
  const out = join(cluster.dir, 'bert');
  const signed = await sqlcc(['cert', 'issue', '--data-dir', dir, '--name', 'bert', '--out', out]);
  expect(signed.code, signed.stderr).toBe(0);
  const known = async () => {
    const { certificates } = await client.people.certificates({ node: cluster.nodes[0]?.nodeId ?? '' });
    return ['anna', 'bert'].every((name) => certificates.some((c) => c.name === name));
  };
  await until('every node knows both from the record', known);
  const listed = JSON.parse((await sqlccOn(cluster, ['cert', 'list', '-o', 'json'])).stdout) as {
    certificates: readonly { name: string; where: readonly string[]; nodes: readonly string[] }[];
  };
  expect(listed.certificates.find((c) => c.name === 'bert')).toMatchObject({ where: ['record'], nodes: [] });
  expect(listed.certificates.find((c) => c.name === 'anna')).toMatchObject({ nodes: [follower] });
  const ofAnna = async () => (await client.people.users()).users.find((u) => u.name === 'anna')?.certificate;
  expect(await ofAnna()).toMatchObject({ ends_soon: false });

  const expiry = async (state: string) =>
    (await client.alerts()).alerts.filter((a) => a.rule === 'PersonCertExpiry' && a.state === state);
  await until('the alert', async () => (await expiry('firing')).length === 1, lifeMs + 5000);
  expect(Date.now() - issued).toBeLessThan(lifeMs);
  expect(Date.now() - issued).toBeGreaterThan(0.75 * lifeMs);
  expect(await ofAnna()).toMatchObject({ ends_soon: true });
  expect((await sqlccOn(cluster, ['user', 'list'])).stdout).toMatch(/anna .*\d !/);

  const { csrPem } = await createCsr('anna');
  const renewed = await caller.ask(follower, 'POST', '/v1/certificates/self', { body: { csr: csrPem } });
  expect(renewed.status).toBe(200);
  await until('it is over', async () => (await expiry('resolved')).length === 1);
  expect(await ofAnna()).toMatchObject({ serial: renewed.body['serial'], ends_soon: false });
  await caller.close();
}, 480_000);
