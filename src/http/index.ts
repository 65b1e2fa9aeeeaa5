export type { AnswerSink } from "./answer-sink.ts";
export { type ReadBodyOptions, readBody, readJson } from "./body.ts";
export { bodyStream } from "./body-stream.ts";
export { browserRefusal } from "./browser-refusal.ts";
export { type HttpContext, type PeerCertificate, peerOf, peerProblemOf } from "./context.ts";
export { type FetchOptions, fetchRemote, type RemoteAnswer, TooLate } from "./fetch-remote.ts";
export { hostPort } from "./host-port.ts";
export type { HttpResponse } from "./http-response.ts";
export { BadFraming, type BodyFraming, BodyReader, framingOf, NO_BODY } from "./http1/body-reader.ts";
export { type AnswerHead, END_OF_HEAD, headText, readAnswerHead } from "./http1/message-head.ts";
export type { PlainAnswer } from "./http1/plain-answer.ts";
export type { PlainRequest } from "./http1/plain-request.ts";
export type { BodyTaker, RequestBody } from "./http1/request-body.ts";
export type { HttpLimits } from "./limits.ts";
export { type BoundAddress, type ListenAddress, probePort } from "./listen.ts";
export { OF_A_CONNECTION } from "./of-a-connection.ts";
export { linger, refuse } from "./refuse.ts";
export { NoAnswer, type RelayedAnswer, relayRequest, relayUpgrade, type UpgradeRequest } from "./relay.ts";
export type { RemoteCommandOptions, RemoteCommandStreams } from "./remote-command/command-streams.ts";
export {
  acceptPortForward,
  type ConnectToPort,
  type PortForwardOptions,
} from "./remote-command/port-forward.ts";
export { acceptRemoteCommand } from "./remote-command/remote-command.ts";
export { sendMessages } from "./remote-command/websocket-messages.ts";
export { sendOverWebSocket, type WebSocketReaderOptions } from "./remote-command/websocket-reader.ts";
export { acceptWebSocketStream } from "./remote-command/websocket-stream.ts";
export { sendBytes, sendEmpty, sendJson, sendStream, sendText, writeChunk } from "./respond.ts";
export { type Handler, type RouteMatch, Router } from "./router.ts";
export {
  type Http2Options,
  type HttpServer,
  type HttpServerOptions,
  startHttpServer,
  type TlsOptions,
} from "./server.ts";
