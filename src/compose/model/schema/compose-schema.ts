import {
  anyOf,
  choice,
  closed,
  either,
  flag,
  integer,
  list,
  named,
  number,
  open,
  orNull,
  record,
  ref,
  type Schema,
  set,
  text,
} from "./builders.ts";
import { SERVICE } from "./service-schema.ts";

const update = record({
  parallelism: integer,
  delay: text,
  failure_action: text,
  monitor: text,
  max_failure_ratio: number,
  order: choice("start-first", "stop-first"),
});

const deviceRequest = {
  capabilities: set(text),
  count: integer,
  device_ids: set(text),
  driver: text,
  options: ref("listOrMap"),
};

const deploy = orNull(
  record({
    mode: text,
    endpoint_mode: text,
    replicas: integer,
    labels: ref("listOrMap"),
    rollback_config: update,
    update_config: update,
    resources: record({
      limits: record({ cpus: number, memory: text, pids: integer }),
      reservations: record({
        cpus: number,
        memory: text,
        generic_resources: list(record({ discrete_resource_spec: record({ kind: text, value: number }) })),
        devices: list(record(deviceRequest, ["capabilities"])),
      }),
    }),
    restart_policy: record({ condition: text, delay: text, max_attempts: integer, window: text }),
    placement: record({
      constraints: list(text),
      preferences: list(record({ spread: text })),
      max_replicas_per_node: integer,
    }),
  }),
);

const external: Schema = { type: ["boolean", "string", "object"], properties: { name: text } };
const closedExternal: Schema = { ...external, additionalProperties: false, patternProperties: { "^x-": {} } };

const network = orNull(
  record({
    name: text,
    driver: text,
    driver_opts: open(anyOf("string", "number")),
    ipam: record({
      driver: text,
      config: list(
        record({
          subnet: text,
          ip_range: text,
          gateway: text,
          aux_addresses: { ...open(text), additionalProperties: false },
        }),
      ),
      options: { ...open(text), additionalProperties: false },
    }),
    external: closedExternal,
    internal: flag,
    enable_ipv4: flag,
    enable_ipv6: flag,
    attachable: flag,
    labels: ref("listOrMap"),
  }),
);

const volume = orNull(
  record({
    name: text,
    driver: text,
    driver_opts: open(anyOf("string", "number")),
    external: closedExternal,
    labels: ref("listOrMap"),
  }),
);

const secret = record({
  name: text,
  environment: text,
  file: text,
  external,
  labels: ref("listOrMap"),
  driver: text,
  driver_opts: open(anyOf("string", "number")),
  template_driver: text,
});

const config = record({
  name: text,
  content: text,
  environment: text,
  file: text,
  external,
  labels: ref("listOrMap"),
  template_driver: text,
});

const scalarOrNull = anyOf("string", "number", "boolean", "null");

/** What a Compose file may say (compose-spec): the facts of its schema, in our words. */
export const COMPOSE: Schema = {
  type: "object",
  properties: {
    version: text,
    name: text,
    include: list(
      either(text, closed({ path: ref("textOrList"), env_file: ref("textOrList"), project_directory: text })),
    ),
    services: named(SERVICE),
    models: named(
      record({ name: text, model: text, context_size: { type: "integer" }, runtime_flags: list(text) }, [
        "model",
      ]),
      false,
    ),
    networks: named(network, false),
    volumes: named(volume),
    secrets: named(secret),
    configs: named(config),
  },
  patternProperties: { "^x-": {} },
  additionalProperties: false,
  definitions: {
    deploy,
    command: either({ type: "null" }, text, list(text)),
    textOrList: either(text, set(text)),
    listOrMap: either({ ...open(scalarOrNull), additionalProperties: false }, set(text)),
    hosts: either({ ...open(either(text, list(text))), additionalProperties: false }, set(text)),
    fileReferences: list(
      either(text, record({ source: text, target: text, uid: text, gid: text, mode: number })),
    ),
    hook: record(
      {
        command: ref("command"),
        user: text,
        privileged: flag,
        working_dir: text,
        environment: ref("listOrMap"),
      },
      ["command"],
    ),
    ulimits: {
      type: "object",
      patternProperties: {
        "^[a-z]+$": either(integer, record({ hard: integer, soft: integer }, ["soft", "hard"])),
      },
    },
    gpus: either(choice("all"), list(record(deviceRequest))),
  },
};
