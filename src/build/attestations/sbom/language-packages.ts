import type { ReadPackages } from "./packages.ts";

/** `package.json` of a module that npm or another has put below `node_modules`. */
export const readNodeModule: ReadPackages = (text, path) => {
  let manifest: { name?: unknown; version?: unknown; license?: unknown } | null;
  try {
    manifest = JSON.parse(text) as typeof manifest;
  } catch {
    return [];
  }
  const { name, version, license } = manifest ?? {};
  if (typeof name !== "string" || typeof version !== "string" || name === "" || version === "") return [];
  return [{ type: "npm", name, version, ...(typeof license === "string" ? { license } : {}), foundIn: path }];
};

/** `METADATA` of a wheel, `PKG-INFO` of an egg (Python's core metadata). */
export const readPythonMetadata: ReadPackages = (text, path) => {
  const head = text.split(/\r?\n\r?\n/, 1)[0]!;
  const field = (name: string) => new RegExp(`^${name}: (.+?)\\s*$`, "m").exec(head)?.[1];
  const [name, version] = [field("Name"), field("Version")];
  if (!name || !version) return [];
  const license = field("License-Expression");
  return [{ type: "pypi", name, version, ...(license ? { license } : {}), foundIn: path }];
};

/** What the Go linker writes of the modules that a program is made of (debug/buildinfo). */
export const readGoModules: ReadPackages = (text, path) => {
  const modules = new Map<string, string>();
  let last: string | undefined;
  for (const line of text.split("\n")) {
    const [kind, name = "", version = ""] = line.split("\t");
    if (kind === "=>" && last !== undefined) {
      // What stands in its place.
      modules.delete(last);
      modules.set(name, version);
    } else if (kind === "mod" || kind === "dep") {
      modules.set(name, version);
      last = name;
    }
  }
  return [...modules].flatMap(([name, version]) =>
    name === "" ? [] : [{ type: "golang" as const, name, version: version || "(devel)", foundIn: path }],
  );
};
