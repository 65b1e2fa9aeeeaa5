import { invalidArgument } from "../../base/index.ts";
import { type CreateOptions, type Project, type Recreate, scaleOf } from "../../compose/index.ts";
import type { ComposeCall } from "./compose-call.ts";
import { type Flags, type ParsedFlags, usage } from "./flags.ts";

/** Options of `up` and `create`. */
export const CREATE_FLAGS: Flags = {
  build: { type: "flag", help: "Build images before starting containers" },
  "force-recreate": {
    type: "flag",
    help: "Recreate containers even if their configuration and image haven't changed",
  },
  "no-build": { type: "flag", help: "Don't build an image, even if it's policy" },
  "no-recreate": {
    type: "flag",
    help: "If containers already exist, don't recreate them. Incompatible with --force-recreate.",
  },
  pull: { type: "text", default: "policy", help: 'Pull image before running ("always"|"missing"|"never")' },
  "quiet-pull": { type: "flag", help: "Pull without printing progress information" },
  "remove-orphans": { type: "flag", help: "Remove containers for services not defined in the Compose file" },
  scale: {
    type: "list",
    value: "scale",
    help: "Scale SERVICE to NUM instances. Overrides the scale setting in the Compose file if present.",
  },
  yes: { short: "y", type: "flag", help: 'Assume "yes" as answer to all prompts and run non-interactively' },
};

const PULL_POLICIES = ["always", "never", "missing", "build", "policy", "if_not_present"];

export const isTrue = (value: string | undefined): boolean => /^(?:1|t|true|yes|y)$/i.test(value ?? "");

/** Refuses options that contradict each other. */
export function checkCreateFlags(flags: ParsedFlags): void {
  const both = (a: string, b: string) => {
    if (flags.flag(a) && flags.flag(b)) throw usage(`--${a} and --${b} are incompatible`);
  };
  both("build", "no-build");
  if (flags.flag("renew-anon-volumes") && flags.flag("no-recreate")) {
    throw usage("--no-recreate and --renew-anon-volumes are incompatible");
  }
  both("force-recreate", "no-recreate");
  both("always-recreate-deps", "no-recreate");
}

/** Changes a project as the options say: pull policy, scale, platform. */
export function applyCreateFlags(call: ComposeCall, project: Project): void {
  const { flags } = call;
  if (flags.has("pull")) {
    const pull = flags.text("pull");
    if (!PULL_POLICIES.includes(pull)) throw usage(`invalid --pull option ${JSON.stringify(pull)}`);
    for (const service of Object.values(project.services)) service.pull_policy = pull;
  }
  for (const service of Object.values(project.services)) {
    if (flags.flag("build") && service.build) service.pull_policy = "build";
    applyPlatform(project, service.name);
  }
  for (const scale of flags.list("scale")) setScale(project, scale);
}

/** An image that is to run here is for one platform. */
function applyPlatform(project: Project, name: string): void {
  const service = project.services[name]!;
  if (!service.build) return;
  service.platform ||= project.environment.get("DOCKER_DEFAULT_PLATFORM") || undefined;
  const { platforms = [] } = service.build;
  if (!service.platform) {
    // Of several the builder takes its own.
    if (platforms.length > 1) service.build.platforms = undefined;
    return;
  }
  if (platforms.length > 0 && !platforms.includes(service.platform)) {
    throw invalidArgument(
      `service ${JSON.stringify(name)} build configuration does not support platform: ${service.platform}`,
    );
  }
  service.build.platforms = [service.platform];
}

/** `web=3`. */
export function setScale(project: Project, text: string): void {
  const [name = "", count, ...more] = text.split("=");
  if (count === undefined || more.length > 0)
    throw usage(`invalid --scale option ${JSON.stringify(text)}. Should be SERVICE=NUM`);
  if (!/^\d+$/.test(count))
    throw usage(`invalid --scale option ${JSON.stringify(text)}. Should be SERVICE=NUM`);
  const service = project.services[name];
  if (!service) throw invalidArgument(`no such service: ${name}: not found`);
  service.scale = Number(count);
  if (service.deploy) service.deploy.replicas = Number(count);
  if (scaleOf(service) > 1 && service.container_name) {
    throw invalidArgument(
      `services.scale: can't set container_name and ${name} as container name must be unique: invalid compose project`,
    );
  }
}

export function createOptions(
  call: ComposeCall,
  project: Project,
  services: readonly string[],
): CreateOptions {
  const { flags } = call;
  const removeOrphans = flags.has("remove-orphans")
    ? flags.flag("remove-orphans")
    : isTrue(process.env.COMPOSE_REMOVE_ORPHANS);
  const ignoreOrphans = isTrue(project.environment.get("COMPOSE_IGNORE_ORPHANS"));
  if (ignoreOrphans && removeOrphans)
    throw usage("cannot combine COMPOSE_IGNORE_ORPHANS and --remove-orphans");
  const timeoutSeconds = flags.has("timeout") ? flags.number("timeout") : undefined;
  return {
    services,
    recreate: recreateOf(flags),
    recreateDependencies: flags.flag("no-recreate")
      ? "never"
      : flags.flag("always-recreate-deps")
        ? "force"
        : "diverged",
    inherit: !flags.flag("renew-anon-volumes"),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    removeOrphans,
    ignoreOrphans,
    quietPull: flags.flag("quiet-pull"),
    build: flags.flag("no-build")
      ? undefined
      : {
          services,
          dependencies: !flags.flag("no-deps"),
          options: { args: {}, noCache: false, pull: false, quiet: flags.flag("quiet-build") },
        },
    confirm: async (question) => flags.flag("yes") || call.confirm(question),
  };
}

function recreateOf(flags: ParsedFlags): Recreate {
  if (flags.flag("no-recreate")) return "never";
  return flags.flag("force-recreate") || flags.flag("renew-anon-volumes") ? "force" : "diverged";
}
