import { imageOf, type Project, withSelectedServices, withServicesEnabled } from "../model/index.ts";
import type { ComposeContext } from "./compose-context.ts";
import type { BuildOptions } from "./image-builder.ts";
import { walkServices } from "./walk-services.ts";

export interface ServicesToBuild {
  /** All where none is named. */
  services: readonly string[];
  /** Also what they need. */
  dependencies: boolean;
  options: BuildOptions;
}

/** Builds the images of services that are built here, unless they are there already. Returns ids by image name. */
export async function buildImages(
  context: ComposeContext,
  project: Project,
  { services, dependencies, options }: ServicesToBuild,
  isPresent: (image: string) => boolean,
): Promise<Map<string, string>> {
  const names = withBuildDependencies(
    project,
    services.length > 0 ? services : Object.keys(project.services),
  );
  const enabled = withServicesEnabled(project, names);
  const chosen = withSelectedServices(enabled, names, dependencies ? "dependencies" : "nothing");
  const built = new Map<string, string>();
  const ordered = withImageOrder(chosen);
  await walkServices(
    ordered,
    async (name) => {
      const service = ordered.services[name]!;
      if (!service.build) return;
      const image = imageOf(service, project, context.separator);
      if (isPresent(image) && service.pull_policy !== "build") return;
      const event = `Service ${name}`;
      context.report.working(event, "Building");
      built.set(image, await context.builder.build({ project, service, image, options }));
      context.report.done(event, "Built");
    },
    { parallel: context.parallel },
  );
  return built;
}

/** Images of other services that are contexts of a build have to be built before it. */
function withBuildDependencies(project: Project, names: readonly string[]): string[] {
  const found = new Set<string>();
  const add = (name: string) => {
    if (found.has(name)) return;
    found.add(name);
    for (const other of imageContexts(project, name)) add(other);
  };
  for (const name of names) add(name);
  return [...found];
}

function imageContexts(project: Project, name: string): string[] {
  const service = project.services[name] ?? project.disabledServices[name];
  return Object.values(service?.build?.additional_contexts ?? {})
    .filter((context) => context.startsWith("service:"))
    .map((context) => context.slice("service:".length));
}

/** Order among builds is that of their contexts, not of what runs before what. */
function withImageOrder(project: Project): Project {
  const services = Object.fromEntries(
    Object.entries(project.services).map(([name, service]) => {
      const needs = Object.fromEntries(imageContexts(project, name).map((other) => [other, {}]));
      return [name, { ...service, depends_on: needs }];
    }),
  );
  return { ...project, services };
}
