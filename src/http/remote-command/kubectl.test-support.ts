import { spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Duplex } from "node:stream";
import { silentLogger } from "../../base/index.ts";
import { type HttpServer, sendJson, startHttpServer } from "../index.ts";

export type Serve = (
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  query: URLSearchParams,
) => Promise<void>;

/** As much of an API server as `kubectl exec`, `attach` and `port-forward` ask for before they upgrade. */
export function startPodServer(serve: Serve): Promise<HttpServer> {
  const answers: Record<string, unknown> = {
    "/api": { kind: "APIVersions", versions: ["v1"] },
    "/apis": { kind: "APIGroupList", apiVersion: "v1", groups: [] },
    "/api/v1": {
      kind: "APIResourceList",
      groupVersion: "v1",
      resources: [
        { name: "pods", singularName: "pod", namespaced: true, kind: "Pod", verbs: ["get", "list"] },
      ],
    },
    "/api/v1/namespaces/default/pods/web": {
      kind: "Pod",
      apiVersion: "v1",
      metadata: { name: "web", namespace: "default" },
      spec: { containers: [{ name: "main", image: "x", stdin: true, tty: true }] },
      status: { phase: "Running" },
    },
  };
  return startHttpServer({
    listen: { host: "127.0.0.1", port: 0 },
    logger: silentLogger,
    handler: ({ res, path }) => {
      const answer = answers[path];
      const missing = {
        kind: "Status",
        apiVersion: "v1",
        status: "Failure",
        reason: "NotFound",
        code: 404,
        message: path,
      };
      sendJson(res, answer ? 200 : 404, answer ?? missing);
    },
    upgrade: (req, socket, head) => serve(req, socket, head, new URL(req.url!, "http://local").searchParams),
  });
}

export interface KubectlResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Starts the real kubectl of a version against the server. */
export function startKubectl(version: string, server: HttpServer, args: string[], input?: string | Buffer) {
  const kubectl = join(dirname(realpathSync("/usr/bin/kubectl")), `kubectl.${version}`);
  const { port } = server.address() as { port: number };
  const child = spawn(kubectl, ["--server", `http://127.0.0.1:${port}`, ...args], {
    env: { HOME: tmpdir(), KUBECONFIG: "/dev/null" },
  });
  const result: KubectlResult = { code: null, stdout: "", stderr: "" };
  child.stdout.setEncoding("latin1").on("data", (text: string) => {
    result.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    result.stderr += text;
  });
  child.stdin.on("error", () => {});
  if (input !== undefined) child.stdin.end(input);
  const done = new Promise<KubectlResult>((resolve) => {
    child.on("close", (code) => resolve({ ...result, code }));
  });
  return { child, result, done };
}
