import { isAbsolute, join } from "node:path";
import { invalidArgument, notImplemented } from "../../base/index.ts";
import {
  type BuildRequest,
  hostLines,
  LABEL,
  type Project,
  type Service,
  type Ulimit,
} from "../../compose/index.ts";
import { extraHosts } from "../request/extra-hosts.ts";
import { entitlementsOf, frontendAttributes } from "../request/frontend-attributes.ts";
import { attestationAttributes } from "../request/parse-attestations.ts";
import { parseCaches } from "../request/parse-caches.ts";
import { type SecretSource, secretReaders } from "../request/parse-secrets.ts";
import type { BuildSpec } from "../types.ts";

type ServiceBuild = NonNullable<Service["build"]>;

/** A service's `build` as one of BuildKit's, without its contexts (docker/compose, prepareBakeBuild). */
export function serviceBuildSpec({ project, service, image, options }: BuildRequest): BuildSpec {
  const build = service.build!;
  refuse(service.name, build);
  const network = build.network ?? "";
  const entitlements = [...(build.entitlements ?? []), ...(build.privileged ? ["security.insecure"] : [])];
  return {
    frontendAttributes: {
      ...frontendAttributes({
        buildArgs: buildArgs(project, build, options.args),
        labels: labelsOf(project, service),
        target: build.target ?? "",
        platforms: build.platforms ?? (service.platform ? [service.platform] : []),
        noCache: options.noCache || build.no_cache === true,
        noCacheFilter: [],
        pull: options.pull || build.pull === true,
        network,
        extraHosts: extraHosts(hostLines(build.extra_hosts, "=")),
        shmSizeBytes: Number(build.shm_size ?? 0),
        ulimits: Object.entries(build.ulimits ?? {}).map(([name, limit]) => ulimitText(name, limit)),
        cgroupParent: "",
        limits: options.memory === undefined ? {} : { memory: String(options.memory) },
      }),
      ...attestationAttributes({
        provenance: options.provenance || (build.provenance ?? ""),
        sbom: options.sbom || (build.sbom ?? ""),
        attest: [],
      }),
    },
    exporters: [{ type: "image", attributes: { name: [...(build.tags ?? []), image].join(",") } }],
    cacheImports: parseCaches(build.cache_from ?? []),
    cacheExports: parseCaches(build.cache_to ?? []),
    entitlements: entitlementsOf(entitlements, network),
    isInternal: false,
  };
}

function ulimitText(name: string, { single = 0, soft = single, hard = single }: Ulimit = {}): string {
  return `${name}=${soft}:${hard}`;
}

function refuse(name: string, { isolation, network }: ServiceBuild): void {
  if (isolation && isolation !== "default")
    throw notImplemented(`service ${name}: build.isolation ${JSON.stringify(isolation)} is of Windows`);
  if (network && !["default", "host", "none"].includes(network))
    throw invalidArgument(`network mode ${JSON.stringify(network)} not supported by buildkit`);
}

/** Arguments without a value are those of the environment, where it has them. */
function buildArgs(project: Project, build: ServiceBuild, given: BuildRequest["options"]["args"]) {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...build.args, ...given })) {
    const resolved = value ?? project.environment.get(name);
    if (resolved !== undefined) found[name] = resolved;
  }
  return found;
}

function labelsOf(project: Project, service: Service): Record<string, string> {
  return {
    ...service.build!.labels,
    [LABEL.project]: project.name,
    [LABEL.service]: service.name,
    [LABEL.version]: service.customLabels[LABEL.version]!,
  };
}

/** Secrets of a build by the ids that its Dockerfile has. */
export function serviceSecrets(project: Project, { build }: Service): Map<string, () => Promise<Buffer>> {
  const sources: SecretSource[] = [];
  const environment: Record<string, string> = {};
  const contents = new Map<string, () => Promise<Buffer>>();
  for (const { source = "", target } of build?.secrets ?? []) {
    const id = target || source;
    const { file, environment: variable, content } = project.secrets[source] ?? {};
    if (variable) {
      environment[variable] = project.environment.get(variable) ?? "";
      sources.push({ id, variable });
    } else if (file) sources.push({ id, file });
    else if (content) contents.set(id, async () => Buffer.from(content));
  }
  return new Map([...secretReaders(sources, environment), ...contents]);
}

/** Where `-f` of the same build would point to. */
export function dockerfileOf({ context = ".", dockerfile = "" }: ServiceBuild): string {
  const isRemote = !isAbsolute(context);
  if (dockerfile === "" || isAbsolute(dockerfile) || isRemote) return dockerfile;
  return join(context, dockerfile);
}

/** Images of other services are built before, and have their names. */
export function namedContextsOf(
  { build }: Service,
  imageOf: (service: string) => string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(build?.additional_contexts ?? {}).map(([name, place]) => {
      const other = /^service:(.+)$/.exec(place)?.[1];
      return [name, other === undefined ? place : `docker-image://${imageOf(other)}`];
    }),
  );
}
