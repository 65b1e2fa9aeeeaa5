import { GantryError, invalidArgument } from "../../../base/index.ts";
import {
  type ConfigKind,
  errorListText,
  type FieldError,
  GoLiteral,
  invalid,
  readComponentConfig,
  required,
} from "../../api/index.ts";
import { aesCbc, aesGcm } from "./aes-transformers.ts";
import { ANY_RESOURCE, EVERYTHING, ResourceTransformers } from "./resource-transformers.ts";
import { secretbox as secretboxOf } from "./secretbox-transformer.ts";
import {
  identity,
  type PrefixedTransformer,
  PrefixTransformers,
  type ValueTransformer,
} from "./value-transformer.ts";

interface Key {
  name?: string;
  secret?: string;
}

interface Keys {
  keys?: Key[];
}

interface Provider {
  aesgcm?: Keys;
  aescbc?: Keys;
  secretbox?: Keys;
  identity?: object;
  kms?: unknown;
}

interface Rule {
  resources?: string[];
  providers?: Provider[];
}

const KEYS = { fields: { keys: { list: { fields: { name: "string", secret: "string" } } } } } as const;

const CONFIGURATION: ConfigKind = {
  group: "apiserver.config.k8s.io",
  versions: ["v1"],
  kind: "EncryptionConfiguration",
  fields: {
    resources: {
      list: {
        fields: {
          resources: { list: "string" },
          providers: {
            list: {
              fields: { aesgcm: KEYS, aescbc: KEYS, secretbox: KEYS, identity: { fields: {} }, kms: "any" },
            },
          },
        },
      },
    },
  },
};

const AES_KEY_BYTES = [16, 24, 32];
const SECRETBOX_KEY_BYTES = [32];

/**
 * The configuration of encryption at rest (`--encryption-provider-config`). Throws InvalidArgument with upstream's messages, and
 * NotImplemented for the provider kms.
 */
export function readEncryptionConfig(path: string, text: string): ResourceTransformers {
  const refused = (why: string) => invalidArgument(`error while parsing file: ${why}`);
  if (text === "")
    throw refused(
      `error while loading file: encryption provider configuration file ${JSON.stringify(path)} is empty`,
    );
  const { value, strictProblems } = decode(path, text);
  if (strictProblems.length > 0)
    throw refused(
      `error decoding encryption provider configuration file ${JSON.stringify(path)}: strict decoding error: ${strictProblems.join(", ")}`,
    );
  const rules = value.resources ?? [];
  const errors = configErrors(rules);
  if (errors.length > 0) throw refused(errorListText(errors));
  return new ResourceTransformers(transformersOf(rules));
}

function decode(path: string, text: string) {
  try {
    return readComponentConfig<{ resources?: Rule[] }>(text, CONFIGURATION);
  } catch (error) {
    const why = (error as Error).message;
    throw invalidArgument(
      `error while parsing file: error decoding encryption provider configuration file ${JSON.stringify(path)}: ${why}`,
      { cause: error },
    );
  }
}

function transformersOf(rules: readonly Rule[]): Map<string, ValueTransformer> {
  const lists = new Map<string, PrefixedTransformer[]>();
  for (const { resources = [], providers = [] } of rules) {
    const transformers = providers.flatMap(prefixed);
    for (const resource of resources) {
      const masking = [groupOf(resource), EVERYTHING].find((one) => lists.has(one));
      if (masking !== undefined)
        throw invalidArgument(
          `error while building transformers: resource ${JSON.stringify(resource)} is masked by earlier rule ${JSON.stringify(masking)}`,
        );
      lists.set(resource, [...(lists.get(resource) ?? []), ...transformers]);
    }
  }
  return new Map([...lists].map(([resource, list]) => [resource, new PrefixTransformers(list)]));
}

/** `*.apps` for `deployments.apps`, `*.` for `secrets`. */
const groupOf = (resource: string) => `${ANY_RESOURCE}.${partsOf(resource).group}`;

function partsOf(resource: string): { resource: string; group: string } {
  const dot = resource.indexOf(".");
  return dot < 0
    ? { resource, group: "" }
    : { resource: resource.slice(0, dot), group: resource.slice(dot + 1) };
}

/** Names of keys stand in what is stored: `k8s:enc:aesgcm:v1:key1:`. */
function prefixed({ aesgcm, aescbc, secretbox, kms }: Provider): PrefixedTransformer {
  if (kms !== undefined)
    throw new GantryError("NotImplemented", "the encryption provider kms is not implemented");
  if (aesgcm) return byKeys("k8s:enc:aesgcm:v1:", aesgcm, aesGcm);
  if (aescbc) return byKeys("k8s:enc:aescbc:v1:", aescbc, aesCbc);
  if (secretbox) return byKeys("k8s:enc:secretbox:v1:", secretbox, secretboxOf);
  return { prefix: "", transformer: identity };
}

