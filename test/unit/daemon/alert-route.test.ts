import { describe, expect, it } from 'vitest';
import type { NodeContext } from '../../../daemon/node-context.ts';
import { acknowledgeAlert, unacknowledgeAlert } from '../../../daemon/routes/alerts.ts';
import type { ClusterCommand } from '../../../src/cluster/index.ts';
import type { Call } from '../../../src/rpc/index.ts';
import { type Ledger, threeNodes } from '../cluster/world.ts';

const ID = 'High:n2';

function move(ledger: Ledger, state: 'firing' | 'resolved'): string {
  ledger.now += 1000;
  const who = { id: ID, rule: 'High', nodeId: 'n2', severity: 'critical' } as const;
  ledger.done({ kind: 'alert-transition', alert: { ...who, condition: '', value: '', state } });
  return ledger.cluster.alerts[0]?.incident ?? '';
}

type Asked = Partial<Pick<Call, 'body' | 'query' | 'params'>>;

/** Somebody asks a leader; `meanwhile` comes into the log first. */
function ask(route: typeof acknowledgeAlert, ledger: Ledger, asked: Asked, meanwhile: () => void = () => {}) {
  const propose = async (_kind: string, data: Uint8Array) => {
    meanwhile();
    const { command } = JSON.parse(new TextDecoder().decode(data)) as { command: ClusterCommand };
    return { result: ledger.apply(command) };
  };
  const context = {
    reads: { requireLeader: async () => {} },
    sample: () => ({ diskFreeBytes: 1e12 }),
    state: ledger,
    consensus: { proposals: { propose } },
  } as unknown as NodeContext;
  const call = {
    ...{ params: { id: ID }, query: {}, headers: {}, remoteAddress: '127.0.0.1', remainingMs: () => 1000 },
    identity: { kind: 'certificate', role: 'operator', id: 'ann', serial: '4a' },
    ...asked,
  } as unknown as Call;
  return route(context, call);
}

const acknowledge = (ledger: Ledger, body: object, meanwhile?: () => void) =>
  ask(acknowledgeAlert, ledger, { body }, meanwhile);
const takeBack = (ledger: Ledger, query: Record<string, string>, meanwhile?: () => void) =>
  ask(unacknowledgeAlert, ledger, { query }, meanwhile);

const marked = (ledger: Ledger) => ledger.cluster.alerts.map((a) => a.acknowledgedBy);

describe('acknowledgeAlert', () => {
  it('marks the incident that was seen, named or not', async () => {
    for (const isNamed of [true, false]) {
      const ledger = threeNodes();
      const incident = move(ledger, 'firing');
      const asked = isNamed ? { incident } : {};
      const first = { body: { acknowledged_by: 'ann', changed: true } };
      expect(await acknowledge(ledger, asked)).toEqual(first);
      const again = { body: { acknowledged_by: 'ann', changed: false } };
      expect(await acknowledge(ledger, asked)).toEqual(again);
      expect(marked(ledger)).toEqual(['ann']);
    }
  });

  it('refuses one that has fired again since, on the way too, and says what fires', async () => {
    const hint = 'firing are High:n2; see sqlcc alert list';
    const ledger = threeNodes();
    const incident = move(ledger, 'firing');
    const again = () => {
      move(ledger, 'resolved');
      move(ledger, 'firing');
    };
    await expect(acknowledge(ledger, {}, again)).rejects.toMatchObject({ code: 'conflict', hint });
    await expect(acknowledge(ledger, { incident })).rejects.toMatchObject({ code: 'conflict', hint });
    expect(marked(ledger)).toEqual([null]);
  });

  it('refuses one that is resolved, unless it was acknowledged while it fired', async () => {
    const ledger = threeNodes();
    const incident = move(ledger, 'firing');
    move(ledger, 'resolved');
    for (const body of [{}, { incident }])
      await expect(acknowledge(ledger, body)).rejects.toMatchObject({
        ...{ code: 'failed_precondition', message: 'alert "High:n2" is resolved already' },
        hint: 'nothing fires',
      });
    const next = move(ledger, 'firing');
    await acknowledge(ledger, { incident: next });
    move(ledger, 'resolved');
    // the same request once more, after an answer that got lost
    await acknowledge(ledger, { incident: next });
    expect(marked(ledger)).toEqual(['ann']);
  });
});

describe('unacknowledgeAlert', () => {
  it('takes back what is there, once; of the incident and the person that are named', async () => {
    const ledger = threeNodes();
    const incident = move(ledger, 'firing');
    for (const query of [{}, { incident }, { incident, by: 'ann' }]) {
      await acknowledge(ledger, {});
      await takeBack(ledger, query);
      expect(marked(ledger)).toEqual([null]);
      await takeBack(ledger, query);
    }
    await acknowledge(ledger, {});
    await expect(takeBack(ledger, { by: 'bob' })).rejects.toMatchObject({ code: 'conflict' });
    expect(marked(ledger)).toEqual(['ann']);
  });

  it('leaves that of another incident alone, on the way too, and says what fires', async () => {
    const ledger = threeNodes();
    move(ledger, 'firing');
    const again = () => {
      move(ledger, 'resolved');
      move(ledger, 'firing');
      const [{ id = '' } = {}] = ledger.cluster.alerts;
      ledger.done({ kind: 'alert-acknowledge', id });
    };
    const hint = 'firing are High:n2; see sqlcc alert list';
    await expect(takeBack(ledger, {}, again)).rejects.toMatchObject({ code: 'conflict', hint });
    expect(marked(ledger)).toEqual(['ann']);
    const nobody = ask(unacknowledgeAlert, ledger, { query: {}, params: { id: 'x' } });
    await expect(nobody).rejects.toMatchObject({ code: 'not_found', hint });
  });
});
