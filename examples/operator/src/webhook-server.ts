import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import { join } from "node:path";
import { mutate, validate } from "./admission.ts";
import { convert } from "./convert.ts";

/** What is asked and what is answered, by path: reviews are answered in an object of their own kind and version. */
const REVIEWS: Record<string, (request: never) => object> = {
  "/convert": convert,
  "/mutate": mutate,
  "/validate": validate,
};

/** The webhooks over TLS with the certificate in `tlsDir`; `/readyz` answers as `isReady` says. */
export function startWebhookServer(port: number, tlsDir: string, isReady: () => boolean): Server {
  const certificate = {
    cert: readFileSync(join(tlsDir, "tls.crt")),
    key: readFileSync(join(tlsDir, "tls.key")),
  };
  return createServer(certificate, async (request, response) => {
    if (request.url === "/readyz") return response.writeHead(isReady() ? 200 : 503).end();
    const answer = REVIEWS[request.url!.split("?")[0]!];
    if (answer === undefined || request.method !== "POST") return response.writeHead(404).end();
    try {
      const { apiVersion, kind, request: asked } = JSON.parse(await bodyOf(request));
      const review = { apiVersion, kind, response: answer(asked as never) };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(review));
    } catch (error) {
      response.writeHead(400).end(String(error));
    }
  }).listen(port);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  return text;
}
