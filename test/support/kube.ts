import { readFileSync } from "node:fs";
import { Agent, type RequestOptions, request } from "node:https";
import { connect } from "node:tls";
import { load } from "js-yaml";
import { afterAll, beforeAll } from "vitest";
import { makeBaseImages } from "../../examples/base-images/make.mjs";
import type { Pod } from "../../src/kube/api/index.ts";
import { eventually } from "./eventually.ts";
import { kubectlBinary, startPlatform, type TestPlatform } from "./platform.ts";
import { type RunResult, run } from "./run.ts";

// biome-ignore lint/suspicious/noExplicitAny: what the API answers, seen from outside
export type Json = any;

export interface ApiAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The body, where it is JSON. */
  json: Json;
}

export interface ApiOptions {
  method?: string;
  body?: string | Buffer | object;
  headers?: Record<string, string>;
  /** Instead of the administrator's certificate. */
  token?: string;
}

interface Access {
  server: string;
  ca: Buffer;
  cert: Buffer;
  key: Buffer;
}

/** kubectl on a platform of the test file's own with these base images: both are there from the first hook on. */
export function useKube(
  images: Parameters<typeof makeBaseImages>[0] = ["busybox"],
  /** More of what `gantry up` is given. */
  extra: () => Promise<string[]> = async () => [],
): Kube {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await startPlatform({ extra: await extra() });
    makeBaseImages(images, platform.env);
  });
  afterAll(async () => {
    // Killed first, for nobody waits here for containers to end well.
    await platform?.kill();
    await platform?.reset();
  });
  return new Kube(() => platform);
}

/** A namespace of a test's own, reached by kubectl as people do, and by plain requests where kubectl would hide the answer. */
export class Kube {
  readonly namespace: string;
  readonly #platform: () => TestPlatform;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 20 });
  #access: Access | undefined;

  constructor(platform: TestPlatform | (() => TestPlatform), namespace = "default") {
    this.#platform = typeof platform === "function" ? platform : () => platform;
    this.namespace = namespace;
  }

  get platform(): TestPlatform {
    return this.#platform();
  }

  get access(): Access {
    this.#access ??= readAccess(`${this.platform.home}/kubeconfig`);
    return this.#access;
  }

  /** Another namespace, made if need be. */
  async in(namespace: string): Promise<Kube> {
    const other = new Kube(this.platform, namespace);
    const made = await this.kubectl("create", "namespace", namespace);
    if (made.code !== 0 && !made.stderr.includes("AlreadyExists")) throw new Error(made.stderr);
    return other;
  }

  kubectl(...args: string[]): Promise<RunResult> {
    return run(kubectlBinary(), ["-n", this.namespace, ...args], {
      env: this.platform.env,
      timeoutMs: 120_000,
    });
  }

  /** What kubectl prints; a failure throws. */
  async must(...args: string[]): Promise<string> {
    const { stdout, stderr, code } = await this.kubectl(...args);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")} exited with ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** `kubectl apply -f -` of these objects; more arguments may go before. */
  tryApply(objects: object | object[], ...flags: string[]): Promise<RunResult> {
    const items = Array.isArray(objects) ? objects : [objects];
    const input = items.map((item) => JSON.stringify(item)).join("\n---\n");
    return run(kubectlBinary(), ["-n", this.namespace, "apply", ...flags, "-f", "-"], {
      env: this.platform.env,
      input,
      timeoutMs: 120_000,
    });
  }

  async apply(objects: object | object[]): Promise<string> {
    const { stdout, stderr, code } = await this.tryApply(objects);
    if (code !== 0) throw new Error(`kubectl apply exited with ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** One plain request. */
  api(path: string, options: ApiOptions = {}): Promise<ApiAnswer> {
    const { method = "GET", body, headers = {}, token } = options;
    const { server, ca, cert, key } = this.access;
    const bytes =
      body === undefined || typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const requestOptions: RequestOptions = {
      method,
      ca,
      agent: this.#agent,
      headers: {
        ...(bytes === undefined ? {} : { "content-type": "application/json" }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(token === undefined ? { cert, key } : {}),
    };
    return new Promise((resolve, reject) => {
      const req = request(`${server}${path}`, requestOptions, (res) => {
        const chunks: Buffer[] = [];
        res.on("data", (chunk: Buffer) => chunks.push(chunk));
        res.on("error", reject);
        res.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: res.statusCode ?? 0, headers: res.headers, text, json: parsed(text) });
        });
      });
      req.on("error", reject);
      req.end(bytes);
    });
  }

  /** Asks for another protocol and then sends `text`; all that comes back until nothing more does. */
  upgrade(path: string, protocol: string, text: string): Promise<string> {
    const { server, ca, cert, key } = this.access;
    const { hostname, port } = new URL(server);
    const socket = connect({ host: hostname, port: Number(port), ca, cert, key });
    return new Promise((resolve, reject) => {
      let answer = "";
      const timer = setTimeout(() => socket.destroy(), 2_000);
      socket.setEncoding("utf8").on("data", (part: string) => {
        answer += part;
        if (answer.endsWith(text)) socket.destroy();
        else if (answer.startsWith("HTTP/1.1 101") && answer.endsWith("\r\n\r\n")) socket.write(text);
      });
      socket.on("error", reject).on("close", () => {
        clearTimeout(timer);
        resolve(answer);
      });
      socket.write(
        `GET ${path} HTTP/1.1\r\nhost: ${hostname}\r\nconnection: Upgrade\r\nupgrade: ${protocol}\r\n\r\n`,
      );
    });
  }

  /** An object by its path below the namespace: `pods/web`, or `apps/v1 deployments/web`. */
  async get(what: string): Promise<Json> {
    const answer = await this.api(this.path(what));
    if (answer.status !== 200) throw new Error(answer.text);
    return answer.json;
  }

  /** Whether there is such an object. */
  async has(what: string): Promise<boolean> {
    return (await this.api(this.path(what))).status === 200;
  }

  path(what: string): string {
    const [first, second] = what.split(" ");
    const root = second === undefined ? "/api/v1" : `/apis/${first}`;
    return `${root}/namespaces/${this.namespace}/${second ?? first}`;
  }

  pod(name: string): Promise<Pod & Json> {
    return this.get(`pods/${name}`);
  }

  /** The pod, once it is as wanted. */
  async untilPod(
    name: string,
    what: string,
    isSo: (pod: Pod & Json) => unknown,
    timeoutMs = 30_000,
  ): Promise<Pod & Json> {
    let last: Json;
    try {
      return await eventually(
        `pod ${name} ${what}`,
        async () => {
          last = await this.pod(name);
          return isSo(last) ? last : undefined;
        },
        timeoutMs,
        40,
      );
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}\n${JSON.stringify(last?.status)}`);
    }
  }

