// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the templates
import { describe, expect, it } from "vitest";
import type { ProjectFiles } from "../environment/index.ts";
import { loadProject, type ProjectSource } from "./load-project.ts";

interface Machine {
  files: Record<string, string>;
  at?: string;
  input?: string;
  links?: Record<string, string>;
}

function load(
  { files, at = "/w/app", input = "", links = {} }: Machine,
  source: Partial<ProjectSource> = {},
  variables = {},
) {
  const warnings: string[] = [];
  const machine: ProjectFiles = {
    currentDirectory: at,
    homeDirectory: "/home/me",
    read: (path) => files[path],
    kind: (path) => {
      if (path in files) return "file";
      return Object.keys(files).some((one) => one.startsWith(`${path}/`)) ? "directory" : undefined;
    },
    realPath: (path) => links[path] ?? path,
    readInput: () => input,
  };
  const project = loadProject({
    machine,
    variables: new Map(Object.entries(variables)),
    warn: (message) => void warnings.push(message),
    ...source,
  });
  return { project, warnings };
}

const one = (image: string) => `services: {a: {image: "${image}"}}`;
const image = (machine: Machine, source?: Partial<ProjectSource>, variables?: Record<string, string>) =>
  load(machine, source, variables).project.services.a?.image;

describe("which files", () => {
  it("are those of the directory, or of the nearest one above it, with what lies beside them", () => {
    const files = { "/w/compose.yaml": one("x:${T}"), "/w/.env": "T=above" };
    const { project } = load({ files, at: "/w/app/deep" });
    expect([project.services.a?.image, project.workingDir, project.name]).toEqual(["x:above", "/w", "w"]);
  });

  it("in the directory is a matter of names", () => {
    const files = { "/w/app/compose.yml": one("yml"), "/w/app/docker-compose.yml": one("old") };
    const { project, warnings } = load({ files });
    expect(project.services.a?.image).toBe("yml");
    expect(warnings).toEqual([
      "Found multiple config files with supported names: /w/app/compose.yml, /w/app/docker-compose.yml",
      "Using /w/app/compose.yml",
    ]);
  });

  it("has COMPOSE_FILE said, of the process or of `.env`", () => {
    const files = {
      "/w/app/a.yaml": one("a"),
      "/w/app/b.yaml": one("b"),
      "/w/app/.env": "COMPOSE_FILE=a.yaml:b.yaml",
    };
    expect(image({ files })).toBe("b");
    expect(image({ files }, {}, { COMPOSE_FILE: "b.yaml;a.yaml", COMPOSE_PATH_SEPARATOR: ";" })).toBe("a");
    expect(() => image({ files }, {}, { COMPOSE_FILE: "c.yaml" })).toThrow(
      "stat /w/app/c.yaml: no such file or directory",
    );
  });

  it("may be standard input", () =>
    expect(image({ files: {}, input: one("piped") }, { files: ["-"] })).toBe("piped"));

  it("have to be there, and here", () => {
    expect(() => load({ files: {} })).toThrow("no configuration file provided: not found");
    expect(() => load({ files: {} }, { files: ["x.yaml"] })).toThrow(
      "open /w/app/x.yaml: no such file or directory",
    );
    expect(() => load({ files: {} }, { files: ["https://example.com/r.git"] })).toThrow(
      "remote Compose files are not implemented",
    );
    const files = { "/w/app/compose.yaml": "include: ['oci://r/x']\nservices: {}" };
    expect(() => load({ files })).toThrow("remote Compose files are not implemented: oci://r/x");
  });
});

describe("variables", () => {
  const files = {
    "/w/app/compose.yaml": one("${A}-${B:-none}"),
    "/w/app/.env": "A=dot\nB=dot",
    "/w/app/o.env": "A=other",
  };

  it("of the process win over `.env`", () => expect(image({ files }, {}, { A: "shell" })).toBe("shell-dot"));
  it("come from the files that are named instead", () =>
    expect(image({ files }, { envFiles: ["o.env"] })).toBe("other-none"));
  it("come from no file where that is asked for", () => {
    expect(image({ files }, {}, { COMPOSE_DISABLE_ENV_FILE: "1", A: "x" })).toBe("x-none");
  });
  it("that are not set are told", () => {
    const { warnings } = load({ files: { "/w/app/compose.yaml": one("x${NOPE}") } });
    expect(warnings).toEqual(['The "NOPE" variable is not set. Defaulting to a blank string.']);
  });
});

describe("the project's name", () => {
  const named = { "/w/app/compose.yaml": `name: in-file\n${one("x")}` };
  const name = (machine: Machine, source?: Partial<ProjectSource>, variables?: Record<string, string>) =>
    load(machine, source, variables).project.name;

  it("is the option's, else the environment's, else the file's, else the directory's", () => {
    const variables = { COMPOSE_PROJECT_NAME: "env" };
    expect(name({ files: named }, { projectName: "opt" }, variables)).toBe("opt");
    expect(name({ files: named }, {}, variables)).toBe("env");
    expect(name({ files: named })).toBe("in-file");
    expect(name({ files: { "/w/My App.1/compose.yaml": one("x") }, at: "/w/My App.1" })).toBe("myapp1");
  });

  it("has to be one", () => {
    expect(() => name({ files: named }, { projectName: "No!" })).toThrow(
      'invalid project name "No!": must consist only of',
    );
    expect(() => name({ files: { "/w/___/compose.yaml": one("x") }, at: "/w/___" })).toThrow(
      "project name must not be empty",
    );
  });

  it("is that of the link where the directory is one, which is told", () => {
    const { project, warnings } = load({
      files: { "/w/app/compose.yaml": one("x") },
      links: { "/w/app": "/real/other" },
    });
    expect(project.name).toBe("app");
    expect(warnings).toEqual([
      'project has been loaded without an explicit name from a symlink. Using name "app"',
    ]);
  });
});

it("a file of an old version is read, and told to be one", () => {
  const { warnings } = load({ files: { "/w/app/compose.yaml": `version: "2"\n${one("x")}` } });
  expect(warnings[0]).toContain("the attribute `version` is obsolete, it will be ignored");
});
