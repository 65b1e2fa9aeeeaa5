import { type Clock, GantryError } from "../../../base/index.ts";
import { parseGoDuration } from "../../../formats/index.ts";
import type { Pod } from "../../api/index.ts";
import type { ExtenderConfig } from "../config/index.ts";
import type { NodeInfo } from "../node-info.ts";
import type { Candidate } from "../preemption/pick-candidate.ts";
import { listMember, mapMember, member, numberMember, textMember } from "./go-fields.ts";
import { type PostJson, postJsonTo } from "./post-json.ts";

const DEFAULT_TIMEOUT_MS = 5_000;
/** Extenders rate up to 10, nodes go to 100. */
const SCORE_FACTOR = 10;

const failed = (message: string) => new GantryError("Unavailable", message, { code: "Scheduler.Extender" });

/** What an extender says of nodes. */
export interface Filtered {
  nodes: readonly NodeInfo[];
  /** By node. */
  refused: readonly { node: string; reason: string; unresolvable: boolean }[];
}

/** Somebody outside who has a say about nodes, by JSON over HTTP (kube-scheduler/extender/v1). */
export class Extender {
  readonly name: string;
  readonly isIgnorable: boolean;
  readonly #config: ExtenderConfig;
  readonly #managed: ReadonlySet<string>;
  readonly #post: PostJson;

  constructor(config: ExtenderConfig, clock: Clock) {
    this.#config = config;
    this.name = config.urlPrefix ?? "";
    this.isIgnorable = config.ignorable ?? false;
    this.#managed = new Set((config.managedResources ?? []).map(({ name = "" }) => name));
    const timeoutMs = (parseGoDuration(config.httpTimeout ?? "") ?? 0) / 1e6 || DEFAULT_TIMEOUT_MS;
    this.#post = postJsonTo(config, timeoutMs, clock);
  }

  get filters(): boolean {
    return Boolean(this.#config.filterVerb);
  }

  get prioritizes(): boolean {
    return Boolean(this.#config.prioritizeVerb);
  }

  get preempts(): boolean {
    return Boolean(this.#config.preemptVerb);
  }

  get binds(): boolean {
    return Boolean(this.#config.bindVerb);
  }

  /** One that manages resources is asked about pods only that want some of them. */
  isInterestedIn({ spec }: Pod): boolean {
    if (this.#managed.size === 0) return true;
    const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
    return containers.some(({ resources }) =>
      [...Object.keys(resources?.requests ?? {}), ...Object.keys(resources?.limits ?? {})].some((name) =>
        this.#managed.has(name),
      ),
    );
  }

  /** Which of the nodes do. Throws where it gives no answer, or one about other nodes. */
  async filter(pod: Pod, nodes: readonly NodeInfo[]): Promise<Filtered> {
    if (!this.filters) return { nodes, refused: [] };
    const answer = await this.#post(this.#config.filterVerb!, this.#nodeArgs(pod, nodes));
    const error = textMember(answer, "Error");
    if (error !== "") throw failed(error);
    const byName = new Map(nodes.map((node) => [node.name, node]));
    const kept = keptNames(answer, this.#config.nodeCacheCapable ?? false).map((name) => {
      const node = byName.get(name);
      if (node) return node;
      throw failed(
        `extender ${JSON.stringify(this.name)} claims a filtered node ${JSON.stringify(name)} which is not found in the input node list`,
      );
    });
    const forGood = mapMember(answer, "FailedAndUnresolvableNodes");
    const known = new Set(forGood.map(([node]) => node));
    const others = mapMember(answer, "FailedNodes").filter(([node]) => !known.has(node));
    const told = (all: typeof forGood, unresolvable: boolean) =>
      all.map(([node, reason]) => ({ node, reason: String(reason), unresolvable }));
    return { nodes: kept, refused: [...told(forGood, true), ...told(others, false)] };
  }

  /** What the nodes' scores gain, by node. */
  async prioritize(pod: Pod, nodes: readonly NodeInfo[]): Promise<ReadonlyMap<string, number>> {
    const answer = await this.#post(this.#config.prioritizeVerb!, this.#nodeArgs(pod, nodes));
    const { weight = 1 } = this.#config;
    const list = Array.isArray(answer) ? answer : [];
    return new Map(
      list.map((one) => [textMember(one, "Host"), numberMember(one, "Score") * weight * SCORE_FACTOR]),
    );
  }

  /** The candidates that it lets stand, perhaps with other victims. `podOn` finds a pod of a node. */
  async preempt(
    pod: Pod,
    candidates: readonly Candidate[],
    podOn: (node: string, uid: string) => Pod | undefined,
  ): Promise<Candidate[]> {
    const isMeta = this.#config.nodeCacheCapable ?? false;
    const victims = Object.fromEntries(
      candidates.map((one) => [
        one.node,
        {
          Pods: isMeta ? one.victims.map(({ metadata }) => ({ UID: metadata.uid })) : one.victims,
          NumPDBViolations: one.violations,
        },
      ]),
    );
    const answer = await this.#post(this.#config.preemptVerb!, {
      Pod: pod,
      NodeNameToVictims: isMeta ? null : victims,
      NodeNameToMetaVictims: isMeta ? victims : null,
    });
    return mapMember(answer, "NodeNameToMetaVictims").map(([node, told]) => ({
      node,
      victims: (listMember(told, "Pods") ?? []).map((one) => this.#victim(node, one, podOn)),
      violations: numberMember(told, "NumPDBViolations"),
    }));
  }

  async bind({ metadata: { namespace, name, uid } }: Pod, node: string): Promise<void> {
    const answer = await this.#post(this.#config.bindVerb!, {
      PodName: name,
      PodNamespace: namespace,
      PodUID: uid,
      Node: node,
    });
    const error = textMember(answer, "Error");
    if (error !== "") throw failed(error);
  }

  #victim(node: string, told: unknown, podOn: (node: string, uid: string) => Pod | undefined): Pod {
    const uid = textMember(told, "UID");
    const victim = podOn(node, uid);
    if (victim) return victim;
    throw failed(
      `extender: ${this.name} claims to preempt pod (UID: ${uid}) on node: ${node}, but the pod is not found on that node`,
    );
  }

  /** Who keeps nodes in mind gets their names only. */
  #nodeArgs(pod: Pod, nodes: readonly NodeInfo[]): object {
    const isCapable = this.#config.nodeCacheCapable ?? false;
    return {
      Pod: pod,
      Nodes: isCapable ? null : { metadata: {}, items: nodes.map(({ node }) => node) },
      NodeNames: isCapable ? nodes.map(({ name }) => name) : null,
    };
  }
}

function keptNames(answer: unknown, isCapable: boolean): readonly string[] {
  const names = isCapable ? listMember(answer, "NodeNames") : undefined;
  if (names) return names.map(String);
  const items = listMember(member(answer, "Nodes"), "items") ?? [];
  return items.map((one) => textMember(member(one, "metadata"), "name"));
}
