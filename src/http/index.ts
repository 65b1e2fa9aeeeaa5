export { readBody, readJson } from "./body.ts";
export { type HttpContext, type PeerCertificate, peerOf } from "./context.ts";
export { sendBytes, sendEmpty, sendJson, sendText, writeChunk } from "./respond.ts";
export { type Handler, type RouteMatch, Router } from "./router.ts";
export { type HttpLimits, type HttpServer, type HttpServerOptions, refuse, startHttpServer, type TlsOptions } from "./server.ts";
