/**
 * Ends sessions that send without end what belongs to no stream. nghttp2 and node count most frames of
 * a flood themselves; frames on a stream that was answered and closed are passed over uncounted,
 * because the other side may not know of it yet (RFC 9113 §5.1). What an honest one has on the way then
 * is bounded by the window of its session, so that whoever sends more between two looks, with no stream
 * open at either and none opened, is not.
 */
import type { ServerHttp2Session } from 'node:http2';
import { LIMITS } from '../base/index.ts';

interface Watched {
  /** Of the connection, TLS and all. */
  bytesRead(): number;
  bytesAtLook: number;
  openStreams: number;
  hadStream: boolean;
}

export class StrayBytes {
  readonly #sessions = new Map<ServerHttp2Session, Watched>();
  readonly #windowBytes: number;
  #timer: NodeJS.Timeout | null = null;

  /** `windowBytes`: the receive window of one session. */
  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes;
  }

  /** From now until the session's end; `bytesRead` is asked while the session lives. */
  watch(session: ServerHttp2Session, bytesRead: () => number): void {
    const watched = { bytesRead, bytesAtLook: bytesRead(), openStreams: 0, hadStream: false };
    this.#sessions.set(session, watched);
    session.on('stream', (stream) => {
      watched.openStreams++;
      watched.hadStream = true;
      stream.once('close', () => watched.openStreams--);
    });
    session.once('close', () => {
      this.#sessions.delete(session);
      if (this.#sessions.size > 0 || this.#timer === null) return;
      clearInterval(this.#timer);
      this.#timer = null;
    });
    this.#timer ??= setInterval(() => this.#look(), LIMITS.strayBytesCheckMs).unref();
  }

  #look(): void {
    for (const [session, watched] of this.#sessions) {
      if (session.destroyed) continue; // its 'close' comes, and its socket is no longer to be asked
      const bytes = watched.bytesRead();
      const isStray = bytes - watched.bytesAtLook > 2 * this.#windowBytes;
      if (isStray && !watched.hadStream) session.destroy();
      watched.bytesAtLook = bytes;
      watched.hadStream = watched.openStreams > 0;
    }
  }
}
