import { type CustomResourceDefinition, customResourceDefinitions } from "../../api/index.ts";
import type { InformerFactory } from "../../client/types.ts";
import type { AutoRegister } from "./auto-register.ts";

/** Groups of definitions come after those of every server; their versions are ordered by name (upstream's crdregistration). */
const GROUP_PRIORITY = 1000;
const VERSION_PRIORITY = 100;

/** Registers each version of a group that a custom resource definition serves, for as long as one does. */
export async function registerCustomGroups(
  informers: InformerFactory,
  registration: AutoRegister,
  signal: AbortSignal,
): Promise<void> {
  const definitions = informers.informer<CustomResourceDefinition>(customResourceDefinitions);
  const look = ({ spec }: CustomResourceDefinition) => {
    for (const { name } of spec.versions) register(spec.group, name);
  };
  const register = (group: string, version: string) => {
    const name = `${version}.${group}`;
    if (![...definitions.list()].some((one) => serves(one, group, version)))
      return registration.dismiss(name);
    const spec = {
      group,
      version,
      groupPriorityMinimum: GROUP_PRIORITY,
      versionPriority: VERSION_PRIORITY,
    };
    registration.want({ name, management: "true", spec });
  };
  await definitions.synced(signal);
  const unsubscribe = definitions.subscribe({
    onAdd: look,
    onUpdate: (next, previous) => {
      look(previous);
      look(next);
    },
    onDelete: look,
  });
  signal.addEventListener("abort", unsubscribe, { once: true });
}

function serves({ spec }: CustomResourceDefinition, group: string, version: string): boolean {
  return spec.group === group && spec.versions.some(({ name, served }) => name === version && served);
}
