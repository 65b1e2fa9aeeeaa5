import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { load } from "js-yaml";
import { createLogger, GantryError, invalidArgument, systemClock } from "../base/index.ts";
import {
  type CheckProblem,
  openEtcdStore,
  openLmdbStore,
  parseEtcdAddress,
  restoreSnapshot,
  runStoreOperation,
  type SnapshotInfo,
  type Store,
  type StoreStatus,
} from "../store/index.ts";
import { type ParsedArguments, parseArguments } from "./arguments.ts";
import { callControl } from "./control-client.ts";
import { homeDirectory } from "./home.ts";

export const STORE_USAGE =
  "gantry store check | stats | compact [--revision N] | defrag | snapshot FILE | restore FILE | export [--prefix P] [--home DIR] [--json]";

const EXPORT_PAGE_ITEMS = 500;

interface Call {
  home: string;
  file: string | undefined;
  parsed: ParsedArguments;
}

type Verb = (call: Call) => Promise<number>;

const VERBS: Record<string, { run: Verb; takesFile?: boolean }> = {
  check: { run: check },
  stats: { run: stats },
  compact: { run: compact },
  defrag: { run: defrag },
  snapshot: { run: snapshot, takesFile: true },
  restore: { run: restore, takesFile: true },
  export: { run: exportLines },
};

/** Looks after the store of a home, whether a program runs on it or not. `check` ends with 1 when it has found something. */
export async function store(args: readonly string[]): Promise<number> {
  const [name = "", ...rest] = args;
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (!verb) throw usageError(name ? `the store has no command "${name}"` : "a command is missing");
  const file = verb.takesFile && rest[0] !== undefined && !rest[0].startsWith("-") ? rest.shift() : undefined;
  if (verb.takesFile && file === undefined) throw usageError("the name of a file is missing");
  const options = {
    home: { type: "string" },
    json: { type: "boolean" },
    revision: { type: "string" },
    prefix: { type: "string" },
  } as const;
  const parsed = parseArguments(rest, options, STORE_USAGE);
  const home = homeDirectory(parsed.text("home"));
  return verb.run({ home, file: file && resolve(file), parsed });
}

async function check({ home, parsed }: Call): Promise<number> {
  const { problems } = await operate<{ problems: CheckProblem[] }>(home, "check");
  const lines = problems.map(({ code, message }) => `${code}: ${message}\n`);
  const text = lines.length === 0 ? "The store is sound.\n" : lines.join("");
  process.stdout.write(parsed.flag("json") ? `${JSON.stringify({ problems })}\n` : text);
  return problems.length === 0 ? 0 : 1;
}

async function stats({ home, parsed }: Call): Promise<number> {
  print(await operate<StoreStatus>(home, "stats"), parsed);
  return 0;
}

async function compact({ home, parsed }: Call): Promise<number> {
  const revision = parsed.integer("revision", { min: 1, max: Number.MAX_SAFE_INTEGER });
  print(
    await operate<StoreStatus>(home, "compact", revision === undefined ? {} : { revision: String(revision) }),
    parsed,
  );
  return 0;
}

async function snapshot({ home, file, parsed }: Call): Promise<number> {
  const info = await operate<SnapshotInfo>(home, "snapshot", { file: file! });
  const { revision, sizeBytes, sha256 } = info;
  const text = `${info.file}: revision ${revision}, ${megabytes(sizeBytes)}, sha256 ${sha256}\n`;
  process.stdout.write(parsed.flag("json") ? `${JSON.stringify(info)}\n` : text);
  return 0;
}

async function restore({ home, file, parsed }: Call): Promise<number> {
  await assertEmbeddedAndStopped(home, "restore");
  const { movedTo } = await restoreSnapshot(file!, storeDir(home), systemClock.nowMs());
  const status = await withStore(home, async (opened) => {
    assertSound(await opened.check());
    return opened.status();
  });
  if (!parsed.flag("json") && movedTo) process.stdout.write(`The store as it was before is in ${movedTo}.\n`);
  print(status, parsed);
  return 0;
}

/** Writes the data anew without what is free in between; needs room for them twice. */
async function defrag({ home, parsed }: Call): Promise<number> {
  await assertEmbeddedAndStopped(home, "defrag");
  const copy = join(storeDir(home), "defragmented.snapshot");
  await rm(copy, { force: true });
  await withStore(home, async (opened) => {
    assertSound(await opened.check());
    await opened.snapshot!(copy);
  });
  const { movedTo } = await restoreSnapshot(copy, storeDir(home), systemClock.nowMs());
  await rm(copy);
  const status = await withStore(home, async (opened) => {
    assertSound(await opened.check());
    return opened.status();
  });
  if (movedTo) await rm(movedTo);
  print(status, parsed);
  return 0;
}

