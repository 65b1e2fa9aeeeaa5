import { type KindDefinition, localApiService, localAvailability } from "../../api/index.ts";
import type { NewObject } from "../../client/types.ts";

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
