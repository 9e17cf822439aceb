/** A real server with real certificates and small handlers, for whoever talks to a node. */
import type { Identity } from '../../../src/auth/index.ts';
import { allows, parseToken } from '../../../src/auth/index.ts';
import { identityOf } from '../../../src/pki/index.ts';
import {
  H2Server,
  type H2ServerOptions,
  type Handlers,
  Router,
  type RouterOptions,
  readServerTls,
} from '../../../src/rpc/index.ts';
import { CLUSTER_ID, type NodeFolders } from './node-folders.ts';

/** A secret of 43 characters whose token the fixture takes for a viewer. */
export const VIEWER_TOKEN = `sqlcc1.view.${'v'.repeat(43)}`;

export interface TestApi {
  readonly server: H2Server;
  readonly endpoint: string;
  readonly bugs: unknown[];
}

export async function startApi(
  folders: NodeFolders,
  handlers: Handlers,
  options: Partial<H2ServerOptions> & { only?: RouterOptions['only'] } = {},
): Promise<TestApi> {
  const pkiDir = await folders.node('n1');
  const bugs: unknown[] = [];
  const { only, ...rest } = options;
  const router = new Router({
    handlers,
    authorize: (identity, scope) => allows(identity.role, scope),
    onBug: (error) => bugs.push(error),
    ...(only === undefined ? {} : { only }),
  });
  const server = new H2Server({
    tls: readServerTls(pkiDir, CLUSTER_ID),
    host: '127.0.0.1',
    port: 0,
    router,
    authenticate: async (certificate, bearer): Promise<Identity | null> => {
      if (certificate !== null) {
        const identity = identityOf(certificate, CLUSTER_ID);
        return 'refused' in identity ? null : identity;
      }
      const parsed = parseToken(bearer ?? '');
      if (!parsed.ok || bearer !== VIEWER_TOKEN) return null;
      return { kind: 'token', role: 'viewer', id: parsed.token.id, serial: null };
    },
    ...rest,
  });
  await server.start();
  return { server, endpoint: `127.0.0.1:${server.port}`, bugs };
}
