import type { Clock } from "../../../base/index.ts";
import type { Store } from "../../../store/types.ts";
import {
  type CustomResourceDefinition,
  customKinds,
  customResourceDefinitions,
  type DefinedBy,
  type GroupVersionKind,
  isConditionTrue,
  type KindCatalog,
  type KindDefinition,
} from "../../api/index.ts";
import { converterOf } from "../custom/convert-objects.ts";
import { FreshObjects } from "../objects/fresh-objects.ts";
import { objectKey } from "../objects/object-keys.ts";
import { type ObjectLookup, StoredLookup } from "../objects/object-lookup.ts";
import { ObjectStore } from "../objects/object-store.ts";
import { StoredObject } from "../objects/stored-object.ts";
import type { TlsAgents } from "../webhook/tls-agents.ts";
import { WebhookClient } from "../webhook/webhook-client.ts";
import { PrefixCache } from "./prefix-cache.ts";

interface Learned {
  revision: number;
  kinds: KindDefinition[];
}

/** The custom kinds that a thread has met: each is read from its definition when the first request for it comes. */
export class LearnedKinds {
  readonly #catalog: KindCatalog;
  readonly #agents: TlsAgents;
  readonly #learned = new Map<string, Learned>();

  constructor(catalog: KindCatalog, agents: TlsAgents) {
    this.#catalog = catalog;
    this.#agents = agents;
  }

  /** A kind by its name, custom or not, as its definition is now. */
  async find(
    { group, version, kind }: GroupVersionKind,
    { lookup, store, clock }: { lookup: ObjectLookup; store: Store; clock: Clock },
  ): Promise<KindDefinition | undefined> {
    const known = this.#catalog.findByKind(group, version, kind);
    if (known && !known.definedBy) return known;
    const definitions = await lookup.list(customResourceDefinitions);
    const found = definitions.find(
      (one) =>
        one.spec.group === group &&
        one.status?.acceptedNames?.kind === kind &&
        isConditionTrue(one as unknown as CustomResourceDefinition, "Established"),
    );
    if (!found) return undefined;
    const { name, resourceVersion } = found.metadata;
    const revision = Number(resourceVersion);
    // What was written before is held to the schemas as they are.
    await this.learn({ name, revision, sinceRevision: revision }, store, clock);
    return this.#catalog.findByKind(group, version, kind);
  }

  /** Enters the kinds of a definition as they are at this revision, or later. */
  async learn({ name, revision, sinceRevision }: DefinedBy, store: Store, clock: Clock): Promise<void> {
    const known = this.#learned.get(name);
    if (known && known.revision >= revision) return;
    const key = objectKey(customResourceDefinitions, undefined, name);
    const { item } = await store.get(key);
    if (!item) return;
    const { object } = new StoredObject(key, item.value, item.modRevision);
    const objects = new ObjectStore({ store, cache: new PrefixCache(), fresh: new FreshObjects(), clock });
    const client = new WebhookClient({ lookup: new StoredLookup(objects), clock, agents: this.#agents });
    const definition = object as unknown as CustomResourceDefinition;
    const kinds = customKinds(definition, { convert: converterOf(definition, client), sinceRevision });
    this.#catalog.replace(known?.kinds ?? [], kinds);
    this.#learned.set(name, { revision: item.modRevision, kinds });
  }
}
