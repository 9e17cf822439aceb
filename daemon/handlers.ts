/**
 * Which function answers which row of the endpoint table; a row without one is answered with
 * not_implemented.
 */
import type { Call, Handlers } from '../src/rpc/index.ts';
import type { NodeContext } from './node-context.ts';
import * as alerts from './routes/alerts.ts';
import * as certificate from './routes/certificate.ts';
import * as cluster from './routes/cluster.ts';
import * as config from './routes/config.ts';
import * as control from './routes/control.ts';
import * as data from './routes/data.ts';
import { checkHealth, nodeHealths } from './routes/health.ts';
import { createJoin } from './routes/join.ts';
import { renewOwnCertificate } from './routes/own-certificate.ts';
import * as people from './routes/people.ts';
import * as steering from './routes/steering.ts';
import { events, watchKeys } from './routes/streams.ts';
import * as support from './routes/support.ts';
import { verify, verifyNode, verifyPart } from './routes/verify.ts';

type Route = (context: NodeContext, call: Call) => ReturnType<NonNullable<Handlers['status']>>;

type Bind = (route: Route) => NonNullable<Handlers['status']>;

/** Alerts, and what those read who look into what happened. */
function lookingIn(bind: Bind) {
  return {
    alerts: bind(alerts.alerts),
    alertRules: bind(alerts.alertRules),
    explainAlert: bind(alerts.explainAlert),
    acknowledgeAlert: bind(alerts.acknowledgeAlert),
    unacknowledgeAlert: bind(alerts.unacknowledgeAlert),
    testAlert: bind(alerts.testAlert),
    silences: bind(alerts.silences),
    createSilence: bind(alerts.createSilence),
    removeSilence: bind(alerts.removeSilence),
    audit: bind(support.audit),
    denials: bind(support.denials),
    log: bind(support.log),
    logLevel: bind(support.logLevel),
    setLogLevel: bind(support.setLogLevel),
  };
}

export function createHandlers(context: NodeContext): Handlers {
  const bind: Bind = (route) => (call) => route(context, call);
  return {
    status: bind(cluster.status),
    nodes: bind(cluster.nodes),
    node: bind(cluster.node),
    updateNode: bind(cluster.updateNode),
    announceNode: bind(cluster.announceNode),
    renewCertificate: bind(certificate.renewCertificate),
    authorityKey: bind(certificate.authorityKey),
    followAuthority: bind(certificate.followAuthority),
    removeNode: bind(control.removeNode),
    leader: bind(cluster.leader),
    views: bind(cluster.views),
    nodeHealths: bind(nodeHealths),
    checkHealth: bind(checkHealth),
    verify: bind(verify),
    verifyNode: bind(verifyNode),
    verifyPart: bind(verifyPart),
    stateHash: bind(cluster.stateHash),
    version: bind(cluster.version),
    events: bind(events),
    history: bind(cluster.history),
    metrics: bind(cluster.metrics),
    operations: bind(control.operations),
    operation: bind(control.operation),
    runOperation: bind(control.runOperation),
    cancelOperation: bind(control.cancelOperation),
    pauseCluster: bind(steering.pauseCluster),
    resumeCluster: bind(steering.resumeCluster),
    schedule: bind(steering.schedule),
    scheduleOperation: bind(steering.scheduleOperation),
    cancelSchedule: bind(steering.cancelSchedule),
    reportHandOver: bind(steering.reportHandOver),
    config: bind(config.config),
    putConfig: bind(config.putConfig),
    configVersions: bind(config.configVersions),
    configVersion: bind(config.config),
    activateConfig: bind(config.activateConfig),
    rollbackConfig: bind(config.rollbackConfig),
    configDiff: bind(config.configDiff),
    configPending: bind(config.configPending),
    confirmConfig: bind(config.confirmConfig),
    checkConfig: bind(config.checkConfig),
    configState: bind(config.configState),
    getKey: bind(data.getKey),
    watchKey: bind(watchKeys),
    putKey: bind(data.putKey),
    deleteKey: bind(data.deleteKey),
    listKeys: bind(data.listKeys),
    watchKeys: bind(watchKeys),
    batchKeys: bind(data.batchKeys),
    sql: bind(data.sql),
    openSession: bind(data.openSession),
    join: createJoin(context),
    ...lookingIn(bind),
    ...peopleHandlers(context),
    openapi: bind(cluster.openapi),
    livez: cluster.livez,
    readyz: bind(cluster.readyz),
  };
}

function peopleHandlers(context: NodeContext) {
  const bind = (route: Route) => (call: Call) => route(context, call);
  return {
    tokens: bind(control.tokens),
    createToken: bind(control.createToken),
    revokeToken: bind(control.revokeToken),
    users: bind(people.users),
    setUser: bind(people.setUser),
    revokeUser: bind(people.revokeUser),
    certificates: bind(people.certificates),
    revokeCertificate: bind(people.revokeCertificate),
    renewNodeCertificate: bind(people.renewNodeCertificate),
    renewOwnCertificate: bind(renewOwnCertificate),
    knowCertificate: bind(people.knowCertificate),
    noteAudit: bind(people.noteAudit),
  };
}
