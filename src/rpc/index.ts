export type { Answer, Call, Handler, Handlers } from './call.ts';
export type { Frame } from './frame.ts';
export { encodeFrames, FrameReader, writeFrame } from './frame.ts';
export type { PeerPurpose, TransferHeader } from './peer-hello.ts';
export type {
  PeerAddress,
  PeerLinkStatus,
  PeerTransportListener,
  PeerTransportOptions,
} from './peer-transport.ts';
export { PeerTransport } from './peer-transport.ts';
export type { ClientTls, ServerTls, ShownAuthority } from './tls.ts';
export { readServerTls, showAuthority } from './tls.ts';
