import { dirname, join, resolve } from "node:path";
import { invalidArgument, notFound } from "../../../base/index.ts";
import { type ProjectFiles, readDotEnvFiles } from "../environment/index.ts";
import { toBoolean } from "../interpolate/index.ts";
import {
  checkProject,
  type Project,
  treeToProject,
  withEnvironmentResolved,
  withLabelsResolved,
  withoutUnusedResources,
  withProfiles,
  withSelectedServices,
  withServicesEnabled,
} from "../project/index.ts";
import type { TreeMap } from "../tree/index.ts";
import { findConfigFiles } from "./find-files.ts";
import type { ConfigFile, LoadContext } from "./load-context.ts";
import { loadGroup } from "./load-files.ts";
import { normalize } from "./normalize.ts";
import { checkProjectName, projectName } from "./project-name.ts";
import { Sources } from "./sources.ts";

/** What a person says about which project, and from where. */
export interface ProjectSource {
  machine: ProjectFiles;
  /** The process's own variables; they win over `.env`. */
  variables: ReadonlyMap<string, string>;
  projectName?: string;
  files?: readonly string[];
  projectDirectory?: string;
  envFiles?: readonly string[];
  profiles?: readonly string[];
  warn(message: string): void;
}

export interface LoadProjectOptions {
  /** Only these services and what they need; all where none is named. */
  services?: readonly string[];
  /** Also networks, volumes and so on that no service uses. */
  allResources?: boolean;
  interpolate?: boolean;
  resolvePaths?: boolean;
  normalize?: boolean;
  checkConsistency?: boolean;
  /** Reads the files of variables of services into their environment. */
  resolveEnvironment?: boolean;
  discardEnvFiles?: boolean;
}

/** The version whose labels and hashes ours are the same as. */
export const COMPOSE_VERSION = "2.40.3";

interface Prepared {
  context: LoadContext;
  configFiles: ConfigFile[];
  environment: Map<string, string>;
  workingDir: string;
  profiles: string[];
  name: string;
}

/** The project as its tree, for what is to be shown with its variables as they stand. */
export function loadTree(source: ProjectSource, options: LoadProjectOptions): TreeMap {
  return readTree(prepare(source, options), options);
}

/** The project of the files that a person means. */
export function loadProject(source: ProjectSource, options: LoadProjectOptions = {}): Project {
  const prepared = prepare(source, options);
  const tree = readTree(prepared, options);
  const { name, workingDir, environment, configFiles } = prepared;
  let project = treeToProject(tree, {
    name,
    workingDir,
    environment,
    composeFiles: configFiles.map(({ path }) => path),
  });
  project = withProfiles(project, prepared.profiles);
  if (options.checkConsistency ?? true) checkProject(project);
  if (options.resolveEnvironment) project = withEnvironmentResolved(project, source.machine);
  project = withLabelsResolved(project, source.machine, options.discardEnvFiles ?? false);
  const services = options.services ?? [];
  project = withServicesEnabled(project, services);
  setCustomLabels(project, source);
  project = withSelectedServices(project, services);
  return options.allResources ? project : withoutUnusedResources(project);
}

function setCustomLabels(project: Project, source: ProjectSource): void {
  for (const [name, service] of Object.entries(project.services)) {
    service.customLabels = {
      "com.docker.compose.project": project.name,
      "com.docker.compose.service": name,
      "com.docker.compose.version": COMPOSE_VERSION,
      "com.docker.compose.project.working_dir": project.workingDir,
      "com.docker.compose.project.config_files": project.composeFiles.join(","),
      "com.docker.compose.oneoff": "False",
    };
    if (source.envFiles?.length) {
      const paths = source.envFiles.map((path) => resolve(source.machine.currentDirectory, path));
      service.customLabels["com.docker.compose.project.environment_file"] = paths.join(",");
    }
  }
}

function readTree(prepared: Prepared, options: LoadProjectOptions): TreeMap {
  const { context, configFiles, environment, workingDir, name } = prepared;
  const tree = loadGroup(context, { files: configFiles, workingDir, baseDir: workingDir, environment }, []);
  if (Object.keys(tree).length === 0) throw invalidArgument("empty compose file");
  if (name === "") throw invalidArgument("project name must not be empty");
  if (options.normalize ?? true) {
    tree.name = name;
    normalize(tree, name, (options.interpolate ?? true) ? environment : new Map());
  }
  return tree;
}

function prepare(source: ProjectSource, options: LoadProjectOptions): Prepared {
  const { machine, warn } = source;
  const environment = new Map(source.variables);
  if (!environment.has("PWD")) environment.set("PWD", machine.currentDirectory);
  const directory = source.projectDirectory && resolve(machine.currentDirectory, source.projectDirectory);
  addDotEnv(source, environment, directory || workingDirOf(source.files ?? [], machine));
  const paths = findConfigFiles(
    machine,
    source.files ?? [],
    environment,
    directory || machine.currentDirectory,
    warn,
  );
  if (paths.length === 0) throw notFound("no configuration file provided: not found");
  const workingDir = directory || workingDirOf(paths, machine);
  // The file may lie above the directory that one stands in, with another `.env` beside it.
  addDotEnv(source, environment, workingDir);
  if (source.projectName) checkProjectName(source.projectName);
  const configFiles = paths.map((path) => ({ path, text: readConfig(machine, path) }));
  const name = projectName(
    { option: source.projectName, environment, files: configFiles, workingDir },
    machine,
    warn,
  );
  environment.set("COMPOSE_PROJECT_NAME", name);
  const profiles = source.profiles?.length
    ? [...source.profiles]
    : (environment.get("COMPOSE_PROFILES") ?? "").split(",").map((profile) => profile.trim());
  const context: LoadContext = {
    files: machine,
    sources: new Sources(),
    options: { interpolate: options.interpolate ?? true, resolvePaths: options.resolvePaths ?? true },
    warn,
  };
  return { context, configFiles, environment, workingDir, profiles, name };
}

function readConfig(machine: ProjectFiles, path: string): string {
  if (path === "-") return machine.readInput();
  const text = machine.read(path);
  if (text === undefined) throw notFound(`open ${path}: no such file or directory`);
  return text;
}

function workingDirOf(paths: readonly string[], machine: ProjectFiles): string {
  const first = paths.find((path) => path !== "-");
  return first === undefined ? machine.currentDirectory : dirname(resolve(machine.currentDirectory, first));
}

function addDotEnv(source: ProjectSource, environment: Map<string, string>, directory: string): void {
  const { machine } = source;
  let paths = (source.envFiles ?? []).map((path) => resolve(machine.currentDirectory, path));
  if (paths.length === 0) {
    const disabled = source.variables.get("COMPOSE_DISABLE_ENV_FILE");
    if (disabled !== undefined && disabled !== "" && isTrue(disabled)) return;
    const path = join(directory, ".env");
    paths = machine.kind(path) === "file" ? [path] : [];
  }
  for (const [name, value] of readDotEnvFiles(machine, paths, environment)) {
    if (!environment.has(name)) environment.set(name, value);
  }
}

const isTrue = (text: string) => (/^[01]$/.test(text) ? text === "1" : toBoolean(text));