/** One key a line as JSON, values in base64, all as they were at one moment. */
async function exportLines({ home, parsed }: Call): Promise<number> {
  const prefix = parsed.text("prefix") ?? "";
  if (!(await runsOnEmbedded(home))) {
    await withStore(home, (opened) => writeLines(opened, prefix));
    return 0;
  }
  // The running program has the store open: its snapshot is read instead.
  const work = mkdtempSync(join(dirname(storeDir(home)), "export-"));
  try {
    const file = join(work, "snapshot");
    await operate(home, "snapshot", { file });
    await restoreSnapshot(file, join(work, "store"), 0);
    const opened = await openLmdbStore({ dir: join(work, "store"), logger: silent(), keepHistoryMs: 0 });
    await writeLines(opened, prefix).finally(() => opened.close());
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return 0;
}

async function writeLines(opened: Store, prefix: string): Promise<void> {
  let startAfter: string | undefined;
  let { revision } = await opened.status();
  for (;;) {
    const page = await opened.range(prefix, {
      limit: EXPORT_PAGE_ITEMS,
      revision,
      ...(startAfter === undefined ? {} : { startAfter }),
    });
    for (const { value, ...numbers } of page.items) {
      const line = `${JSON.stringify({ ...numbers, value: Buffer.from(value).toString("base64") })}\n`;
      if (!process.stdout.write(line)) await new Promise((done) => process.stdout.once("drain", done));
    }
    if (!page.more) return;
    startAfter = page.items.at(-1)!.key;
    revision = revision || page.revision;
  }
}

/** Through the program that has the store open; where none runs, and for a store in etcd, by opening it here. */
async function operate<T>(home: string, name: string, parameters: Record<string, string> = {}): Promise<T> {
  const query = new URLSearchParams(parameters);
  if (!isInEtcd(home)) {
    const answer = await callControl<T>(home, "POST", `/store/${name}?${query}`);
    if (answer) return answer;
  }
  return withStore(home, async (opened) => (await runStoreOperation(opened, name, query)) as T);
}

async function withStore<T>(home: string, use: (opened: Store) => Promise<T>): Promise<T> {
  const address = storeAddress(home);
  const options = { logger: silent(), keepHistoryMs: 0 };
  if (!isInEtcd(home) && !existsSync(join(storeDir(home), "data.mdb"))) {
    throw new GantryError("NotFound", `there is no store in ${home}`, {
      hint: "name the instance's home with --home",
    });
  }
  const opened = isInEtcd(home)
    ? await openEtcdStore({ ...options, ...parseEtcdAddress(address) })
    : await openLmdbStore({ ...options, dir: storeDir(home) });
  return use(opened).finally(() => opened.close());
}

const storeDir = (home: string) => join(home, "store");
const isInEtcd = (home: string) => storeAddress(home) !== "embedded";
const silent = () => createLogger((line) => process.stderr.write(`${line}\n`), "warn");

/** `store` of the home's config.yaml. */
function storeAddress(home: string): string {
  const path = join(home, "config.yaml");
  if (!existsSync(path)) return "embedded";
  const config = load(readFileSync(path, "utf8")) as { store?: string } | null;
  return config?.store ?? "embedded";
}

async function runsOnEmbedded(home: string): Promise<boolean> {
  return !isInEtcd(home) && (await callControl(home, "GET", "/status")) !== undefined;
}

async function assertEmbeddedAndStopped(home: string, verb: string): Promise<void> {
  if (isInEtcd(home)) {
    throw new GantryError("NotImplemented", `the store of ${home} is in etcd, which has its own ${verb}`, {
      hint: `use etcdctl or etcdutl`,
    });
  }
  if (await runsOnEmbedded(home)) {
    throw new GantryError("Unavailable", `a platform runs on ${home}`, {
      hint: "stop it with 'gantry down' first",
    });
  }
}

function assertSound(problems: readonly CheckProblem[]): void {
  if (problems.length === 0) return;
  throw new GantryError("DataLoss", `the store is damaged: ${problems[0]!.message}`, {
    hint: "'gantry store check' tells all; restore an older snapshot",
  });
}

function print(status: StoreStatus, parsed: ParsedArguments): void {
  const rows: [string, string | number][] = [
    ["Revision", status.revision],
    ["Compacted to", status.compactRevision],
    ["Keys", status.keyCount],
    ["Size", megabytes(status.sizeBytes)],
    ["In use", megabytes(status.sizeInUseBytes)],
  ];
  const text = rows.map(([name, value]) => `${`${name}:`.padEnd(14)}${value}\n`).join("");
  process.stdout.write(parsed.flag("json") ? `${JSON.stringify(status)}\n` : text);
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

const usageError = (message: string) =>
  invalidArgument(message, { hint: `usage: ${STORE_USAGE}`, code: "Cli.Usage" });
