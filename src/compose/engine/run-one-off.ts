import { randomBytes } from "node:crypto";
import type { ContainerSummary } from "../docker/index.ts";
import { type Project, type Service, withServicesDisabled } from "../model/index.ts";
import type { ComposeContext } from "./compose-context.ts";
import { isNotOneOff, listContainers } from "./containers.ts";
import { type CreateOptions, createProject } from "./create.ts";
import { createContainer } from "./create-container.ts";
import { injectFiles } from "./file-injection.ts";
import { ensureImages } from "./images.ts";
import { LABEL } from "./labels.ts";
import { resolveReferences } from "./references.ts";
import { refuseUnsupported } from "./refuse-unsupported.ts";
import { startProject } from "./start.ts";
import { StateChanges } from "./state-changes.ts";
import { waitForDependencies } from "./wait-for.ts";

export interface RunOptions {
  service: string;
  name: string;
  autoRemove: boolean;
  interactive: boolean;
  useAliases: boolean;
  noDeps: boolean;
  /** How what it needs is made. */
  create: CreateOptions;
  /** The service as it shall be for this once. */
  change(service: Service): Service;
}

/** Makes a container of a service for one command, with what the service needs running. It is not started. */
export async function createOneOff(
  context: ComposeContext,
  project: Project,
  options: RunOptions,
): Promise<string> {
  refuseUnsupported(project);
  const others = withServicesDisabled(project, [options.service]);
  await createProject(context, others, options.create);
  if (Object.keys(others.services).length > 0) await startProject(context, others);
  const slug = randomBytes(32).toString("hex");
  const declared = oneOff(context, project, options, slug);
  // What it needs has been seen to.
  const { build } = options.create;
  await ensureImages(
    context,
    { ...project, services: { [declared.name]: declared } },
    { ...options.create, build: build && { ...build, services: [declared.name], dependencies: false } },
  );
  const observed = await listContainers(context.client, project.name, { oneOff: "include", all: true });
  if (!options.noDeps) {
    using changes = new StateChanges(context, project.name);
    await waitForDependencies(context, project, declared.name, declared.depends_on ?? {}, observed, changes);
  }
  const service = resolveReferences(declared, containersBy(observed));
  const event = `Container ${service.container_name}`;
  context.report.working(event, "Creating");
  const { Id: id } = await createContainer(context, project, service, {
    name: service.container_name!,
    number: undefined,
    labels: { ...service.labels, ...service.customLabels },
    autoRemove: options.autoRemove,
    attachInput: options.interactive,
    useAliases: options.useAliases,
  });
  context.report.done(event, "Created");
  await injectFiles(context, project, service, id);
  return id;
}

function containersBy(observed: readonly ContainerSummary[]) {
  return (name: string) =>
    observed.filter(isNotOneOff).filter((container) => container.Labels[LABEL.service] === name);
}

function oneOff({ separator }: ComposeContext, project: Project, options: RunOptions, slug: string): Service {
  const service = options.change(project.services[options.service]!);
  const name = options.name || [project.name, service.name, "run", slug.slice(0, 12)].join(separator);
  const { restart: _, ...rest } = service;
  return {
    ...rest,
    container_name: name,
    scale: 1,
    ...(service.deploy ? { deploy: { ...service.deploy, restart_policy: undefined } } : {}),
    customLabels: { ...service.customLabels, [LABEL.slug]: slug, [LABEL.oneOff]: "True" },
  };
}
