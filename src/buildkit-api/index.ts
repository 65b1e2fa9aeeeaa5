export { type BuildkitApiOptions, openBuildkitApi } from "./buildkit-api.ts";
export * from "./grpc/index.ts";
export * from "./messages/common-messages.ts";
export * as controlMessages from "./messages/control-messages.ts";
export * as sessionMessages from "./messages/session-messages.ts";
export { ByteConnection } from "./session/byte-connection.ts";
export { RemoteFileSync } from "./session/remote-file-sync.ts";
export { sendTreeOver } from "./session/send-tree.ts";
export type * from "./types.ts";
