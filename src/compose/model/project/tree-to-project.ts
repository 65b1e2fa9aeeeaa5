import { SECRET_VALUE } from "../environment/index.ts";
import { type Codec, type FileObject, fileObject, model, network, service, volume } from "../shapes/index.ts";
import { isMap, newMap, type Tree, type TreeMap } from "../tree/index.ts";
import type { Project, Service } from "./project.ts";

/** A normalized tree as a project. Checks types; what belongs together is not checked yet. */
export function treeToProject(
  tree: TreeMap,
  about: Pick<Project, "name" | "workingDir" | "composeFiles" | "environment">,
): Project {
  const services: Record<string, Service> = Object.create(null);
  for (const [name, one] of entriesOf(tree.services)) {
    services[name] = { ...service.read(one ?? newMap(), ["services", name]), name, customLabels: {} };
  }
  return {
    ...about,
    services,
    disabledServices: Object.create(null),
    networks: readAll(tree, "networks", network),
    volumes: readAll(tree, "volumes", volume),
    secrets: mapValues(readAll(tree, "secrets", fileObject), withSecretValue),
    configs: readAll(tree, "configs", fileObject),
    models: readAll(tree, "models", model),
    extensions: newMap(Object.entries(tree).filter(([key]) => key.startsWith("x-"))),
    profiles: [],
  };
}

function readAll<T>(tree: TreeMap, section: string, codec: Codec<T>): Record<string, T> {
  const all: Record<string, T> = Object.create(null);
  for (const [name, one] of entriesOf(tree[section]))
    all[name] = codec.read(one ?? newMap(), [section, name]);
  return all;
}

const entriesOf = (value: Tree | undefined): [string, Tree][] => (isMap(value) ? Object.entries(value) : []);

function mapValues<T>(values: Record<string, T>, change: (value: T) => T): Record<string, T> {
  for (const key of Object.keys(values)) values[key] = change(values[key]!);
  return values;
}

/** The value of a secret from the environment was carried as an extension. */
function withSecretValue(secret: FileObject): FileObject {
  const value = secret.extensions?.[SECRET_VALUE];
  if (typeof value !== "string") return secret;
  const extensions = newMap(Object.entries(secret.extensions!).filter(([key]) => key !== SECRET_VALUE));
  const result: FileObject = { ...secret, content: value, extensions };
  if (Object.keys(extensions).length === 0) delete result.extensions;
  return result;
}
