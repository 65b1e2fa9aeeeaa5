import { labelSelectorFrom } from "../../../../formats/index.ts";
import { apiVersionOf, type KindDefinition, type KubeObject, type ParamRef } from "../../../api/index.ts";
import type { LookedUp, ObjectLookup } from "../../objects/object-lookup.ts";

/**
 * The parameters of which a binding speaks, as objects of the policy's kind of them; one `undefined` where the binding goes
 * without (policy/generic CollectParams). `namespace` is the request's. Throws what is wrong with the binding.
 */
export async function collectParams(
  lookup: ObjectLookup,
  kind: KindDefinition | undefined,
  ref: ParamRef | undefined,
  namespace: string,
): Promise<(KubeObject | undefined)[]> {
  if (!kind || !ref) return [undefined];
  const where = namespaceOf(kind, ref, namespace);
  const stored = ref.name
    ? await named(lookup, kind, where, ref.name)
    : await selected(lookup, kind, where, ref);
  if (stored.length === 0 && ref.parameterNotFoundAction === "Deny")
    throw new Error("no params found for policy binding with `Deny` parameterNotFoundAction");
  return Promise.all(stored.map((object) => shownAs(kind, object)));
}

function namespaceOf(kind: KindDefinition, ref: ParamRef, namespace: string): string | undefined {
  if (!kind.namespaced) {
    if (ref.namespace)
      throw new Error("paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
    return undefined;
  }
  if (ref.namespace || namespace) return ref.namespace || namespace;
  throw new Error("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources");
}

/** Where the kind's objects lie. */
function placeOf({ group, resource, namespaced, storedAs }: KindDefinition): LookedUp {
  return { group, resource, ...storedAs, namespaced };
}

async function named(
  lookup: ObjectLookup,
  kind: KindDefinition,
  namespace: string | undefined,
  name: string,
): Promise<KubeObject[]> {
  const found = await lookup.get(placeOf(kind), namespace, name);
  return found ? [found] : [];
}

async function selected(
  lookup: ObjectLookup,
  kind: KindDefinition,
  namespace: string | undefined,
  { selector }: ParamRef,
): Promise<KubeObject[]> {
  const chosen = labelSelectorFrom(selector);
  const all = await lookup.list(placeOf(kind), namespace);
  return all.filter(({ metadata }) => chosen.matches(metadata.labels ?? {}));
}

const views = new WeakMap<KubeObject, Map<KindDefinition, Promise<KubeObject>>>();

/** A stored object as one of the kind. What was made once is kept with the object. */
function shownAs(kind: KindDefinition, stored: KubeObject): Promise<KubeObject> {
  const ofObject = views.get(stored) ?? new Map<KindDefinition, Promise<KubeObject>>();
  views.set(stored, ofObject);
  const known = ofObject.get(kind);
  if (known) return known;
  const view = viewOf(kind, stored);
  ofObject.set(kind, view);
  view.catch(() => ofObject.delete(kind));
  return view;
}

async function viewOf(kind: KindDefinition, stored: KubeObject): Promise<KubeObject> {
  if (kind.storedAs) return kind.storedAs.fromStored(stored);
  if (!kind.conversion || stored.apiVersion === apiVersionOf(kind)) return stored;
  const [shown] = await kind.conversion.show([stored]);
  return shown!;
}