function byKeys(
  prefix: string,
  { keys = [] }: Keys,
  make: (key: Buffer) => ValueTransformer,
): PrefixedTransformer {
  const all = keys.map(({ name, secret }) => ({
    prefix: `${name}:`,
    transformer: make(Buffer.from(secret!, "base64")),
  }));
  return { prefix, transformer: new PrefixTransformers(all) };
}

/** apis/apiserver/validation ValidateEncryptionConfiguration. */
function configErrors(rules: readonly Rule[]): FieldError[] {
  if (rules.length === 0) return [required("resources", "at least one resources is required")];
  return rules.flatMap(({ resources = [], providers = [] }, index) => {
    const [ofResources, ofProviders] = [`resources[${index}].resources`, `resources[${index}].providers`];
    return [
      ...(resources.length === 0 ? [required(ofResources, `at least one ${ofResources} is required`)] : []),
      ...overlapErrors(resources, ofResources),
      ...resources.flatMap((resource, at) => nameErrors(resource, `${ofResources}[${at}]`)),
      ...(providers.length === 0 ? [required(ofProviders, `at least one ${ofProviders} is required`)] : []),
      ...providers.flatMap((provider, at) => providerErrors(provider, `${ofProviders}[${at}]`)),
    ];
  });
}

function overlapErrors(resources: readonly string[], field: string): FieldError[] {
  const pairs = resources.flatMap((one, at) => resources.slice(at + 1).map((other) => [one, other] as const));
  const isTwice = pairs.some(([one, other]) => one === other);
  const overlaps = pairs.some(([one, other]) => {
    if (one === other) return false;
    const [first, second] = [partsOf(one), partsOf(other)];
    if (one === EVERYTHING || other === EVERYTHING) return true;
    return first.group === second.group && [first.resource, second.resource].includes(ANY_RESOURCE);
  });
  return [
    ...(isTwice ? [invalid(field, resources, "the same resource cannot be specified multiple times")] : []),
    ...(overlaps
      ? [
          invalid(
            field,
            resources,
            "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked",
          ),
        ]
      : []),
  ];
}

const WITHOUT_API = ["apiserveripinfo", "serviceipallocations", "servicenodeportallocations"];

function nameErrors(name: string, field: string): FieldError[] {
  const why = nameProblem(name);
  return why === undefined ? [] : [invalid(field, name, why)];
}

function nameProblem(name: string): string | undefined {
  const { resource, group } = partsOf(name);
  if (name.toLowerCase() !== name) return "resource name should not contain capital letters";
  if (name === "*")
    return "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources";
  if (WITHOUT_API.includes(name)) return "resources which do not have REST API/s cannot be encrypted";
  if (group === "events.k8s.io")
    return "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file";
  if (group === "extensions") return "'extensions' group has been removed and cannot be used for encryption";
  if (group === "*" && resource !== "*") return "encrypting the same resource across groups is not supported";
  return undefined;
}

function providerErrors(provider: Provider, field: string): FieldError[] {
  const shown = new GoLiteral("REDACTED");
  const found = Object.keys(provider).length;
  if (found === 0)
    return [
      invalid(
        field,
        shown,
        "provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity",
      ),
    ];
  const more =
    found > 1
      ? [
          invalid(
            field,
            shown,
            "more than one provider specified in a single element, should split into different list elements",
          ),
        ]
      : [];
  const { aesgcm, aescbc, secretbox } = provider;
  if (aesgcm) return [...more, ...keysErrors(aesgcm, `${field}.aesgcm.keys`, AES_KEY_BYTES)];
  if (aescbc) return [...more, ...keysErrors(aescbc, `${field}.aescbc.keys`, AES_KEY_BYTES)];
  if (secretbox) return [...more, ...keysErrors(secretbox, `${field}.secretbox.keys`, SECRETBOX_KEY_BYTES)];
  return more;
}

function keysErrors({ keys = [] }: Keys, field: string, lengths: readonly number[]): FieldError[] {
  if (keys.length === 0) return [required(field, "at least one keys is required")];
  return keys.flatMap(({ name = "", secret = "" }, index) => [
    ...(name === "" ? [required(`${field}[${index}].name`, "name is a mandatory field for a key")] : []),
    ...secretErrors(secret, `${field}[${index}].secret`, lengths),
  ]);
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function secretErrors(secret: string, field: string, lengths: readonly number[]): FieldError[] {
  if (secret === "") return [required(field, "secret is a mandatory field for a key")];
  if (!BASE64.test(secret.replace(/[\r\n]/g, "")))
    return [invalid(field, "REDACTED", "secrets must be base64 encoded")];
  const bytes = Buffer.from(secret, "base64").length;
  if (lengths.includes(bytes)) return [];
  return [
    invalid(
      field,
      "REDACTED",
      `secret is not of the expected length, got ${bytes}, expected one of [${lengths.join(" ")}]`,
    ),
  ];
}
