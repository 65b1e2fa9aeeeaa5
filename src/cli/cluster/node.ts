import { GantryError, isGantryError, notFound, systemClock } from "../../base/index.ts";
import { leases, NODE_LEASE_NAMESPACE, type Node, nodes } from "../../kube/api/index.ts";
import type { KubeClient } from "../../kube/client/index.ts";
import type { ParsedArguments } from "../arguments.ts";
import { durationMs } from "../duration.ts";
import type { AdminAccess } from "./admin-access.ts";
import { drainNode } from "./drain-node.ts";
import { roughTime, table } from "./table.ts";
import { NODE_USAGE } from "./usage.ts";
import { runVerb, type Verb } from "./verb.ts";

const ROLE = "node-role.kubernetes.io/";
const DRAIN_MS = 5 * 60_000;
const DRAIN_OPTIONS = { timeout: { type: "string" }, force: { type: "boolean" } } as const;

const VERBS: Record<string, Verb> = {
  list: { options: { json: { type: "boolean" } }, run: list },
  drain: { takesNames: true, options: DRAIN_OPTIONS, run: drain },
  remove: { takesNames: true, options: DRAIN_OPTIONS, run: remove },
};

/** The machines of the cluster. */
export function node(args: readonly string[]): Promise<number> {
  return runVerb({ what: "node", verbs: VERBS, usage: NODE_USAGE }, args);
}

async function list({ client }: AdminAccess, parsed: ParsedArguments): Promise<string> {
  const { items } = await client.list<Node>(nodes);
  const told = items.map((one) => ({
    name: one.metadata.name,
    status: statusOf(one),
    roles: rolesOf(one),
    address: one.status?.addresses?.find(({ type }) => type === "InternalIP")?.address ?? null,
    podCidr: one.spec?.podCIDR ?? null,
    version: one.status?.nodeInfo?.kubeletVersion ?? null,
    createdAt: one.metadata.creationTimestamp,
  }));
  if (parsed.flag("json")) return `${JSON.stringify(told, null, 2)}\n`;
  const nowMs = systemClock.nowMs();
  const rows = told.map(({ name, status, roles, address, podCidr, version, createdAt }) => [
    name,
    status,
    roles.join(",") || "<none>",
    address ?? "<none>",
    podCidr ?? "<none>",
    version ?? "<unknown>",
    roughTime(nowMs - Date.parse(createdAt ?? "")),
  ]);
  return table(["NAME", "STATUS", "ROLES", "ADDRESS", "PODS", "VERSION", "AGE"], rows);
}

async function drain(
  { client }: AdminAccess,
  parsed: ParsedArguments,
  names: readonly string[],
): Promise<string> {
  let text = "";
  for (const name of names) {
    await existing(client, name);
    const evicted = await drainNode(client, name, drainOptions(parsed));
    text += `node ${name} drained: ${evicted} pods evicted\n`;
  }
  return text;
}

async function remove(
  { client }: AdminAccess,
  parsed: ParsedArguments,
  names: readonly string[],
): Promise<string> {
  let text = "";
  for (const name of names) {
    const known = await existing(client, name);
    if (isReady(known) && !parsed.flag("force")) throw stillRuns(name);
    await client.delete(nodes, undefined, name);
    await client.delete(leases, NODE_LEASE_NAMESPACE, name).catch(unlessGone);
    text += `node ${name} removed\n`;
  }
  return text;
}

function stillRuns(name: string): GantryError {
  return new GantryError("Conflict", `the agent of node ${name} runs, and would bring the node back`, {
    code: "Cli.NodeRuns",
    hint: `drain it with 'gantry node drain ${name}', stop it there with 'gantry down', and remove it once it is NotReady; --force removes it all the same`,
  });
}

async function existing(client: KubeClient, name: string): Promise<Node> {
  try {
    return await client.get<Node>(nodes, undefined, name);
  } catch (error) {
    if (isGantryError(error, "NotFound")) throw notFound(`there is no node ${name}`);
    throw error;
  }
}

function drainOptions(parsed: ParsedArguments) {
  const timeoutMs = durationMs("timeout", parsed.text("timeout"), NODE_USAGE) ?? DRAIN_MS;
  return { timeoutMs, force: parsed.flag("force") };
}

function statusOf(one: Node): string {
  const ready = isReady(one) ? "Ready" : "NotReady";
  return one.spec?.unschedulable ? `${ready},SchedulingDisabled` : ready;
}

function isReady({ status }: Node): boolean {
  return (status?.conditions ?? []).some((one) => one.type === "Ready" && one.status === "True");
}

function rolesOf({ metadata }: Node): string[] {
  return Object.keys(metadata.labels ?? {})
    .filter((label) => label.startsWith(ROLE))
    .map((label) => label.slice(ROLE.length));
}

function unlessGone(error: unknown): void {
  if (!isGantryError(error, "NotFound")) throw error;
}
