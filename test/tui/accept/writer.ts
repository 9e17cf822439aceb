/**
 * A client that writes without pause and measures the longest time between two acknowledged writes:
 * `writer.ts <context file's folder> <host:port,…>`. A line on stdin asks for the figure and begins anew.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SqlccClient } from '../../../src/client/index.ts';

const [pki = '', endpoints = ''] = process.argv.slice(2);
const pem = (file: string): string => readFileSync(join(pki, file), 'utf8');
const client = new SqlccClient({
  endpoints: endpoints.split(','),
  ...{ ca: pem('ca.crt'), cert: pem('admin.crt'), key: pem('admin.key') },
});
let last = performance.now();
let longest = 0;
let acked = 0;

async function lane(name: string): Promise<never> {
  for (let n = 0; ; n++) {
    try {
      await client.kv.put(name, String(n), { timeoutMs: 5000 });
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      acked++;
    } catch {
      // not acknowledged: the time goes on
    }
  }
}

createInterface({ input: process.stdin }).on('line', () => {
  process.stdout.write(`${JSON.stringify({ longest_ms: Math.round(longest), acked })}\n`);
  longest = 0;
});
process.stdin.on('end', () => process.exit(0));
await Promise.all(Array.from({ length: 4 }, (_, i) => lane(`accept-${i}`)));
