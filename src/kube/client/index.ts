export { deepFreeze } from "./deep-freeze.ts";
export {
  createEventRecorder,
  type EventRecorder,
  type EventRecorderOptions,
  type EventSubject,
} from "./event-recorder.ts";
export { createHttpsClient, type HttpsClientOptions } from "./https-client.ts";
export { createInProcessClient } from "./in-process-client.ts";
export { createInformerFactory, type InformerFactoryOptions } from "./informer-factory.ts";
export type * from "./metric-source.ts";
export type * from "./node-access.ts";
export type * from "./types.ts";
