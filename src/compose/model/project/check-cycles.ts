import { invalidArgument } from "../../../base/index.ts";
import type { Project } from "./project.ts";

/** Refuses services that wait for each other, and such as need one that is not active. */
export function checkCycles(project: Project): void {
  const names = Object.keys(project.services).sort();
  for (const name of names) {
    for (const [dependency, { required = false } = {}] of dependenciesOf(project, name)) {
      if (dependency in project.services || !required) continue;
      const disabled = project.disabledServices[dependency];
      if (disabled) {
        throw invalidArgument(
          `service ${JSON.stringify(dependency)} is required by ${JSON.stringify(name)} but is disabled. Can be enabled by profiles [${(disabled.profiles ?? []).join(" ")}]`,
        );
      }
      throw invalidArgument(
        `service ${JSON.stringify(name)} depends on unknown service ${JSON.stringify(dependency)}`,
      );
    }
  }
  const done = new Set<string>();
  for (const name of names) search(project, [name], done);
}

const dependenciesOf = (project: Project, name: string) =>
  Object.entries(project.services[name]?.depends_on ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));

function search(project: Project, path: string[], done: Set<string>): void {
  const name = path.at(-1)!;
  if (done.has(name)) return;
  for (const [next] of dependenciesOf(project, name)) {
    if (!(next in project.services)) continue;
    const at = path.indexOf(next);
    if (at >= 0) {
      throw invalidArgument(`dependency cycle detected: ${path.slice(at).join(" -> ")} -> ${next}`);
    }
    search(project, [...path, next], done);
  }
  done.add(name);
}
