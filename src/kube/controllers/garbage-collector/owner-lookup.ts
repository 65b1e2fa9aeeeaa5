import { apiVersionOf, parseApiVersion } from "../../api/index.ts";
import type { ApiObject, KindDefinition, OwnerReference } from "../../api/types.ts";
import type { ControllerDependencies } from "../controller.ts";
import { unlessGone } from "../write-errors.ts";
import { FOREGROUND, type GraphNode, type OwnerGraph, waitsForDependents } from "./graph.ts";

/** `waiting`: it is being deleted and waits for its dependents to go first. */
export type OwnerState = "present" | "waiting" | "absent";

const REMEMBERED = 10_000;

/**
 * Says whether an owner is there. A reference must be right in all its parts: an owner of the same uid under another name,
 * or in another namespace, is none.
 */
export class OwnerLookup {
  readonly #graph: OwnerGraph;
  readonly #dependencies: ControllerDependencies;
  /** References that a live look-up has shown to lead nowhere. */
  readonly #absent = new Set<string>();

  constructor(graph: OwnerGraph, dependencies: ControllerDependencies) {
    this.#graph = graph;
    this.#dependencies = dependencies;
  }

  /** By the graph, else by asking the API, because the graph may be a moment behind. */
  async stateOf(reference: OwnerReference, dependent: GraphNode): Promise<OwnerState> {
    const kind = this.#kindOf(reference);
    // Neither a kind that is not served nor a namespaced owner of a cluster-wide object can be judged: nothing is deleted.
    if (!kind || (kind.namespaced && dependent.namespace === undefined)) return "present";
    const known = this.#graph.get(reference.uid);
    if (known && isSame(known, kind, reference, dependent))
      return waitsForDependents(known) ? "waiting" : "present";
    const key = JSON.stringify([
      reference.uid,
      kind.group,
      kind.resource,
      kind.namespaced && dependent.namespace,
      reference.name,
    ]);
    if (this.#absent.has(key)) return "absent";
    const state = await this.#ask(kind, reference, dependent);
    if (state !== "absent") return state;
    if (known && kind.namespaced && known.namespace !== dependent.namespace)
      this.#tellWrongNamespace(reference, dependent);
    if (this.#absent.size >= REMEMBERED) this.#absent.clear();
    this.#absent.add(key);
    return "absent";
  }

  #kindOf({ apiVersion, kind }: OwnerReference): KindDefinition | undefined {
    const { group, version } = parseApiVersion(apiVersion);
    return this.#dependencies.kinds.findByKind(group, version, kind);
  }

  async #ask(kind: KindDefinition, reference: OwnerReference, dependent: GraphNode): Promise<OwnerState> {
    let owner: ApiObject | undefined;
    const namespace = kind.namespaced ? dependent.namespace : undefined;
    await unlessGone(
      this.#dependencies.client.get(kind, namespace, reference.name).then((found) => (owner = found)),
    );
    if (owner?.metadata.uid !== reference.uid) return "absent";
    const { deletionTimestamp, finalizers } = owner.metadata;
    return deletionTimestamp !== undefined && finalizers?.includes(FOREGROUND) ? "waiting" : "present";
  }

  #tellWrongNamespace({ apiVersion, kind, name, uid }: OwnerReference, dependent: GraphNode): void {
    const { namespace, kind: own, resourceVersion } = dependent;
    const subject = {
      apiVersion: apiVersionOf(own),
      kind: own.kind,
      metadata: {
        name: dependent.name,
        uid: dependent.uid,
        resourceVersion,
        ...(namespace === undefined ? {} : { namespace }),
      },
    };
    const text = `ownerRef [${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}] does not exist in namespace "${namespace}"`;
    this.#dependencies.recorder.event(subject, "Warning", "OwnerRefInvalidNamespace", text);
  }
}

function isSame(
  known: GraphNode,
  kind: KindDefinition,
  reference: OwnerReference,
  dependent: GraphNode,
): boolean {
  const sameKind = known.kind.group === kind.group && known.kind.resource === kind.resource;
  return (
    sameKind && known.name === reference.name && (!kind.namespaced || known.namespace === dependent.namespace)
  );
}
