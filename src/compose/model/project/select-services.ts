import { invalidArgument } from "../../../base/index.ts";
import type { Dependency } from "../shapes/index.ts";
import type { Project, Service } from "./project.ts";

const all = (project: Project): Service[] => [
  ...Object.values(project.services),
  ...Object.values(project.disabledServices),
];

const byName = (services: readonly Service[]): Record<string, Service> =>
  Object.assign(Object.create(null), Object.fromEntries(services.map((service) => [service.name, service])));

/** Services whose profile is active, or that have none. `*` is every profile. */
export function withProfiles(project: Project, profiles: readonly string[]): Project {
  const isActive = ({ profiles: own = [] }: Service) =>
    own.length === 0 || profiles.includes("*") || own.some((one) => profiles.includes(one));
  return {
    ...project,
    services: byName(all(project).filter(isActive)),
    disabledServices: byName(all(project).filter((service) => !isActive(service))),
    profiles,
  };
}

/** Naming a service makes its profiles active. */
export function withServicesEnabled(project: Project, names: readonly string[]): Project {
  if (names.length === 0) return project;
  const added = names
    .filter((name) => !(name in project.services))
    .flatMap((name) => project.disabledServices[name]?.profiles ?? []);
  return withProfiles(project, [...project.profiles, ...added]);
}

export type Along = "dependencies" | "dependents" | "nothing";

/** Only the named services and what comes along with them; all of them where none is named. */
export function withSelectedServices(
  project: Project,
  names: readonly string[],
  along: Along = "dependencies",
): Project {
  if (names.length === 0) return project;
  const selected = new Set<string>();
  collect(project, names, along, selected, {});
  const chosen = Object.values(project.services).filter(({ name }) => selected.has(name));
  const others = Object.values(project.services).filter(({ name }) => !selected.has(name));
  return {
    ...project,
    services: byName(chosen.map((service) => withoutDependencies(service, (name) => !selected.has(name)))),
    disabledServices: { ...project.disabledServices, ...byName(others) },
  };
}

/** All but these, which are no longer waited for. */
export function withServicesDisabled(project: Project, names: readonly string[]): Project {
  const gone = new Set(names);
  const [kept, disabled] = [false, true].map((is) =>
    Object.values(project.services).filter(({ name }) => gone.has(name) === is),
  );
  return {
    ...project,
    services: byName(kept!.map((service) => withoutDependencies(service, (name) => gone.has(name)))),
    disabledServices: { ...project.disabledServices, ...byName(disabled!) },
  };
}

export function withoutDependencies(
  service: Service,
  isGone: (name: string, on: Dependency) => boolean,
): Service {
  if (!service.depends_on) return service;
  const kept = Object.entries(service.depends_on).filter(([name, on]) => !isGone(name, on ?? {}));
  return { ...service, depends_on: Object.fromEntries(kept) };
}

/** Who waits for a service. */
export function dependentsOf(project: Project, name: string): Record<string, Dependency> {
  return Object.fromEntries(
    Object.values(project.services)
      .filter(({ depends_on }) => depends_on && name in depends_on)
      .map((service) => [service.name, service.depends_on![name] ?? {}]),
  );
}

function collect(
  project: Project,
  names: readonly string[],
  along: Along,
  found: Set<string>,
  wanted: Record<string, Dependency | undefined>,
): void {
  for (const pattern of names) {
    const matching = matchNames(Object.keys(project.services), pattern);
    // A dependency that need not be there may be missing.
    if (matching.length === 0 && (!(pattern in wanted) || wanted[pattern]?.required)) {
      throw invalidArgument(`no such service: ${pattern}`);
    }
    for (const name of matching) {
      if (found.has(name)) continue;
      found.add(name);
      const next =
        along === "dependencies"
          ? (project.services[name]!.depends_on ?? {})
          : along === "dependents"
            ? dependentsOf(project, name)
            : {};
      if (Object.keys(next).length > 0) collect(project, Object.keys(next), along, found, next);
    }
  }
}

/** `web*`: names may be patterns of a shell. */
function matchNames(names: readonly string[], pattern: string): string[] {
  if (!/[*?[]/.test(pattern)) return names.filter((name) => name === pattern);
  const source = pattern
    .replace(/[.+^${}()|\\]/g, "\\$&")
    .replaceAll("*", "[^/]*")
    .replaceAll("?", "[^/]");
  try {
    const expression = new RegExp(`^${source}$`);
    return names.filter((name) => expression.test(name));
  } catch {
    return [];
  }
}

/** Without networks, volumes, secrets and configurations that no active service uses. */
export function withoutUnusedResources(project: Project): Project {
  const used = {
    networks: new Set(),
    volumes: new Set(),
    secrets: new Set(),
    configs: new Set(),
    models: new Set(),
  };
  for (const service of Object.values(project.services)) {
    for (const name of Object.keys(service.networks ?? {})) used.networks.add(name);
    for (const { type, source } of service.volumes ?? [])
      if (type === "volume" && source) used.volumes.add(source);
    for (const { source } of [...(service.secrets ?? []), ...(service.build?.secrets ?? [])])
      used.secrets.add(source);
    for (const { source } of service.configs ?? []) used.configs.add(source);
    for (const name of Object.keys(service.models ?? {})) used.models.add(name);
  }
  const keep = <T>(resources: Record<string, T>, names: Set<unknown>): Record<string, T> =>
    Object.fromEntries(Object.entries(resources).filter(([name]) => names.has(name)));
  return {
    ...project,
    networks: keep(project.networks, used.networks),
    volumes: keep(project.volumes, used.volumes),
    secrets: keep(project.secrets, used.secrets),
    configs: keep(project.configs, used.configs),
    models: keep(project.models, used.models),
  };
}
