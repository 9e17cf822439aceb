export { AbortLink } from './abort-link.ts';
export type { AdmissionLimits } from './admission.ts';
export type { Answer, Call, Handler, Handlers } from './call.ts';
export type { CallAnswer, CallRequest } from './call-stream.ts';
export { CallStream } from './call-stream.ts';
export type { Authenticate } from './caller.ts';
export type { Deadline } from './deadlines.ts';
export { Deadlines } from './deadlines.ts';
export type { Frame } from './frame.ts';
export { encodeFrames, FrameReader, writeFrame } from './frame.ts';
export type { H2ServerOptions } from './h2-server.ts';
export { H2Server } from './h2-server.ts';
export { HOSTS } from './host-memory.ts';
export type { HttpAnswer, HttpClientOptions, HttpRequest } from './http-client.ts';
export { HttpClient } from './http-client.ts';
export type { OutwardAddresses, OutwardHost, Resolve } from './outward-address.ts';
export { outwardAddresses } from './outward-address.ts';
export type { OutwardAnswer, OutwardPost } from './outward-post.ts';
export { postOutward } from './outward-post.ts';
export type { PeerPurpose, TransferHeader } from './peer-hello.ts';
export type {
  ClockWord,
  PeerAddress,
  PeerLinkStatus,
  PeerTransportListener,
  PeerTransportOptions,
} from './peer-transport.ts';
export { PeerTransport } from './peer-transport.ts';
export type { PlainAnswer, PlainQuestion, PlainServerOptions } from './plain-server.ts';
export { PlainServer } from './plain-server.ts';
export type { Denied, RouterAnswer, RouterOptions, RouterRequest } from './router.ts';
export { Router } from './router.ts';
export type { ClientTls, ServerTls, ShownAuthority } from './tls.ts';
export { readServerTls, showAuthorities } from './tls.ts';
