import { invalidArgument } from "../../../base/index.ts";
import { type Project, type Service, scaleOf } from "./project.ts";

const quoted = (text: string | undefined) => JSON.stringify(text ?? "");
const invalid = (message: string) => invalidArgument(`${message}: invalid compose project`);

/** Refuses a service that contradicts itself or speaks of what is not in the project (compose-go, loader/validate.go). */
export function checkService(project: Project, service: Service): void {
  checkImage(project, service);
  checkNetworks(project, service);
  const [first] = service.healthcheck?.test ?? [];
  if (first !== undefined && !["CMD", "CMD-SHELL", "NONE"].includes(first)) {
    throw invalidArgument(`healthcheck.test must start either by "CMD", "CMD-SHELL" or "NONE"`);
  }
  checkDependencies(project, service);
  checkReferences(project, service);
  checkLimits(service);
  checkScale(service);
  for (const { target, action } of service.develop?.watch ?? []) {
    if (!target && action !== "rebuild" && action !== "restart") {
      throw invalid(`services.${service.name}.develop.watch: target is required for non-rebuild actions`);
    }
  }
  checkTargets(service);
}

function checkImage(project: Project, { name, build, image, provider, platform }: Service): void {
  if (!build && !image && !provider) {
    throw invalid(`service ${quoted(name)} has neither an image nor a build context specified`);
  }
  if (!build) return;
  if (build.dockerfile_inline && build.dockerfile) {
    throw invalid(`service ${quoted(name)} declares mutualy exclusive dockerfile and dockerfile_inline`);
  }
  for (const [added, context] of Object.entries(build.additional_contexts ?? {})) {
    if (!context.startsWith("service:")) continue;
    const target = context.slice("service:".length);
    const other = project.services[target];
    if (other?.build) continue;
    throw invalidArgument(
      `service ${quoted(name)} declares ${other ? "non-buildable" : "unknown"} service ${quoted(target)} as additional contexts ${added}`,
    );
  }
  if (platform && build.platforms?.length && !build.platforms.includes(platform)) {
    throw invalid(`service.build.platforms MUST include service.platform ${quoted(platform)}`);
  }
}

function checkNetworks(project: Project, service: Service): void {
  const networks = Object.keys(service.networks ?? {});
  if (service.network_mode && networks.length > 0) {
    throw invalid(`service ${service.name} declares mutually exclusive \`network_mode\` and \`networks\``);
  }
  for (const network of networks) {
    if (!(network in project.networks)) {
      throw invalid(`service ${quoted(service.name)} refers to undefined network ${network}`);
    }
  }
}

function checkDependencies(project: Project, service: Service): void {
  for (const [name, dependency] of Object.entries(service.depends_on ?? {})) {
    if (name in project.services) continue;
    if (name in project.disabledServices && !dependency?.required) continue;
    throw invalid(`service ${quoted(service.name)} depends on undefined service ${quoted(name)}`);
  }
  if (service.network_mode?.startsWith("service:")) {
    const name = service.network_mode.slice("service:".length);
    if (!(name in project.services)) {
      throw invalidArgument(`service ${quoted(name)} not found for network_mode 'service:${name}'`);
    }
  }
}

function checkReferences(project: Project, service: Service): void {
  const undefinedIn = (what: string, name: string | undefined) =>
    invalid(`service ${quoted(service.name)} refers to undefined ${what} ${name}`);
  for (const { type, source } of service.volumes ?? []) {
    if (type === "volume" && source && !(source in project.volumes)) throw undefinedIn("volume", source);
  }
  for (const { source = "" } of service.build?.secrets ?? []) {
    if (!(source in project.secrets)) throw undefinedIn("build secret", source);
  }
  for (const { source = "" } of service.configs ?? []) {
    if (!(source in project.configs)) throw undefinedIn("config", source);
  }
  for (const name of Object.keys(service.models ?? {})) {
    if (!(name in project.models)) throw undefinedIn("model", name);
  }
  for (const { source = "" } of service.secrets ?? []) {
    if (!(source in project.secrets)) throw undefinedIn("secret", source);
  }
}

/** What can be said in two places must be the same in both. */
function checkLimits(service: Service): void {
  const { limits, reservations } = service.deploy?.resources ?? {};
  const both = (own: number | undefined, ownName: string, other: number | undefined, otherName: string) => {
    if (own && other !== undefined && own !== other) {
      throw invalid(
        `services.${service.name}: can't set distinct values on '${ownName}' and 'deploy.resources.${otherName}'`,
      );
    }
  };
  both(service.cpus, "cpus", limits && (limits.cpus ?? 0), "limits.cpus");
  both(service.mem_limit, "mem_limit", limits && (limits.memory ?? 0), "limits.memory");
  both(
    service.mem_reservation,
    "mem_reservation",
    reservations && (reservations.memory ?? 0),
    "reservations.memory",
  );
  both(service.pids_limit, "pids_limit", limits && (limits.pids ?? 0), "limits.pids");
}

function checkScale(service: Service): void {
  const { name, scale, deploy } = service;
  if (scale !== undefined && deploy) {
    if (deploy.replicas !== undefined && scale !== deploy.replicas) {
      throw invalid(`services.${name}: can't set distinct values on 'scale' and 'deploy.replicas'`);
    }
    deploy.replicas = scale;
  }
  if (scale !== undefined && scale < 0) {
    throw invalidArgument(`services.${name}.scale: must be greater than or equal to 0`);
  }
  if ((deploy?.replicas ?? 0) < 0) {
    throw invalidArgument(`services.${name}.deploy.replicas: must be greater than or equal to 0`);
  }
  if (scaleOf(service) > 1 && service.container_name) {
    const attribute = scale === undefined ? "deploy.replicas" : "scale";
    // Attribute and service stand in this order in the original.
    throw invalid(
      `services.${attribute}: can't set container_name and ${name} as container name must be unique`,
    );
  }
}

function checkTargets(service: Service): void {
  const mounts = new Map<string, string>();
  const put = (target: string, place: string) => {
    if (mounts.has(target)) {
      throw invalidArgument(`${place}: target ${target} already mounted as ${mounts.get(target)}`);
    }
    mounts.set(target, place);
  };
  for (const [index, one] of (service.tmpfs ?? []).entries()) {
    put(one.split(":")[0]!, `services.${service.name}.tmpfs[${index}]`);
  }
  for (const [index, { target = "" }] of (service.volumes ?? []).entries()) {
    put(target, `services.${service.name}.volumes[${index}]`);
  }
}
