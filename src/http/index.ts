export { type ReadBodyOptions, readBody, readJson } from "./body.ts";
export { type HttpContext, type PeerCertificate, peerOf, peerProblemOf } from "./context.ts";
export type { HttpLimits } from "./limits.ts";
export type { BoundAddress, ListenAddress } from "./listen.ts";
export { refuse } from "./refuse.ts";
export { sendBytes, sendEmpty, sendJson, sendStream, sendText, writeChunk } from "./respond.ts";
export { type Handler, type RouteMatch, Router } from "./router.ts";
export { type HttpServer, type HttpServerOptions, startHttpServer, type TlsOptions } from "./server.ts";
export { acceptPortForward, type ConnectToPort, type PortForwardOptions } from "./remote-command/port-forward.ts";
export {
  acceptRemoteCommand,
  type RemoteCommandOptions,
  type RemoteCommandStreams,
} from "./remote-command/remote-command.ts";
