import { list, shape, type ValueOf } from "./codec.ts";
import { mapping, options, texts } from "./collections.ts";
import { bool, givenBool, integer, text } from "./scalars.ts";

const pool = shape({ subnet: text, gateway: text, ip_range: text, aux_addresses: mapping });

export const network = shape({
  name: text,
  driver: text,
  driver_opts: options,
  ipam: shape({ driver: text, config: list(pool) }, { always: true }),
  external: bool,
  internal: bool,
  attachable: bool,
  labels: mapping,
  enable_ipv4: givenBool,
  enable_ipv6: givenBool,
});

export const volume = shape({
  name: text,
  driver: text,
  driver_opts: options,
  external: bool,
  labels: mapping,
});

/** A configuration or a secret. */
export const fileObject = shape({
  name: text,
  file: text,
  environment: text,
  content: text,
  external: bool,
  labels: mapping,
  driver: text,
  driver_opts: options,
  template_driver: text,
});

export const model = shape({ name: text, model: text, context_size: integer, runtime_flags: texts });

export type Network = ValueOf<typeof network>;
export type Volume = ValueOf<typeof volume>;
export type FileObject = ValueOf<typeof fileObject>;
export type Model = ValueOf<typeof model>;
