export { deepFreeze } from "./deep-freeze.ts";
export {
  createEventRecorder,
  type EventRecorder,
  type EventRecorderOptions,
  type EventSubject,
} from "./event-recorder.ts";
export { type ClientIdentity, createHttpsClient, type HttpsClientOptions } from "./https-client.ts";
export { createInProcessClient } from "./in-process-client.ts";
export { createInformerFactory, type InformerFactoryOptions } from "./informer-factory.ts";
export { LeaderElection, type LeaderElectionOptions } from "./leader-election.ts";
export type * from "./metric-source.ts";
export type * from "./node-access.ts";
export { serveAttach, serveExec } from "./node-commands.ts";
export { pause } from "./pause.ts";
export { ServerConnections } from "./server-connections.ts";
export type * from "./types.ts";
