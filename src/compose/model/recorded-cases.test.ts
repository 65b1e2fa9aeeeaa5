import { describe, expect, it } from "vitest";
import {
  type ComposeCase,
  caseFiles,
  RECORDED_VARIABLES,
  readCases,
} from "../../../test/compose/case-files.ts";
import {
  checkContainerNames,
  type LoadProjectOptions,
  loadProject,
  type ProjectSource,
  projectToYaml,
  serviceHash,
  withEnvironmentResolved,
} from "./index.ts";

// What the plugin made of projects as people write them (test/compose/record.ts) is what the model makes of them.

const cases = readCases();

function sourceOf(one: ComposeCase): { source: ProjectSource; options: LoadProjectOptions } {
  const files: string[] = [];
  const envFiles: string[] = [];
  const profiles: string[] = [];
  const source: ProjectSource = {
    machine: caseFiles(one),
    variables: new Map(Object.entries(RECORDED_VARIABLES)),
    warn: () => {},
    files,
    envFiles,
    profiles,
  };
  const options: LoadProjectOptions = { services: one.services };
  const words = [...one.args];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "--all-resources") options.allResources = true;
    else if (word === "-f") files.push(words.shift()!);
    else if (word === "--env-file") envFiles.push(words.shift()!);
    else if (word === "--profile") profiles.push(words.shift()!);
    else if (word === "-p") source.projectName = words.shift()!;
    else if (word === "--project-directory") source.projectDirectory = words.shift()!;
    else throw new Error(`the case ${one.name} has an option that this test does not know: ${word}`);
  }
  return { source, options };
}

function configOf(one: ComposeCase): string {
  const { source, options } = sourceOf(one);
  const loaded = loadProject(source, { ...options, resolveEnvironment: true, discardEnvFiles: true });
  const project = withEnvironmentResolved(loaded, source.machine);
  checkContainerNames(project);
  return projectToYaml(project).replaceAll("$", "$$$$");
}

function hashesOf(one: ComposeCase): string {
  const { source, options } = sourceOf(one);
  const { services } = loadProject(source, { ...options, services: [], discardEnvFiles: true });
  const names = Object.keys(services).sort();
  return names.map((name) => `${name} ${serviceHash(services[name]!)}\n`).join("");
}

describe("Compose files that the plugin takes", () => {
  const taken = cases.filter(({ config }) => config !== undefined);

  it("are many", () => expect(taken.length).toBeGreaterThanOrEqual(60));

  it.each(taken.map((one) => [one.name, one] as const))("%s: the same model", (_, one) => {
    expect(configOf(one)).toBe(one.config);
  });

  it.each(taken.map((one) => [one.name, one] as const))("%s: the same hashes", (_, one) => {
    expect(hashesOf(one)).toBe(one.hashes);
  });
});

describe("Compose files that the plugin refuses", () => {
  const refused = cases.filter(({ error }) => error !== undefined);

  it("are many", () => expect(refused.length).toBeGreaterThanOrEqual(50));

  it.each(refused.map((one) => [one.name, one] as const))("%s: the same words", (_, one) => {
    let message = "";
    try {
      configOf(one);
    } catch (error) {
      message = (error as Error).message;
    }
    const withoutLines = message.replace(/\.yaml:\d+/g, ".yaml");
    expect(withoutLines.trim()).toBe((one.ownError ?? one.error)!.trim());
  });

  it.each([
    [
      "error-unknown-key",
      "error-unknown-key/compose.yaml:4: services.web additional properties 'portz' not allowed",
    ],
    ["error-wrong-type", "error-wrong-type/compose.yaml:4: services.web.ports must be a array"],
    ["error-unknown-top", "error-unknown-top/compose.yaml:1: "],
  ])("%s: with file and line", (name, expected) => {
    expect(() => configOf(cases.find((one) => one.name === name)!)).toThrow(expected);
  });
});
