import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type Clock, errorMessage, isGantryError, type Logger } from "../../../base/index.ts";
import {
  acceptPortForward,
  type HttpContext,
  type HttpServer,
  refuse,
  sendText,
  startHttpServer,
  writeChunk,
} from "../../../http/index.ts";
import { isStatusError, type Pod, statusNotFound, toStatus } from "../../api/index.ts";
import { type KubeClient, serveAttach, serveExec } from "../../client/index.ts";
import type { NodeAccess, PodLogOptions, PodTarget, StreamOptions } from "../../client/node-access.ts";
import { RequestAccess } from "./request-access.ts";

/** Upstream's; where somebody has it (another node on the same machine), a free one is taken. */
export const KUBELET_PORT = 10_250;

export interface KubeletTls {
  certPem: string;
  keyPem: string;
  /** Whose clients are known, as PEM. */
  caPem: string;
}

export interface KubeletServerOptions {
  nodeName: string;
  node: NodeAccess;
  /** A pod that is bound to the node. */
  podOf: (namespace: string, name: string) => Pod | undefined;
  /** As whom the API is asked who may do what. */
  client: KubeClient;
  tls: KubeletTls;
  logger: Logger;
  clock: Clock;
}

export interface KubeletServer {
  readonly port: number;
  /** New connections meet another certificate. */
  renew(tls: Pick<KubeletTls, "certPem" | "keyPem">): void;
  close(): Promise<void>;
}

/** The kubelet's port, as upstream's: who asks proves who he is, and the API says what he may. */
export async function startKubeletServer(options: KubeletServerOptions): Promise<KubeletServer> {
  const http = await listen(new KubeletRequests(options), options);
  return {
    port: (http.address() as { port: number }).port,
    renew: ({ certPem, keyPem }) => http.renewTls({ cert: certPem, key: keyPem }),
    close: () => http.close(),
  };
}

async function listen(requests: KubeletRequests, options: KubeletServerOptions): Promise<HttpServer> {
  const { tls, logger } = options;
  const on = (port: number) =>
    startHttpServer({
      listen: { port },
      tls: { cert: tls.certPem, key: tls.keyPem, ca: tls.caPem, requestCert: true },
      handler: (ctx) => requests.handle(ctx),
      upgrade: (req, socket, head) => requests.upgrade(req, socket, head),
      logger,
    });
  try {
    return await on(KUBELET_PORT);
  } catch (error) {
    if (!isGantryError(error) || error.code !== "Http.AddressInUse") throw error;
    return on(0);
  }
}

class KubeletRequests {
  readonly #options: KubeletServerOptions;
  readonly #access: RequestAccess;

  constructor(options: KubeletServerOptions) {
    this.#options = options;
    this.#access = new RequestAccess(options);
  }

  async handle(ctx: HttpContext): Promise<void> {
    const { res } = ctx;
    try {
      const access = await this.#access.check(ctx.req, ctx.path);
      if (access.code !== 200) return sendText(res, access.code, access.message);
      const [, what, ...names] = ctx.path.split("/").map(decodeURIComponent);
      if (what === "containerLogs" && names.length === 3) return await this.#logs(ctx, names);
      if (COMMANDS.includes(what!)) return sendText(res, 400, "Upgrade request required");
      if (ctx.method !== "GET" && ctx.method !== "HEAD") return sendText(res, 405, "405: Method Not Allowed");
      const document = await this.#options.node.read(this.#options.nodeName, ctx.path, ctx.query);
      if (!document) return sendText(res, 404, "404 page not found\n");
      res.writeHead(200, { "content-type": document.contentType });
      res.end(document.body);
    } catch (error) {
      this.#refuseWith(error, (code, message) => {
        if (res.headersSent) res.destroy();
        else sendText(res, code, message);
      });
    }
  }

  async upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", () => {});
    try {
      const { pathname, searchParams: query } = new URL(req.url!, "http://node");
      const access = await this.#access.check(req, pathname);
      if (access.code !== 200) return refuse(socket, access.code, access.message);
      const [, what, ...names] = pathname.split("/").map(decodeURIComponent);
      const { node } = this.#options;
      const upgrade = { req, socket, head };
      if (what === "exec" || what === "attach") {
        const target = this.#target(names, true);
        const streams = streamsOf(query);
        if (what === "attach") await serveAttach(upgrade, node, target, streams);
        else await serveExec(upgrade, node, target, query.getAll("command"), streams);
      } else if (what === "portForward") {
        const target = this.#target(names, false);
        await acceptPortForward(req, socket, head, (port) => node.portForward(target, port));
      } else refuse(socket, 404, "404 page not found\n");
    } catch (error) {
      this.#refuseWith(error, (code, message) => {
        if (!socket.destroyed) refuse(socket, code, message);
      });
    }
  }

  async #logs({ res, query, signal }: HttpContext, names: string[]): Promise<void> {
    const chunks = await this.#options.node.logs(this.#target(names, true), logOptionsOf(query), signal);
    res.writeHead(200, { "content-type": "text/plain" });
    res.flushHeaders();
    for await (const chunk of chunks) if (!(await writeChunk(res, chunk))) return;
    res.end();
  }

  /** `NAMESPACE/POD[/UID][/CONTAINER]`. */
  #target(names: string[], hasContainer: boolean): PodTarget {
    const [namespace = "", podName = ""] = names;
    const container = hasContainer ? (names.at(-1) ?? "") : "";
    const uid = names.length === (hasContainer ? 4 : 3) ? names[2] : undefined;
    const pod = this.#options.podOf(namespace, podName);
    if (!pod || (uid !== undefined && uid !== pod.metadata.uid))
      throw statusNotFound({ group: "", resource: "pods" }, podName);
    return {
      nodeName: this.#options.nodeName,
      namespace,
      podName,
      podUid: pod.metadata.uid,
      container,
    };
  }

  /** In plain text, as upstream's kubelet; the API server makes a Status of it. */
  #refuseWith(error: unknown, refuseIt: (code: number, message: string) => void): void {
    if (error instanceof URIError) {
      refuseIt(400, "malformed path");
      return;
    }
    if (!isStatusError(error) && !isGantryError(error))
      this.#options.logger.error("a request to the kubelet failed", { error });
    const { code = 500, message = errorMessage(error) } = toStatus(error);
    refuseIt(code, message);
  }
}

const COMMANDS = ["exec", "attach", "portForward"];

const isSet = (value: string | null): boolean => value === "1" || value === "true";

function streamsOf(query: URLSearchParams): StreamOptions {
  const tty = isSet(query.get("tty"));
  return {
    stdin: isSet(query.get("input")),
    stdout: isSet(query.get("output")),
    stderr: !tty && isSet(query.get("error")),
    tty,
  };
}

function logOptionsOf(query: URLSearchParams): PodLogOptions {
  const count = (name: string): number | undefined => {
    const text = query.get(name) ?? "";
    return /^\d+$/.test(text) ? Number(text) : undefined;
  };
  const sinceTime = query.get("sinceTime");
  return {
    follow: isSet(query.get("follow")),
    previous: isSet(query.get("previous")),
    timestamps: isSet(query.get("timestamps")),
    sinceSeconds: count("sinceSeconds"),
    tailLines: count("tailLines"),
    limitBytes: count("limitBytes"),
    ...(sinceTime ? { sinceTime } : {}),
  };
}
