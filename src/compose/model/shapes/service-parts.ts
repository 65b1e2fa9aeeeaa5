import { type Codec, list, mapOf, shape } from "./codec.ts";
import {
  command,
  hosts,
  mapping,
  mappingWithEquals,
  options,
  textList,
  texts,
  ulimit,
} from "./collections.ts";
import {
  alwaysBool,
  bool,
  bytes,
  deviceCount,
  duration,
  fileMode,
  fraction,
  givenDuration,
  givenInteger,
  integer,
  text,
} from "./scalars.ts";

// The order of fields is the plugin's: its hash goes over the JSON of a service (compose-go, types.go).

/** A configuration or a secret where a service wants it. */
export const fileReference = shape({ source: text, target: text, uid: text, gid: text, mode: fileMode });

const sshKeys: Codec<Record<string, string | null>> = {
  ...mappingWithEquals,
  json: (value) => mappingWithEquals.json(value),
  yaml: (value) => {
    const keys = Object.keys(value ?? {});
    return keys.length ? keys.map((key) => (value![key] ? `${key}: ${value![key]}` : key)) : undefined;
  },
};

export const build = shape({
  context: text,
  dockerfile: text,
  dockerfile_inline: text,
  entitlements: texts,
  args: mappingWithEquals,
  provenance: text,
  sbom: text,
  ssh: sshKeys,
  labels: mapping,
  cache_from: textList,
  cache_to: textList,
  no_cache: bool,
  additional_contexts: mapping,
  pull: bool,
  extra_hosts: hosts,
  isolation: text,
  network: text,
  target: text,
  secrets: list(fileReference),
  shm_size: bytes,
  tags: textList,
  ulimits: mapOf(ulimit),
  platforms: textList,
  privileged: bool,
});

/** A command that runs in the container at a moment of its life. */
export const hook = shape({
  command,
  user: text,
  privileged: bool,
  working_dir: text,
  environment: mappingWithEquals,
});

const hookAlways = shape(
  { command, user: text, privileged: bool, working_dir: text, environment: mappingWithEquals },
  { always: true },
);

export const watchTrigger = shape({
  path: {
    ...text,
    json: (value?: string) => JSON.stringify(value ?? ""),
    yaml: (value?: string) => value ?? "",
  },
  action: {
    ...text,
    json: (value?: string) => JSON.stringify(value ?? ""),
    yaml: (value?: string) => value ?? "",
  },
  target: text,
  exec: hookAlways,
  include: texts,
  ignore: texts,
  initial_sync: bool,
});

export const develop = shape({ watch: list(watchTrigger) });

const device = shape({ path: text, weight: integer }, { jsonNames: { path: "Path", weight: "Weight" } });
const throttle = shape({ path: text, rate: bytes }, { jsonNames: { path: "Path", rate: "Rate" } });

export const blkioConfig = shape({
  weight: integer,
  weight_device: list(device),
  device_read_bps: list(throttle),
  device_read_iops: list(throttle),
  device_write_bps: list(throttle),
  device_write_iops: list(throttle),
});

export const deviceMapping = shape({ source: text, target: text, permissions: text });

export const deviceRequest = shape({
  capabilities: texts,
  driver: text,
  count: deviceCount,
  device_ids: texts,
  options: mapping,
});

const updateConfig = shape({
  parallelism: givenInteger,
  delay: duration,
  failure_action: text,
  monitor: duration,
  max_failure_ratio: fraction,
  order: text,
});

const resource = shape({
  cpus: fraction,
  memory: bytes,
  pids: integer,
  devices: list(deviceRequest),
  generic_resources: list(shape({ discrete_resource_spec: shape({ kind: text, value: integer }) })),
});

export const deploy = shape({
  mode: text,
  replicas: givenInteger,
  labels: mapping,
  update_config: updateConfig,
  rollback_config: updateConfig,
  resources: shape({ limits: resource, reservations: resource }, { always: true }),
  restart_policy: shape({
    condition: text,
    delay: givenDuration,
    max_attempts: givenInteger,
    window: givenDuration,
  }),
  placement: shape(
    { constraints: texts, preferences: list(shape({ spread: text })), max_replicas_per_node: integer },
    { always: true },
  ),
  endpoint_mode: text,
});

export const dependency = shape({ condition: text, restart: bool, required: alwaysBool });

const envFileLong = shape({ path: text, required: alwaysBool, format: text });
/** A file of variables; in YAML and JSON its path alone where it must be there. */
export const envFile: typeof envFileLong = {
  read: envFileLong.read,
  json: (value) => (value?.required ? text.json(value.path ?? "") : envFileLong.json(value)),
  yaml: (value) =>
    value?.required ? value.path : { path: value?.path ?? "", required: value?.required ?? false },
};

export const serviceNetwork = shape({
  aliases: texts,
  driver_opts: options,
  gw_priority: integer,
  interface_name: text,
  ipv4_address: text,
  ipv6_address: text,
  link_local_ips: texts,
  mac_address: text,
  priority: integer,
});

export const port = shape({
  name: text,
  mode: text,
  host_ip: text,
  target: integer,
  published: text,
  protocol: text,
  app_protocol: text,
});

export const volumeMount = shape({
  type: text,
  source: text,
  target: text,
  read_only: bool,
  consistency: text,
  bind: shape({ selinux: text, propagation: text, create_host_path: bool, recursive: text }),
  volume: shape({ labels: mapping, nocopy: bool, subpath: text }),
  tmpfs: shape({ size: bytes, mode: integer }),
  image: shape({ subpath: text }),
});
