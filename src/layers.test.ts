import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { importCircles } from "./import-circles.test-support.ts";

// The layer rules of docs/ARCHITECTURE.md ("The house"), checked by reading imports.
const ROWS: Record<string, number> = {
  base: 0,
  formats: 1,
  kernel: 1,
  http: 1,
  store: 2,
  content: 2,
  "kube/cel": 2,
  "kube/pki": 2,
  images: 3,
  "reverse-proxy": 3,
  registry: 3,
  runtime: 3,
  network: 3,
  engine: 4,
  build: 4,
  "kube/api": 4,
  cri: 5,
  "docker-api": 5,
  "buildkit-api": 5,
  compose: 5,
  "kube/apiserver": 5,
  "kube/client": 5,
  "build-client": 6,
  "kube/controllers": 6,
  "kube/scheduler": 6,
  "kube/simulated-nodes": 6,
  "kube/kubelet": 6,
  "kube/proxy": 6,
  "kube/dns": 6,
  "kube/network-policy": 6,
  "kube/ingress": 6,
  "kube/scraper": 6,
  dashboard: 7,
  cli: 7,
  platform: 8,
  main: 8,
};

/** Imports between these are forbidden whatever their rows say. */
const NEVER: [from: string, to: string][] = [
  ["engine", "kube/api"],
  ["docker-api", "kube/apiserver"],
  ["kube/apiserver", "docker-api"],
  ["kube/kubelet", "engine"],
  ["kube/kubelet", "images"],
];

/** Within one row, these may use each other in this direction. */
const SAME_ROW: [from: string, to: string][] = [
  ["kube/apiserver", "kube/client"],
  ["build", "engine"],
  ["main", "platform"],
];

const src = new URL(".", import.meta.url).pathname;
const RULES = "see docs/ARCHITECTURE.md, The house";

interface SourceFile {
  path: string;
  module: string;
  text: string;
  isTest: boolean;
}

function moduleOf(path: string): string {
  const parts = relative(src, path).split("/");
  if (parts.length === 1) return parts[0]!.replace(/\.ts$/, "");
  return parts[0] === "kube" ? `kube/${parts[1]}` : parts[0]!;
}

const files: SourceFile[] = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.includes("/generated/"))
  .map((name) => join(src, name))
  .map((path) => ({
    path,
    module: moduleOf(path),
    text: readFileSync(path, "utf8"),
    isTest: /\.(test|contract)\.ts$|\.test-|test-support|\/testing\//.test(path),
  }));
const product = files.filter((file) => !file.isTest && file.path !== import.meta.filename);

interface Import {
  specifier: string;
  /** It says nothing when the program runs. */
  typeOnly: boolean;
  /** `import()`: when it is asked for, and not when the file is loaded. */
  later: boolean;
}

