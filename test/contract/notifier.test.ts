import { EmailNotifier } from '../../daemon/notifiers/email.ts';
import { PagerDutyNotifier } from '../../daemon/notifiers/pagerduty.ts';
import { SlackNotifier } from '../../daemon/notifiers/slack.ts';
import { WebhookNotifier } from '../../daemon/notifiers/webhook.ts';
import { partsOf, readMail, SmtpReceiver } from '../unit/daemon/notifiers/smtp-receiver.ts';
import { answer, HttpReceiver, type ReceivedRequest } from '../unit/rpc/http-receiver.ts';
import { type Heard, type Mood, type NotifierPupil, notifierContract } from './notifier.ts';

const SECRET = 'T0PS3CRET';
const CONTROL = /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** All texts in a JSON value. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : [];
}

function control(all: readonly string[]): string[] {
  const bad = all.filter((text) => CONTROL.test(text) || /[\r\n]/.test(text) || !text.isWellFormed());
  return bad.map((text) => `control characters in ${JSON.stringify(text.slice(0, 80))}`);
}

interface HttpKind {
  readonly channel: 'slack' | 'pagerduty' | 'webhook';
  readonly path: string;
  /** Where the secret stands: a part of the address, or of the body. */
  open(
    url: string,
    allowLoopback: boolean,
    reference: string | undefined,
  ): NotifierPupil['open'] extends (...args: never[]) => infer N ? N : never;
  hear(body: unknown, request: ReceivedRequest): Pick<Heard, 'mark' | 'incident' | 'complaints'>;
}

async function httpPupil(kind: HttpKind): Promise<NotifierPupil> {
  const receiver = await HttpReceiver.start();
  const said = (request: ReceivedRequest): string => `no: ${request.path} ${SECRET}`;
  const moods: Record<Mood, HttpReceiver['behaviour']> = {
    accepts: answer(202, 'ok'),
    'is busy': (response, request) => response.writeHead(503).end(said(request)),
    refuses: (response, request) => response.writeHead(400).end(said(request)),
    resets: (response) => response.socket?.resetAndDestroy(),
    'is silent': () => {},
  };
  receiver.behaviour = moods.accepts;
  return {
    channel: kind.channel,
    secret: SECRET,
    open: ({ reference, allowLoopback = true } = {}) =>
      kind.open(receiver.url(kind.path), allowLoopback, reference),
    behave: (mood) => {
      receiver.behaviour = moods[mood];
    },
    heard: () => {
      const taken = receiver.behaviour === moods.accepts ? receiver.requests : [];
      return taken.map((request) => {
        const body: unknown = JSON.parse(request.body);
        const heard = kind.hear(body, request);
        const complaints = [...heard.complaints, ...control(texts(body))];
        return { ...heard, complaints, text: texts(body).join('\n'), bytes: request.body.length };
      });
    },
    stop: () => receiver.stop(),
  };
}

interface Incident {
  readonly dedup_key: string;
  readonly event_action: string;
  readonly groupKey: string;
  readonly attachments: readonly { fields: readonly { title: string; value: string }[] }[];
}

notifierContract('SlackNotifier', () =>
  httpPupil({
    channel: 'slack',
    path: `/services/${SECRET}`,
    open: (url, allowLoopback, reference) => new SlackNotifier({ url: reference ?? url, allowLoopback }),
    hear: (body) => {
      const fields = (body as Incident).attachments.flatMap((a) => a.fields);
      const markup = texts(body).filter((text) =>
        /<|>|&(?!amp;|lt;|gt;)|@(channel|here|everyone)/i.test(text),
      );
      const long = texts(body).join('').length > 40_000 ? ['more than 40,000 characters'] : [];
      const incident = fields.find((f) => f.title === 'Incident')?.value ?? '';
      return { mark: null, incident, complaints: [...markup, ...long] };
    },
  }),
);

notifierContract('PagerDutyNotifier', () =>
  httpPupil({
    channel: 'pagerduty',
    path: '/v2/enqueue',
    open: (url, allowLoopback, reference) =>
      new PagerDutyNotifier({ routingKey: reference ?? SECRET, url, allowLoopback }),
    hear: (body) => {
      const { dedup_key, event_action } = body as Incident;
      const long = dedup_key.length > 255 ? ['a long dedup key'] : [];
      return { mark: `${dedup_key} ${event_action}`, incident: dedup_key, complaints: long };
    },
  }),
);

notifierContract('WebhookNotifier', () =>
  httpPupil({
    channel: 'webhook',
    path: `/hooks/${SECRET}`,
    open: (url, allowLoopback, reference) => new WebhookNotifier({ url: reference ?? url, allowLoopback }),
    hear: (body, request) => ({
      mark: String(request.headers['idempotency-key']),
      incident: (body as Incident).groupKey,
      complaints: [],
    }),
  }),
);

async function mailPupil(): Promise<NotifierPupil> {
  const receiver = await SmtpReceiver.start();
  const ends: Record<Mood, string> = {
    accepts: '250 2.0.0 Ok: queued as 4711',
    'is busy': `451 4.7.1 greylisted ${SECRET}`,
    refuses: `554 5.7.1 policy ${SECRET}`,
    resets: 'reset',
    'is silent': 'silence',
  };
  return {
    channel: 'email',
    secret: SECRET,
    open: ({ reference, allowLoopback = true } = {}) =>
      new EmailNotifier({
        // the path means nothing in mail and is a secret like the rest of the address
        smtpUrl: reference ?? `smtp://127.0.0.1:${receiver.port}/${SECRET}`,
        from: 'SQLCC <sqlcc@example.com>',
        to: ['ops@example.com', 'night@example.com'],
        requireTls: true,
        allowLoopback,
      }),
    behave: (mood) => {
      receiver.atEnd = ends[mood];
    },
    heard: () =>
      receiver.mails.map(({ data, to }) => {
        const { headers } = readMail(data);
        const parts = partsOf(data);
        const one = (name: string): string => headers.get(name)?.join(' AND ') ?? '';
        const wanted = 'auto-submitted content-type date from message-id mime-version subject to';
        const names = [...headers.keys()]
          .filter((name) => !/^(in-reply-to|references|x-sqlcc-incident)$/.test(name))
          .sort();
        const root = /^<([0-9a-f]{32})\./.exec(one('message-id'))?.[1] ?? '';
        const html = parts.get('text/html') ?? '';
        const text = parts.get('text/plain') ?? '';
        return {
          mark: one('message-id'),
          incident:
            one('references') === ''
              ? root
              : (/^<([0-9a-f]{32})\.firing@/.exec(one('references'))?.[1] ?? ''),
          text: `${one('subject')}\n${text}\n${html}`,
          bytes: data.length,
          complaints: [
            ...(names.join(' ') === wanted ? [] : [`headers ${names.join(' ')}`]),
            ...(to.join() === 'ops@example.com,night@example.com' ? [] : [`to ${to.join()}`]),
            ...(one('subject').length <= 200 ? [] : ['a long subject']),
            ...(/<(?!\/?(p|table|tr|th|td)[ >])/.test(html) ? [`html ${html.slice(0, 200)}`] : []),
            ...(CONTROL.test(text) || CONTROL.test(html) ? ['control characters'] : []),
            ...(text.split(/\r?\n/).length > 16 ? ['lines of its own'] : []),
          ],
        };
      }),
    stop: () => receiver.stop(),
  };
}

notifierContract('EmailNotifier', mailPupil);
