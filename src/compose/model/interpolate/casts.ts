import { PathRules, type Tree } from "../tree/index.ts";

/** Makes of a variable's text what its place needs; throws what compose says where it cannot. */
export type Cast = (text: string, warn: (message: string) => void) => Tree;

export function toInteger(text: string): number {
  if (!/^[-+]?\d+$/.test(text))
    throw new Error(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

function toFloat(text: string): number {
  if (!/^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text)) {
    throw new Error(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Number(text);
}

export function toBoolean(text: string, warn: (message: string) => void = () => {}): boolean {
  const lower = text.toLowerCase();
  if (lower === "true" || lower === "false") return lower === "true";
  const old = { y: true, yes: true, on: true, n: false, no: false, off: false }[lower];
  if (old === undefined) throw new Error(`invalid boolean: ${text}`);
  warn(`${JSON.stringify(text)} for boolean is not supported by YAML 1.2, please use \`${old}\``);
  return old;
}

const ofService = (casts: Record<string, Cast>) =>
  Object.fromEntries(Object.entries(casts).map(([path, cast]) => [`services.*.${path}`, cast]));

/** Where a text that came from a variable is a number or a truth value (compose-go, loader/interpolate.go). */
export const CASTS = new PathRules<Cast>({
  ...ofService({
    cpu_count: toInteger,
    cpu_percent: toFloat,
    cpu_period: toInteger,
    cpu_quota: toInteger,
    cpu_rt_period: toInteger,
    cpu_rt_runtime: toInteger,
    cpus: toFloat,
    cpu_shares: toInteger,
    init: toBoolean,
    "deploy.replicas": toInteger,
    "deploy.update_config.parallelism": toInteger,
    "deploy.update_config.max_failure_ratio": toFloat,
    "deploy.rollback_config.parallelism": toInteger,
    "deploy.rollback_config.max_failure_ratio": toFloat,
    "deploy.restart_policy.max_attempts": toInteger,
    "deploy.placement.max_replicas_per_node": toInteger,
    "healthcheck.retries": toInteger,
    "healthcheck.disable": toBoolean,
    oom_kill_disable: toBoolean,
    oom_score_adj: toInteger,
    pids_limit: toInteger,
    "ports.[].target": toInteger,
    privileged: toBoolean,
    read_only: toBoolean,
    scale: toInteger,
    stdin_open: toBoolean,
    tty: toBoolean,
    "ulimits.*": toInteger,
    "ulimits.*.hard": toInteger,
    "ulimits.*.soft": toInteger,
    "volumes.[].read_only": toBoolean,
    "volumes.[].volume.nocopy": toBoolean,
  }),
  "networks.*.external": toBoolean,
  "networks.*.internal": toBoolean,
  "networks.*.attachable": toBoolean,
  "networks.*.enable_ipv4": toBoolean,
  "networks.*.enable_ipv6": toBoolean,
  "volumes.*.external": toBoolean,
  "secrets.*.external": toBoolean,
  "configs.*.external": toBoolean,
});