function importsOf(file: SourceFile): Import[] {
  const found: Import[] = [];
  const pattern =
    /^\s*(?:import|export)\s+(type\s+)?(?:([\w*{}\s,$]+?)\s+from\s+)?["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/gm;
  for (const match of file.text.matchAll(pattern)) {
    const [, type, names = "", specifier, later] = match;
    const typeOnly = type !== undefined || /^\{(?:\s*type\s+[\w$\s]+,?)+\s*\}$/.test(names.trim());
    found.push({ specifier: (specifier ?? later)!, typeOnly, later: later !== undefined });
  }
  return found;
}

/** What a file needs when it is loaded, as paths below src/. */
function loadedBy(file: SourceFile): string[] {
  return importsOf(file)
    .filter(({ specifier, typeOnly, later }) => specifier.startsWith(".") && !typeOnly && !later)
    .map(({ specifier }) => relative(src, resolve(dirname(file.path), specifier)));
}

/** Circles that stand as yet. The list only gets shorter. */
const KNOWN_CIRCLES: string[][] = [
  // The codec's parts recurse into each other as the messages do.
  ["kube/api/protobuf/envelope.ts", "kube/api/protobuf/message-codec.ts", "kube/api/protobuf/scalars.ts"],
];

function offences(check: (file: SourceFile) => string[]): string[] {
  return product.flatMap((file) =>
    check(file).map((text) => `${relative(src, file.path)}: ${text} (${RULES})`),
  );
}

/** Code without comments and strings, so that a word in prose is no offence. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`])\/\/.*$/gm, "$1");
}

describe("layers", () => {
  it("knows every module", () => {
    const unknown = new Set(product.map((file) => file.module).filter((module) => !(module in ROWS)));
    expect([...unknown]).toEqual([]);
  });

  it("imports only from rows above", () => {
    const found = offences((file) =>
      importsOf(file).flatMap(({ specifier }) => {
        if (!specifier.startsWith(".")) return [];
        const target = resolve(dirname(file.path), specifier);
        const to = moduleOf(target);
        if (to === file.module) return [];
        if (NEVER.some(([a, b]) => a === file.module && b === to))
          return [`imports ${to}, which it never may`];
        const sameRow = SAME_ROW.some(([a, b]) => a === file.module && b === to);
        if (!sameRow && (ROWS[to] ?? 99) >= (ROWS[file.module] ?? -1))
          return [`imports ${to}, which is not in a row above`];
        const entry = relative(src, target).slice(to.length + 1);
        const viaFront =
          ["index.ts", "types.ts", "node-access.ts"].includes(entry) || entry === "oci-types.ts";
        return viaFront || entry === "" ? [] : [`enters ${to} by ${entry} and not by its index.ts`];
      }),
    );
    expect(found).toEqual([]);
  });

  it("imports in no circle, types aside", () => {
    const imports = new Map(product.map((file) => [relative(src, file.path), loadedBy(file)]));
    expect(importCircles(imports), RULES).toEqual(KNOWN_CIRCLES);
  });

  it("finds circles", () => {
    const imports = { a: ["b"], b: ["c", "d"], c: ["a"], d: ["e"], e: ["d", "f"], f: [], g: ["g"], h: ["a"] };
    expect(importCircles(new Map(Object.entries(imports)))).toEqual([["a", "b", "c"], ["d", "e"], ["g"]]);
  });

  it("base/ and the low rows import node: and npm packages only where they may", () => {
    const found = offences((file) =>
      file.module === "base"
        ? importsOf(file)
            .filter(({ specifier }) => !specifier.startsWith(".") && !specifier.startsWith("node:"))
            .map(({ specifier }) => `base/ imports ${specifier}`)
        : [],
    );
    expect(found).toEqual([]);
  });

  it("spawns processes only in kernel/ and runtime/ (and the command line, which starts the program itself)", () => {
    const found = offences((file) =>
      ["kernel", "runtime", "cli"].includes(file.module)
        ? []
        : importsOf(file)
            .filter(({ specifier }) => specifier === "node:child_process")
            .map(() => "imports node:child_process"),
    );
    expect(found).toEqual([]);
  });

  it("knows the types of objects in controllers and scheduler", () => {
    const found = offences((file) =>
      ["kube/controllers", "kube/scheduler"].includes(file.module) && /\bKubeObject\b/.test(codeOf(file.text))
        ? ["uses KubeObject, which may be of any shape, where its own kind's type or ApiObject serves"]
        : [],
    );
    expect(found).toEqual([]);
  });

  it("opens /proc and /sys only in kernel/ and runtime/", () => {
    const pattern =
      /\b(?:readFile|readFileSync|writeFile|writeFileSync|open|openSync|readlink|readlinkSync|readdir|readdirSync|stat|statSync)\(\s*[`"'](?:\/proc|\/sys)\b/;
    const found = offences((file) =>
      !["kernel", "runtime"].includes(file.module) && pattern.test(codeOf(file.text))
        ? ["opens /proc or /sys"]
        : [],
    );
    expect(found).toEqual([]);
  });

  it("reads time and sets timers only in base/clock", () => {
    const pattern =
      /\bDate\.now\(|\bnew Date\(\)|(?<![.\w])set(?:Timeout|Interval)\(|\bperformance\.now\(|process\.hrtime/;
    const found = offences((file) =>
      file.path.endsWith("base/clock.ts") || !pattern.test(codeOf(file.text))
        ? []
        : [`uses ${pattern.exec(codeOf(file.text))?.[0]}`],
    );
    expect(found).toEqual([]);
  });

  it("prints and exits only in cli/ and main.ts", () => {
    const pattern = /\bconsole\.\w+\(|\bprocess\.(?:exit|stdout|stderr)\b/;
    const found = offences((file) =>
      ["cli", "main", "platform"].includes(file.module) || !pattern.test(codeOf(file.text))
        ? []
        : ["prints or exits"],
    );
    expect(found).toEqual([]);
  });
});
