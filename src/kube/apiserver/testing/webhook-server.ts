import type { IncomingMessage, ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import type { TestServer } from "./start-test-server.ts";

/** What a webhook is sent, of whichever kind the review is. */
export interface Called {
  path: string;
  host: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it
  review: any;
}

/** Answers one call; what it returns is the review's `response`, to which the uid is added. */
export type Answering = (
  called: Called,
  raw: { req: IncomingMessage; res: ServerResponse },
) => object | undefined;

export interface WebhookServer {
  /** `https://127.0.0.1:PORT` */
  url: string;
  port: number;
  /** An address of this machine that is no loopback: endpoints of Services may have it. */
  address: string;
  caBundle: string;
  calls: Called[];
  /** Where nothing is said of a path, all is allowed. */
  on(path: string, answering: Answering): void;
  /** Forgets calls and answers. */
  reset(): void;
  close(): Promise<void>;
}

/** A webhook over TLS whose certificate is of the API server's own authority, for 127.0.0.1 and `hook.default.svc`. */
export async function startWebhookServer({ certificates }: TestServer): Promise<WebhookServer> {
  const names = ["127.0.0.1", "hook.default.svc"];
  const { certPem: cert, keyPem: key } = await certificates.serverFor("webhook", "webhook", names);
  const calls: Called[] = [];
  const answers = new Map<string, Answering>();
  const server = https.createServer({ cert, key }, async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const review = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    const called = { path: req.url!, host: req.headers.host!, review };
    calls.push(called);
    const answering = answers.get(req.url!.replace(/\?.*/, "")) ?? (() => ({ allowed: true }));
    const response = answering(called, { req, res });
    if (response === undefined) return;
    const { apiVersion, kind, request } = review;
    res.setHeader("content-type", "application/json");
    res.end(JSON.stringify({ apiVersion, kind, response: { uid: request.uid, ...response } }));
  });
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    address: ownAddress(),
    caBundle: Buffer.from(certificates.caPem).toString("base64"),
    calls,
    on: (path, answering) => void answers.set(path, answering),
    reset: () => {
      calls.length = 0;
      answers.clear();
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
}

/** The answer that changes an object by a JSON patch. */
export function patching(...operations: object[]): object {
  const patch = Buffer.from(JSON.stringify(operations)).toString("base64");
  return { allowed: true, patch, patchType: "JSONPatch" };
}
