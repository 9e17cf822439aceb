/**
 * A receiver of notifications on the loopback of the host that it runs on, so that what it gets was sent by that
 * host's daemon: `hook.ts PORT` prints a line of JSON for each post.
 */
import { createServer } from 'node:http';

interface Post {
  readonly status: string;
  readonly alerts: readonly { readonly labels: { readonly alertname: string } }[];
}

createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => {
    body += chunk;
  });
  request.on('end', () => {
    const { status, alerts } = JSON.parse(body) as Post;
    process.stdout.write(`${JSON.stringify({ status, rule: alerts[0]?.labels.alertname })}\n`);
    response.end('ok');
  });
}).listen(Number(process.argv[2]), '127.0.0.1', () => process.stdout.write('{}\n'));
// ends with whoever started it
process.stdin.on('end', () => process.exit(0)).resume();
