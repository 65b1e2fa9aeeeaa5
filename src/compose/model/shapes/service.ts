import type { TreeMap } from "../tree/index.ts";
import { list, mapOf, shape, type ValueOf } from "./codec.ts";
import {
  command,
  healthTest,
  hosts,
  mapping,
  mappingWithEquals,
  multiOptions,
  options,
  textList,
  textOrNumberList,
  texts,
  ulimit,
} from "./collections.ts";
import { bool, bytes, fraction, givenBool, givenDuration, givenInteger, integer, text } from "./scalars.ts";
import * as part from "./service-parts.ts";

const healthcheck = shape({
  test: healthTest,
  timeout: givenDuration,
  interval: givenDuration,
  retries: givenInteger,
  start_period: givenDuration,
  start_interval: givenDuration,
  disable: bool,
});

/** All that can be said of a service, in the plugin's order (compose-go, types.ServiceConfig). */
export const service = shape({
  profiles: texts,
  annotations: mapping,
  attach: givenBool,
  build: part.build,
  develop: part.develop,
  blkio_config: part.blkioConfig,
  cap_add: texts,
  cap_drop: texts,
  cgroup_parent: text,
  cgroup: text,
  cpu_count: integer,
  cpu_percent: fraction,
  cpu_period: integer,
  cpu_quota: integer,
  cpu_rt_period: integer,
  cpu_rt_runtime: integer,
  cpus: fraction,
  cpuset: text,
  cpu_shares: integer,
  command,
  configs: list(part.fileReference),
  container_name: text,
  credential_spec: shape({ config: text, file: text, registry: text }),
  depends_on: mapOf(part.dependency),
  deploy: part.deploy,
  device_cgroup_rules: texts,
  devices: list(part.deviceMapping),
  dns: textList,
  dns_opt: texts,
  dns_search: textList,
  dockerfile: text,
  domainname: text,
  entrypoint: command,
  provider: shape({ type: text, options: multiOptions }),
  environment: mappingWithEquals,
  env_file: list(part.envFile),
  expose: textOrNumberList,
  extends: shape({ file: text, service: text }),
  external_links: texts,
  extra_hosts: hosts,
  group_add: texts,
  gpus: list(part.deviceRequest),
  hostname: text,
  healthcheck,
  image: text,
  init: givenBool,
  ipc: text,
  isolation: text,
  labels: mapping,
  label_file: texts,
  links: texts,
  logging: shape({ driver: text, options }),
  log_driver: text,
  log_opt: options,
  mem_limit: bytes,
  mem_reservation: bytes,
  memswap_limit: bytes,
  mem_swappiness: bytes,
  mac_address: text,
  models: mapOf(shape({ endpoint_var: text, model_var: text })),
  net: text,
  network_mode: text,
  networks: mapOf(part.serviceNetwork),
  oom_kill_disable: bool,
  oom_score_adj: integer,
  pid: text,
  pids_limit: integer,
  platform: text,
  ports: list(part.port),
  privileged: bool,
  pull_policy: text,
  read_only: bool,
  restart: text,
  runtime: text,
  scale: givenInteger,
  secrets: list(part.fileReference),
  security_opt: texts,
  shm_size: bytes,
  stdin_open: bool,
  stop_grace_period: givenDuration,
  stop_signal: text,
  storage_opt: options,
  sysctls: mapping,
  tmpfs: textList,
  tty: bool,
  ulimits: mapOf(ulimit),
  use_api_socket: bool,
  user: text,
  userns_mode: text,
  uts: text,
  volume_driver: text,
  volumes: list(part.volumeMount),
  volumes_from: texts,
  working_dir: text,
  post_start: list(part.hook),
  pre_stop: list(part.hook),
});

export type ServiceFields = ValueOf<typeof service>;
export type Build = ValueOf<typeof part.build>;
export type Deploy = ValueOf<typeof part.deploy>;
export type Dependency = ValueOf<typeof part.dependency>;
export type DeviceRequest = ValueOf<typeof part.deviceRequest>;
export type FileReference = ValueOf<typeof part.fileReference>;
export type HealthCheck = ValueOf<typeof healthcheck>;
export type Hook = ValueOf<typeof part.hook>;
export type Port = ValueOf<typeof part.port>;
export type ServiceNetwork = ValueOf<typeof part.serviceNetwork>;
export type VolumeMount = ValueOf<typeof part.volumeMount>;
export type WatchTrigger = ValueOf<typeof part.watchTrigger>;

export const portOf = (tree: TreeMap): Port => part.port.read(tree, ["port"]);
export const volumeMountOf = (tree: TreeMap): VolumeMount => part.volumeMount.read(tree, ["volume"]);
