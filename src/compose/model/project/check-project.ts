import { invalidArgument } from "../../../base/index.ts";
import { checkCycles } from "./check-cycles.ts";
import { checkService } from "./check-service.ts";
import type { Project } from "./project.ts";

/** Refuses a project whose parts do not fit together, in compose's words. */
export function checkProject(project: Project): void {
  for (const name of Object.keys(project.services).sort()) checkService(project, project.services[name]!);
  for (const [name, secret] of Object.entries(project.secrets)) {
    if (!secret.external && !secret.file && !secret.environment) {
      throw invalid(`secret ${JSON.stringify(name)} must declare either \`file\` or \`environment\``);
    }
  }
  checkCycles(project);
}

/** Two containers cannot have one name. */
export function checkContainerNames(project: Project): void {
  const names = new Map<string, string>();
  for (const { name, container_name: own } of Object.values(project.services)) {
    if (!own) continue;
    if (names.has(own)) {
      throw invalidArgument(
        `services.${name}: container name ${JSON.stringify(own)} is already in use by service ${names.get(own)}"`,
      );
    }
    names.set(own, name);
  }
}

const invalid = (message: string) => invalidArgument(`${message}: invalid compose project`);
