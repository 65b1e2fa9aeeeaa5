import type { Project } from "../model/index.ts";

export const PROJECT_LABEL = "com.docker.compose.project";
export const SERVICE_LABEL = "com.docker.compose.service";

const MAX_LENGTH = 63;

/** A name as DNS and Kubernetes allow it (RFC 1123): lower case, `-` for all else. */
export function clusterName(name: string): string {
  const clean = name
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, "-")
    .slice(0, MAX_LENGTH);
  return clean.replace(/^-+|-+$/g, "") || "x";
}

/** All of a project stands in one namespace, of the project's name. */
export const namespaceOf = (project: Pick<Project, "name">): string => clusterName(project.name);

export const projectLabels = (project: Pick<Project, "name">): Record<string, string> => ({
  [PROJECT_LABEL]: project.name,
});

export const serviceLabels = (project: Pick<Project, "name">, service: string): Record<string, string> => ({
  [PROJECT_LABEL]: project.name,
  [SERVICE_LABEL]: service,
});
