import { randomInt } from "node:crypto";
import { invalidArgument, isGantryError, notFound, rfc3339Seconds, systemClock } from "../../base/index.ts";
import {
  BOOTSTRAP_TOKEN_TYPE,
  type ConfigMap,
  configMaps,
  type Secret,
  secrets,
  secretText,
  tokenLifeMs,
} from "../../kube/api/index.ts";
import type { ParsedArguments } from "../arguments.ts";
import { durationMs } from "../duration.ts";
import { caHashOf, formatJoinToken } from "../join-token.ts";
import type { AdminAccess } from "./admin-access.ts";
import { roughTime, table } from "./table.ts";
import { TOKEN_USAGE } from "./usage.ts";
import { runVerb, type Verb } from "./verb.ts";

const DAY_MS = 24 * 3600_000;
const NAMESPACE = "kube-system";
const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
const USAGES = ["authentication", "signing"];

const VERBS: Record<string, Verb> = {
  create: {
    options: {
      ttl: { type: "string" },
      description: { type: "string" },
      usages: { type: "string" },
      "print-join-command": { type: "boolean" },
    },
    run: create,
  },
  list: { options: { json: { type: "boolean" } }, run: list },
  delete: { takesNames: true, options: {}, run: remove },
};

/** Bootstrap tokens: by which machines join. They are Secrets of kube-system, as kubeadm's. */
export function token(args: readonly string[]): Promise<number> {
  return runVerb({ what: "token", verbs: VERBS, usage: TOKEN_USAGE }, args);
}

async function create(admin: AdminAccess, parsed: ParsedArguments): Promise<string> {
  const ttl = parsed.text("ttl");
  // As kubeadm: 0 is for ever.
  const lifeMs = ttl === "0" ? undefined : (durationMs("ttl", ttl, TOKEN_USAGE) ?? DAY_MS);
  const id = randomText(6);
  const secret = randomText(16);
  const fields = {
    "token-id": id,
    "token-secret": secret,
    ...Object.fromEntries(
      usagesOf(parsed.text("usages")).map((usage) => [`usage-bootstrap-${usage}`, "true"]),
    ),
    ...(lifeMs === undefined ? {} : { expiration: rfc3339Seconds(systemClock.nowMs() + lifeMs) }),
    description: parsed.text("description") ?? "made by 'gantry token create'",
  };
  const data = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, Buffer.from(value).toString("base64")]),
  );
  await admin.client.create<Secret>(secrets, {
    metadata: { namespace: NAMESPACE, name: `bootstrap-token-${id}` },
    type: BOOTSTRAP_TOKEN_TYPE,
    data,
  });
  const text = formatJoinToken({ id, secret, caHash: caHashOf(admin.caPem) });
  if (!parsed.flag("print-join-command")) return `${text}\n`;
  return `gantry agent --server ${await serverAddress(admin)} --token ${text}\n`;
}

/** What a token is for: to say who one is, to know the cluster by, or both. */
function usagesOf(text: string | undefined): string[] {
  if (text === undefined) return USAGES;
  const wanted = text.split(",").map((one) => one.trim());
  const unknown = wanted.find((one) => !USAGES.includes(one));
  if (unknown === undefined) return wanted;
  throw invalidArgument(`--usages takes a list of ${USAGES.join(", ")}, not "${unknown}"`, {
    hint: `usage: ${TOKEN_USAGE}`,
    code: "Cli.Usage",
  });
}

/** By which other machines reach the server; the home's kubeconfig has the loopback's. */
async function serverAddress({ client, server }: AdminAccess): Promise<string> {
  const { data } = await client.get<ConfigMap>(configMaps, "kube-public", "cluster-info");
  return /server: (https:\S+)/.exec(data?.kubeconfig ?? "")?.[1] ?? server;
}

async function list({ client }: AdminAccess, parsed: ParsedArguments): Promise<string> {
  const fieldSelector = `type=${BOOTSTRAP_TOKEN_TYPE}`;
  const { items } = await client.list<Secret>(secrets, { namespace: NAMESPACE, fieldSelector });
  const nowMs = systemClock.nowMs();
  const tokens = items.map((secret) => {
    const lifeMs = tokenLifeMs(secret, nowMs);
    return {
      id: secretText(secret, "token-id"),
      expires: secretText(secret, "expiration") || null,
      ttlSeconds: Number.isFinite(lifeMs) ? Math.round(lifeMs / 1000) : null,
      usages: USAGES.filter((usage) => secretText(secret, `usage-bootstrap-${usage}`) === "true"),
      description: secretText(secret, "description"),
    };
  });
  if (parsed.flag("json")) return `${JSON.stringify(tokens, null, 2)}\n`;
  const rows = tokens.map(({ id, ttlSeconds, expires, usages, description }) => [
    id,
    ttlSeconds === null ? "<forever>" : ttlSeconds === 0 ? "<expired>" : roughTime(ttlSeconds * 1000),
    expires ?? "<never>",
    usages.join(",") || "<none>",
    description || "<none>",
  ]);
  return table(["ID", "TTL", "EXPIRES", "USAGES", "DESCRIPTION"], rows);
}

async function remove(
  { client }: AdminAccess,
  _parsed: ParsedArguments,
  ids: readonly string[],
): Promise<string> {
  let text = "";
  for (const given of ids) {
    // The whole token is as good as its id.
    const id = /(?:^|::)([a-z0-9]{6})(?:\.[a-z0-9]{16})?$/.exec(given)?.[1];
    if (id === undefined) throw invalidArgument(`"${given}" is no token and no token's id`);
    try {
      await client.delete(secrets, NAMESPACE, `bootstrap-token-${id}`);
    } catch (error) {
      if (isGantryError(error, "NotFound")) throw notFound(`there is no token ${id}`);
      throw error;
    }
    text += `token ${id} deleted\n`;
  }
  return text;
}

function randomText(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}
