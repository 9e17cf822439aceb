/** What a node that joins does while the cluster can not take it yet. */
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { askToJoin } from '../../../daemon/join.ts';
import type { JoinRequest, JoinResponse } from '../../../src/api/index.ts';
import { SqlccError } from '../../../src/base/index.ts';
import { startApi } from '../rpc/api-fixture.ts';
import { NodeFolders } from '../rpc/node-folders.ts';

const REQUEST: JoinRequest = {
  ...{ token: 't', node_id: 'n2', instance_id: 'i', csr: 'c', host: '127.0.0.1', version: '0.1.0' },
  ...{ port: 5433, client_port: 5434, peer_port: 5435, metrics_port: 5436 },
};

const GIVEN: JoinResponse = {
  ...{ cluster_id: 'c-1', cluster_name: 't', suffrage: 'voter', certificate: 'x', ca_certificate: 'y' },
  ...{ ca_key: null, config_text: '', seeds: [], protocol: 1 },
};

/** A port at which nobody listens any more. */
async function nobody(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it('askToJoin asks the seed again when the leader that it names can not be reached', async () => {
  const folders = await NodeFolders.create();
  onTestFinished(() => folders.remove());
  const gone = { node_id: 'n9', host: '127.0.0.1', port: await nobody(), client_port: 5434 };
  let asked = 0;
  const { server, endpoint } = await startApi(folders, {
    join: async () => {
      if (asked++ === 0) throw new SqlccError('not_leader', 'n9 leads', { details: { leader: gone } });
      return { body: GIVEN };
    },
  });
  onTestFinished(() => server.stop(0));
  expect(await askToJoin(endpoint, folders.authority.certPem, REQUEST)).toMatchObject({ cluster_id: 'c-1' });
  expect(asked).toBe(2);
});

it('askToJoin asks again when no answer comes, and says what to do when none ever does', async () => {
  const folders = await NodeFolders.create();
  onTestFinished(() => folders.remove());
  let silent = 2;
  const { server, endpoint } = await startApi(folders, {
    join: async () => {
      if (silent-- > 0) return new Promise(() => {});
      return { body: GIVEN };
    },
  });
  onTestFinished(() => server.stop(0));
  const ask = (silenceMs: number) =>
    askToJoin(endpoint, folders.authority.certPem, REQUEST, { tryMs: 200, silenceMs });
  expect(await ask(60_000)).toMatchObject({ cluster_id: 'c-1' });
  silent = Number.POSITIVE_INFINITY;
  await expect(ask(0)).rejects.toMatchObject({
    code: expect.stringMatching(/^(deadline_exceeded|outcome_unknown)$/),
    hint: expect.stringContaining('run the same command again'),
  });
});
