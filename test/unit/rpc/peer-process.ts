/** A node's peer transport in a process of its own, to be killed. Argument: JSON of TestPeerOptions; prints its address. */
import { startPeer, type TestPeerOptions } from './peer-fixture.ts';

const { peers, ...options } = JSON.parse(process.argv[2] as string) as TestPeerOptions & {
  peers: { nodeId: string; address: string }[];
};
const peer = await startPeer(options);
peer.transport.setPeers(peers);
process.stdout.write(`${peer.address}\n`);
process.on('SIGTERM', () => void peer.transport.stop().then(() => process.exit(0)));