  untilPhase(name: string, phase: string, timeoutMs?: number): Promise<Pod & Json> {
    return this.untilPod(name, phase, (pod) => pod.status.phase === phase, timeoutMs);
  }

  untilReady(name: string, timeoutMs?: number): Promise<Pod & Json> {
    return this.untilPod(name, "Ready", (pod) => conditionOf(pod, "Ready") === "True", timeoutMs);
  }

  async untilGone(what: string, timeoutMs?: number): Promise<void> {
    await eventually(`${what} gone`, async () => !(await this.has(what)), timeoutMs);
  }

  /** What a pod's container has written so far. */
  async logs(pod: string, container?: string): Promise<string> {
    return this.must("logs", pod, ...(container ? ["-c", container] : []));
  }

  /** What `kubectl get pod` shows in its STATUS column. */
  async shownStatus(pod: string): Promise<string | undefined> {
    return (await this.must("get", "pod", pod, "--no-headers")).trim().split(/ {2,}/)[2];
  }

  exec(pod: string, ...command: string[]): Promise<RunResult> {
    return this.kubectl("exec", pod, "--", ...command);
  }

  /** `reason: message` of the events of an object, in the order in which they came. */
  async events(name: string): Promise<string[]> {
    const list = await this.get(`events?fieldSelector=involvedObject.name=${name}`);
    const inOrder = (list.items as Json[]).sort((a, b) =>
      (a.firstTimestamp ?? a.eventTime ?? "").localeCompare(b.firstTimestamp ?? b.eventTime ?? ""),
    );
    return inOrder.map((event) => `${event.reason}: ${event.message}`);
  }
}

export function conditionOf(object: Json, type: string): string | undefined {
  return object.status?.conditions?.find((condition: Json) => condition.type === type)?.status;
}

/** A pod of one busybox container that runs a script; more of its spec may be given. */
export function shellPod(name: string, script: string, spec: Json = {}, container: Json = {}): Json {
  return podOf(name, [{ name: "main", ...shell(script), ...container }], spec);
}

/** A pod of one Node.js container that runs a program. */
export function nodePod(name: string, program: string, spec: Json = {}, container: Json = {}): Json {
  return podOf(
    name,
    [
      {
        name: "main",
        image: "node:24",
        imagePullPolicy: "IfNotPresent",
        command: ["node", "-e", program],
        ...container,
      },
    ],
    spec,
  );
}

export function podOf(name: string, containers: Json[], spec: Json = {}): Json {
  const { labels, annotations, ...rest } = spec;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: name, ...labels }, ...(annotations ? { annotations } : {}) },
    spec: { terminationGracePeriodSeconds: 1, ...rest, containers },
  };
}

/** The part of a container that runs a script in busybox. */
export function shell(script: string): Json {
  return { image: "busybox", imagePullPolicy: "IfNotPresent", command: ["sh", "-c", script] };
}

export function configMap(name: string, data: Record<string, string>): Json {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data };
}

function readAccess(path: string): Access {
  const config = load(readFileSync(path, "utf8")) as Json;
  const decode = (text: string) => Buffer.from(text, "base64");
  const { cluster } = config.clusters[0];
  const { user } = config.users[0];
  return {
    server: cluster.server,
    ca: decode(cluster["certificate-authority-data"]),
    cert: decode(user["client-certificate-data"]),
    key: decode(user["client-key-data"]),
  };
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
