import { GantryError, invalidArgument, notFound } from "../../../base/index.ts";
import { inFile, type ProjectFiles, parseEnvFile, parseRawEnvFile } from "../environment/index.ts";
import type { Lookup } from "../interpolate/index.ts";
import type { Project, Service } from "./project.ts";

/** Each service's variables with those of its files (`env_file`) beneath, and without the files. */
export function withEnvironmentResolved(project: Project, files: ProjectFiles): Project {
  return mapServices(project, (service) => {
    const own: Record<string, string | null> = Object.assign(Object.create(null), service.environment);
    for (const name of Object.keys(own)) own[name] ??= project.environment.get(name) ?? null;
    const found = new Map<string, string>();
    for (const [name, value] of Object.entries(own)) if (value !== null) found.set(name, value);
    const lookup: Lookup = (name) => project.environment.get(name) ?? own[name] ?? undefined;
    for (const { path = "", required, format } of service.env_file ?? []) {
      const text = files.read(path);
      if (text === undefined) {
        if (!required) continue;
        throw notFound(`env file ${path} not found: stat ${path}: no such file or directory`);
      }
      inFile(path, () => parserOf(format)(text, found, lookup));
    }
    const environment = Object.assign(Object.create(null), Object.fromEntries(found), own);
    const { env_file: _, environment: __, ...rest } = service;
    return Object.keys(environment).length > 0 ? { ...rest, environment } : rest;
  });
}

function parserOf(format: string | undefined) {
  if (format === undefined || format === "") return parseEnvFile;
  if (format === "raw") return parseRawEnvFile;
  throw invalidArgument(`unsupported env_file format ${JSON.stringify(format)}`);
}

/** Each service's labels with those of its files (`label_file`) beneath; the files stay unless `discard`. */
export function withLabelsResolved(project: Project, files: ProjectFiles, discard: boolean): Project {
  return mapServices(project, (service) => {
    if (!service.label_file?.length) return service;
    const labels: Record<string, string> = Object.create(null);
    for (const path of service.label_file) {
      const text = files.read(path);
      if (text === undefined) {
        throw new GantryError(
          "NotFound",
          `label file ${path} not found: stat ${path}: no such file or directory`,
        );
      }
      const found = new Map<string, string>();
      inFile(path, () => parseEnvFile(text, found, (name) => labels[name]));
      Object.assign(labels, Object.fromEntries(found));
    }
    Object.assign(labels, service.labels);
    const { label_file: _, ...rest } = service;
    return discard ? { ...rest, labels } : { ...service, labels };
  });
}

export function mapServices(project: Project, change: (service: Service) => Service): Project {
  const services: Record<string, Service> = Object.create(null);
  for (const [name, service] of Object.entries(project.services)) services[name] = change(service);
  return { ...project, services };
}
