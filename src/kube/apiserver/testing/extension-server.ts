import { createPublicKey } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { type AddressInfo, isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { systemClock } from "../../../base/index.ts";
import { apiServices, endpointSlices, services } from "../../api/index.ts";
import { generateKey, issueCertificate, privateKeyPem } from "../../pki/index.ts";
import { isReachable } from "../webhook/reachable-address.ts";
import type { TestServer } from "./start-test-server.ts";

export const EXTENSION_GROUP = "wardle.example.com";
const NAME = "wardle";
/** A server behind a Service is never on a loopback address. */
const addressOf = (family: "IPv4" | "IPv6") =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find((one) => one.family === family && !one.internal && isReachable(one.address) && !one.scopeid)
    ?.address;
const ADDRESS = addressOf("IPv4")!;
/** Not every machine has one. */
export const IPV6_ADDRESS: string | undefined = addressOf("IPv6");

/** One request as it came to the extension server. */
export interface ExtensionRequest {
  method: string;
  url: string;
  headers: IncomingMessage["headersDistinct"];
  /** Common name of the client's certificate, where its authority is the one that the server trusts. */
  proxy: string | undefined;
  body: string;
}

export interface ExtensionServer {
  requests: ExtensionRequest[];
  /** Answers in place of what is built in; undefined leaves that. */
  answer: ((req: IncomingMessage, res: ServerResponse) => boolean) | undefined;
  /** PEM in base64. */
  caBundle: string;
  address: string;
  port: number;
  close(): Promise<void>;
}

/** An API server of the group `wardle.example.com` over real TLS: discovery, a list, a watch, an echo for upgrades. */
export async function startExtensionServer(of: TestServer, address = ADDRESS): Promise<ExtensionServer> {
  const { caPem, ...pair } = certificateFor(`${NAME}.default.svc`);
  const server = createServer({
    ...pair,
    ca: of.certificates.frontProxy.caPem,
    requestCert: true,
    rejectUnauthorized: false,
  });
  const extension: ExtensionServer = {
    requests: [],
    answer: undefined,
    caBundle: Buffer.from(caPem).toString("base64"),
    address,
    port: 0,
    close: () => closeServer(server),
  };
  server.on("request", async (req: IncomingMessage, res: ServerResponse) => {
    const body = Buffer.concat(await req.toArray()).toString();
    extension.requests.push(requestOf(req, body));
    if (!extension.answer?.(req, res)) answer(req, res);
  });
  server.on("upgrade", (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    extension.requests.push(requestOf(req, ""));
    echo(req, socket, head);
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  extension.port = (server.address() as AddressInfo).port;
  return extension;
}

/** The Service, its endpoints and the APIService that lead to the extension server. */
export async function registerExtension(
  { client }: TestServer,
  { caBundle, address, port }: Pick<ExtensionServer, "caBundle" | "address" | "port">,
): Promise<void> {
  const metadata = { name: NAME, namespace: "default" };
  await client.create(services, { metadata, spec: { ports: [{ port: 443, targetPort: port }] } });
  await client.create(endpointSlices, {
    metadata: { ...metadata, labels: { "kubernetes.io/service-name": NAME } },
    addressType: isIPv6(address) ? "IPv6" : "IPv4",
    ports: [{ name: "", port, protocol: "TCP" }],
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
  });
  await client.create(apiServices, extensionApiService({ caBundle }));
}

export function extensionApiService(more: object, version = "v1") {
  return {
    metadata: { name: `${version}.${EXTENSION_GROUP}` },
    spec: {
      group: EXTENSION_GROUP,
      version,
      service: metadataOf(),
      groupPriorityMinimum: 2000,
      versionPriority: 200,
      ...more,
    },
  };
}

const metadataOf = () => ({ namespace: "default", name: NAME });

/** Of an authority of its own. */
function certificateFor(name: string) {
  const nowMs = systemClock.nowMs();
  const issuer = { subject: { commonName: "extension-ca" }, privateKey: generateKey() };
  const key = generateKey();
  const common = { issuer, notBeforeMs: nowMs - 3_600_000, notAfterMs: nowMs + 3_600_000 };
  const caPem = issueCertificate({
    ...common,
    subject: issuer.subject,
    publicKey: createPublicKey(issuer.privateKey),
    usage: "authority",
  });
  const cert = issueCertificate({
    ...common,
    subject: { commonName: name },
    publicKey: createPublicKey(key),
    usage: "server",
    names: [name],
  });
  return { caPem, cert, key: privateKeyPem(key) };
}

function requestOf(req: IncomingMessage, body: string): ExtensionRequest {
  const socket = req.socket as TLSSocket;
  const proxy = socket.authorized ? socket.getPeerCertificate().subject.CN : undefined;
  const { method = "", url = "", headersDistinct: headers } = req;
  return { method, url, headers, proxy: proxy as string | undefined, body };
}

export const FLUNDERS = [{ metadata: { name: "one", namespace: "default" }, spec: { size: 1 } }];

function answer(req: IncomingMessage, res: ServerResponse): void {
  const { pathname: path, searchParams } = new URL(req.url!, "https://x");
  const apiVersion = `${EXTENSION_GROUP}/v1`;
  const json = (value: object, code = 200) =>
    res.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(value));
  if (path === `/apis/${EXTENSION_GROUP}/v1`)
    return void json({
      kind: "APIResourceList",
      apiVersion: "v1",
      groupVersion: apiVersion,
      resources: [
        {
          name: "flunders",
          singularName: "flunder",
          namespaced: true,
          kind: "Flunder",
          verbs: ["get", "list", "watch"],
          shortNames: ["fl"],
        },
        { name: "flunders/status", singularName: "", namespaced: true, kind: "Flunder", verbs: ["get"] },
      ],
    });
  if (path.endsWith("/flunders") && searchParams.get("watch")) {
    res.writeHead(200, { "content-type": "application/json" }).flushHeaders();
    res.write(
      `${JSON.stringify({ type: "ADDED", object: { apiVersion, kind: "Flunder", ...FLUNDERS[0] } })}\n`,
    );
    return;
  }
  if (path.endsWith("/flunders"))
    return void json({ kind: "FlunderList", apiVersion, metadata: {}, items: FLUNDERS });
  json({ kind: "Status", apiVersion: "v1", status: "Failure", code: 404 }, 404);
}

function echo(req: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on("error", () => socket.destroy());
  if (!req.url!.includes("/exec")) {
    socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    return;
  }
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  socket.write(head);
  socket.pipe(socket);
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
