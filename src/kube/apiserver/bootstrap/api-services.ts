import { jsonEquals } from "../../../formats/index.ts";
import {
  AUTOMANAGED_LABEL,
  apiServices,
  type KindDefinition,
  type KubeObject,
  localApiService,
  localAvailability,
} from "../../api/index.ts";
import type { KubeClient, NewObject } from "../../client/types.ts";
import { unlessChanged } from "./unless-changed.ts";

type LocalApiService = NonNullable<ReturnType<typeof localApiService>>;

/** One object for each version of a group that this server has kinds of. */
export function localApiServices(kinds: readonly KindDefinition[]): LocalApiService[] {
  const names = new Map(kinds.map(({ group, version }) => [`${group}/${version}`, { group, version }]));
  return [...names.values()].flatMap(({ group, version }) => localApiService(group, version) ?? []);
}

/** As they are stored first. */
export function newApiServices(kinds: readonly KindDefinition[], createdAt: string): NewObject[] {
  const status = { conditions: [localAvailability(createdAt)] };
  return localApiServices(kinds).map((service) => ({ ...service, status }));
}

/** Of those that a server made when it started: brings them to what this one makes (upstream's autoregister controller). */
export async function keepApiServices(client: KubeClient, kinds: readonly KindDefinition[]): Promise<void> {
  const wanted = new Map(localApiServices(kinds).map((service) => [service.metadata.name, service]));
  const labelSelector = `${AUTOMANAGED_LABEL}=onstart`;
  const { items } = await client.list<KubeObject>(apiServices, { labelSelector });
  for (const current of items) {
    const { name } = current.metadata;
    const spec = wanted.get(name)?.spec;
    if (!spec) await unlessChanged(client.delete(apiServices, undefined, name));
    else if (!jsonEquals(current.spec, spec))
      await unlessChanged(client.update<KubeObject>(apiServices, { ...current, spec }));
  }
}
