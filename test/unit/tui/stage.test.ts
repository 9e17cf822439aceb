import { afterEach, describe, expect, it } from 'vitest';
import type { ActionDialog } from '../../../tui/model/model.ts';
import { Session } from '../../../tui/session.ts';
import { Stage } from '../../../tui/stage.ts';
import { operation } from '../../tui/recording.ts';
import { missingFeed, scriptedFeed } from './feed-kit.ts';
import { fresh, live, press } from './model-kit.ts';

const stages: Stage[] = [];
afterEach(() => {
  for (const stage of stages.splice(0)) stage.stop();
});

function stageOf(open: ((name: string) => Promise<Session>) | null): Stage {
  const session = new Session(scriptedFeed(), fresh());
  session.start();
  const stage = new Stage(session, open);
  stages.push(stage);
  return stage;
}

describe('Stage', () => {
  it('Stage goes to another cluster, tells who draws, and asks the old one nothing more', async () => {
    const other = scriptedFeed();
    const stage = stageOf(async (name) => new Session(other, fresh({ contextName: name })));
    const before = stage.session;
    let told = 0;
    stage.subscribe(() => told++);
    await stage.go('prod-us');
    expect(stage.session).not.toBe(before);
    expect(stage.session.model.contextName).toBe('prod-us');
    expect(told).toBe(1);
    await stage.session.ready;
    expect(stage.session.model.connection.kind).toBe('live');
    before.keys(['j']);
    expect(other.asked).toContain('status any');
  });

  it('Stage says in the next cluster what goes on in the one that was left', async () => {
    const open = async (name: string) => new Session(missingFeed(), fresh({ contextName: name }));
    const step = { kind: 'running' as const, operation: operation() };
    const dialog = { ...press(live(), 'F').overlay, step } as ActionDialog;
    const session = new Session(missingFeed(), live(undefined, { running: dialog }));
    const stage = new Stage(session, open);
    stages.push(stage);
    await stage.go('prod-us');
    expect(stage.session.model.unsettled).toEqual([
      'failover goes on in prod-eu: sqlcc op show op-7 --context prod-eu',
    ]);
    const act = { kind: 'rollback', version: 40, active: 41, confirmMs: null } as const;
    const unsettled = ['outcome unknown: failover n2: sqlcc op list (gone; it may have happened)'];
    const left = live(undefined, { unsettled, acting: [{ dialogId: 3, act }] });
    const changed = new Stage(new Session(missingFeed(), left), open);
    stages.push(changed);
    await changed.go('prod-us');
    expect(changed.session.model.unsettled).toEqual([
      `in prod-eu: ${unsettled[0]}`,
      'roll back config to v40 was sent in prod-eu and not answered: ' +
        'sqlcc cluster config history --context prod-eu',
    ]);
    const idle = stageOf(open);
    await idle.go('prod-us');
    expect(idle.session.model.unsettled).toEqual([]);
  });

  it('Stage stays where it is when a context can’t be used, and says why', async () => {
    const stage = stageOf(() => Promise.reject(new Error('the CA can’t be read')));
    const before = stage.session;
    await stage.go('broken');
    expect(stage.session).toBe(before);
    expect(before.model.toast?.text).toBe('broken: the CA can’t be read');
    const single = stageOf(null);
    await single.go('any');
    expect(single.session.model.toast?.text).toContain('there is one cluster only');
  });

  it('Stage shows a cluster that does not answer as such, and can leave it again', async () => {
    const stage = stageOf(async (name) => {
      const feed = name === 'silent' ? missingFeed() : scriptedFeed();
      return new Session(feed, fresh({ contextName: name }));
    });
    await stage.go('silent');
    await stage.session.ready;
    expect(stage.session.model.connection).toMatchObject({ kind: 'connecting', error: 'connection refused' });
    await stage.go('home');
    await stage.session.ready;
    expect(stage.session.model).toMatchObject({ contextName: 'home', connection: { kind: 'live' } });
  });

  it('Stage drops a session that came after it had ended or gone elsewhere', async () => {
    let give: (session: Session) => void = () => undefined;
    const late = new Promise<Session>((resolve) => {
      give = resolve;
    });
    const stage = stageOf(() => late);
    const going = stage.go('late');
    stage.stop();
    const session = new Session(scriptedFeed(), fresh({ contextName: 'late' }));
    give(session);
    await going;
    expect(stage.session).not.toBe(session);
  });
});
