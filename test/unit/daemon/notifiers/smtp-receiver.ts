/** The least mail server: plain text on loopback, one dialogue a connection, behaving as it is told. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came, with dots unstuffed. */
  readonly data: string;
}

export class SmtpReceiver {
  readonly mails: ReceivedMail[] = [];
  /** What it says at the end of a message; `reset` cuts the connection there, `silence` says nothing at all. */
  atEnd: string | 'reset' | 'silence' = '250 2.0.0 Ok: queued as 4711';
  /** What it says to a recipient. */
  toRecipient: (recipient: string) => string = () => '250 2.1.5 Ok';
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => this.#sockets.delete(socket));
      this.#serve(socket);
    });
  }

  static async start(): Promise<SmtpReceiver> {
    const receiver = new SmtpReceiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    if (this.#server.listening) await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    let from = '';
    let to: string[] = [];
    let data: string[] | null = null;
    let rest = '';
    const say = (line: string): boolean => socket.write(`${line}\r\n`);
    if (this.atEnd !== 'silence') say('220 stub ESMTP');
    const finish = (lines: readonly string[]): void => {
      const text = lines.map((line) => line.replace(/^\./, '')).join('\r\n');
      if (this.atEnd === 'reset') return void socket.resetAndDestroy();
      if (this.atEnd.startsWith('2')) this.mails.push({ from, to, data: text });
      say(this.atEnd);
    };
    const command = (line: string): void => {
      const argument = /<([^>]*)>/.exec(line)?.[1] ?? '';
      if (/^EHLO/i.test(line)) say('250-stub\r\n250 8BITMIME');
      else if (/^MAIL/i.test(line)) {
        [from, to] = [argument, []];
        say('250 2.1.0 Ok');
      } else if (/^RCPT/i.test(line)) {
        const word = this.toRecipient(argument);
        if (word.startsWith('2')) to.push(argument);
        say(word);
      } else if (/^DATA/i.test(line)) {
        data = [];
        say('354 go on');
      } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
      else say('502 what?');
    };
    socket.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('latin1')).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (data === null) command(line);
        else if (line !== '.') data.push(line);
        else {
          finish(data);
          data = null;
        }
      }
    });
  }
}

/** Headers of a mail, unfolded, names in lower case, and what follows them. */
export function readMail(data: string): { headers: Map<string, string[]>; body: string } {
  const end = data.indexOf('\r\n\r\n');
  const headers = new Map<string, string[]>();
  for (const line of data
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), decodeWords(line.slice(name.length + 1).trim())]);
  }
  return { headers, body: data.slice(end + 4) };
}

/** RFC 2047 words as text. */
function decodeWords(text: string): string {
  const joined = text.replace(/(=\?[^?]+\?[QB]\?[^?]*\?=)\s+(?==\?)/gi, '$1');
  return joined.replace(/=\?utf-8\?([QB])\?([^?]*)\?=/gi, (_all, kind: string, word: string) => {
    if (kind.toUpperCase() === 'B') return Buffer.from(word, 'base64').toString('utf8');
    return quotedPrintable(word.replaceAll('_', ' '));
  });
}

export function quotedPrintable(text: string): string {
  const bytes = text.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/gi, (_all, hex: string) => {
    return String.fromCharCode(Number.parseInt(hex, 16));
  });
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** The parts of a multipart body, decoded, by media type. */
export function partsOf(mail: string): Map<string, string> {
  const { headers, body } = readMail(mail);
  const boundary = /boundary="([^"]+)"/.exec(headers.get('content-type')?.[0] ?? '')?.[1];
  const parts = new Map<string, string>();
  for (const piece of body.split(`--${boundary}`).slice(1, -1)) {
    const part = readMail(piece.replace(/^\r\n/, ''));
    const type = part.headers.get('content-type')?.[0]?.split(';')[0] ?? '';
    const coding = part.headers.get('content-transfer-encoding')?.[0];
    const decode = (text: string): string => {
      if (coding === 'base64') return Buffer.from(text, 'base64').toString('utf8');
      return coding === 'quoted-printable' ? quotedPrintable(text) : text;
    };
    parts.set(type, decode(part.body));
  }
  return parts;
}
