import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Clock } from "../../../base/index.ts";
import { peerOf } from "../../../http/index.ts";
import { subjectAccessReviews, tokenReviews } from "../../api/index.ts";
import type { KubeClient, UserInfo } from "../../client/index.ts";

export interface RequestAccessOptions {
  client: KubeClient;
  nodeName: string;
  clock: Clock;
}

export type Access = { code: 200 } | { code: 401 | 403; message: string };

/** How long answers of the API hold (upstream's kubelet defaults for webhook authentication and authorization). */
const TOKEN_MS = 2 * 60_000;
const ALLOWED_MS = 5 * 60_000;
const DENIED_MS = 30_000;
const MAX_KNOWN = 1024;

/** Whoever asks the kubelet must be known to the cluster, and the API must let him: there is nobody that may without being asked for. */
export class RequestAccess {
  readonly #options: RequestAccessOptions;
  readonly #users = new Map<string, { user: UserInfo | undefined; untilMs: number }>();
  readonly #verdicts = new Map<string, { allowed: boolean; untilMs: number }>();

  constructor(options: RequestAccessOptions) {
    this.#options = options;
  }

  async check(req: IncomingMessage, path: string): Promise<Access> {
    const user = await this.#userOf(req);
    if (!user) return { code: 401, message: "Unauthorized" };
    const verb = VERBS[req.method ?? ""] ?? "";
    for (const subresource of subresourcesFor(path))
      if (await this.#isAllowed(user, verb, subresource)) return { code: 200 };
    const asked = subresourcesFor(path).join(" ");
    const message = `Forbidden (user=${user.name}, verb=${verb}, resource=nodes, subresource(s)=[${asked}])`;
    return { code: 403, message };
  }

  async #userOf(req: IncomingMessage): Promise<UserInfo | undefined> {
    const peer = peerOf(req);
    // A connection may last longer than the certificate.
    if (peer && peer.validToMs > this.#options.clock.nowMs())
      return { name: peer.commonName, groups: [...peer.organizations, "system:authenticated"] };
    const token = /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? "")?.[1];
    if (token === undefined) return undefined;
    const { client, clock } = this.#options;
    const key = createHash("sha256").update(token).digest("base64");
    const known = this.#users.get(key);
    if (known && known.untilMs > clock.monotonicMs()) return known.user;
    const { status } = await client.create(tokenReviews, { metadata: {}, spec: { token } });
    const told = status?.authenticated ? status.user : undefined;
    const user = told && { name: told.username ?? "", groups: told.groups ?? [], uid: told.uid };
    remember(this.#users, key, { user, untilMs: clock.monotonicMs() + TOKEN_MS });
    return user;
  }

  async #isAllowed(user: UserInfo, verb: string, subresource: string): Promise<boolean> {
    const { client, nodeName, clock } = this.#options;
    const key = JSON.stringify([user.name, user.groups, user.uid, verb, subresource]);
    const known = this.#verdicts.get(key);
    if (known && known.untilMs > clock.monotonicMs()) return known.allowed;
    const { status } = await client.create(subjectAccessReviews, {
      metadata: {},
      spec: {
        user: user.name,
        groups: user.groups,
        ...(user.uid === undefined ? {} : { uid: user.uid }),
        resourceAttributes: {
          verb,
          group: "",
          version: "v1",
          resource: "nodes",
          subresource,
          name: nodeName,
        },
      },
    });
    const allowed = status?.allowed === true;
    const untilMs = clock.monotonicMs() + (allowed ? ALLOWED_MS : DENIED_MS);
    remember(this.#verdicts, key, { allowed, untilMs });
    return allowed;
  }
}

const VERBS: Record<string, string> = {
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** What of a node a path is, as the API knows it: any of these lets in (pkg/kubelet/server/auth.go, with KubeletFineGrainedAuthz). */
function subresourcesFor(path: string): string[] {
  const isBelow = (start: string) => path === start || path.startsWith(`${start}/`);
  if (isBelow("/stats")) return ["stats"];
  if (isBelow("/metrics")) return ["metrics"];
  if (isBelow("/logs")) return ["log"];
  if (isBelow("/checkpoint")) return ["checkpoint"];
  if (path === "/pods" || path === "/runningpods") return ["pods", "proxy"];
  if (isBelow("/healthz")) return ["healthz", "proxy"];
  if (path === "/configz") return ["configz", "proxy"];
  return ["proxy"];
}

function remember<T>(known: Map<string, T>, key: string, value: T): void {
  known.delete(key);
  known.set(key, value);
  if (known.size > MAX_KNOWN) known.delete(known.keys().next().value!);
}
