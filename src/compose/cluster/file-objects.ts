import type { FileObject, Project } from "../model/index.ts";
import { clusterName, projectLabels } from "./cluster-names.ts";
import type { ClusterObject } from "./cluster-object.ts";

/** The one key of a ConfigMap or Secret that stands for a file. */
export const FILE_KEY = "content";
export const fileObjectName = (key: string): string => clusterName(key);

/** Configurations as ConfigMaps, secrets as Secrets. External ones are there already. */
export function fileObjects(
  project: Project,
  namespace: string,
  { readFile }: { readFile(path: string): Buffer },
  tell: (sentence: string) => void,
): ClusterObject[] {
  const all = (kind: "configs" | "secrets", make: (name: string, bytes: Buffer) => ClusterObject) =>
    Object.entries(project[kind]).flatMap(([key, object]) => {
      if (object.external) return [];
      for (const field of ["driver", "template_driver"] as const) {
        if (object[field]) tell(`${kind}.${key}.${field}: is left out`);
      }
      return [make(fileObjectName(key), bytesOf(project, object, readFile))];
    });
  const metadata = (name: string) => ({ name, namespace, labels: projectLabels(project) });
  return [
    ...all("configs", (name, bytes) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: metadata(name),
      ...(isText(bytes)
        ? { data: { [FILE_KEY]: bytes.toString("utf8") } }
        : { binaryData: { [FILE_KEY]: bytes.toString("base64") } }),
    })),
    ...all("secrets", (name, bytes) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: metadata(name),
      type: "Opaque",
      data: { [FILE_KEY]: bytes.toString("base64") },
    })),
  ];
}

function bytesOf(project: Project, object: FileObject, readFile: (path: string) => Buffer): Buffer {
  if (object.content) return Buffer.from(object.content);
  if (object.environment) return Buffer.from(project.environment.get(object.environment) ?? "");
  return readFile(object.file ?? "");
}

const isText = (bytes: Buffer) => Buffer.from(bytes.toString("utf8")).equals(bytes);
