import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { dump, load } from "js-yaml";
import { GantryError, invalidArgument, systemClock, writeFileDurably } from "../../base/index.ts";
import {
  type MigrationProgress,
  migrateStore,
  parseEtcdAddress,
  type StoreLocation,
} from "../../store/index.ts";
import { isRunning, quietLogger, storeAddress, storeDirectory } from "./store-access.ts";
import { STORE_USAGE } from "./usage.ts";
import type { Call } from "./verb.ts";

const PROGRESS_EVERY_MS = 1000;

/** Moves a stopped instance's declared state to another place, and has the instance use it there from then on. */
export async function migrate({ home, parsed }: Call): Promise<number> {
  const to = parsed.text("to");
  if (!to) throw invalidArgument("--to is missing", { hint: `usage: ${STORE_USAGE}`, code: "Cli.Usage" });
  assertCanBeKept(to);
  const [source, target] = [locationOf(home, storeAddress(home)), locationOf(home, to)];
  if (!existsSync(configOf(home))) throw noInstance(home);
  await assertStopped(home);
  const progress = progressLine();
  const result = await migrateStore({
    from: source,
    to: target,
    logger: quietLogger(),
    onProgress: progress.show,
    onMoved: async () => {
      await assertStopped(home);
      await writeStoreAddress(home, to);
    },
  }).finally(progress.end);
  const { movedTo, keyCount, revision } = result;
  const lines = [
    `Moved ${keyCount} keys; the store goes on from revision ${revision}, and ${configOf(home)} names its new place.`,
    ...(movedTo ? [`The store that was there before is in ${movedTo}.`] : []),
    remainsText(source),
  ];
  process.stdout.write(parsed.flag("json") ? `${JSON.stringify(result)}\n` : `${lines.join("\n")}\n`);
  return 0;
}

const configOf = (home: string) => join(home, "config.yaml");

function locationOf(home: string, address: string): StoreLocation {
  return address === "embedded"
    ? { kind: "embedded", dir: storeDirectory(home) }
    : { kind: "etcd", address: parseEtcdAddress(address) };
}

/** The address is read again at each start, from another directory. */
function assertCanBeKept(address: string): void {
  if (!/\s/.test(address) && !/[?&](?:ca|cert|key|password-file)=(?!\/)/.test(address)) return;
  throw invalidArgument("the address must have no spaces, and name files by absolute paths", {
    code: "Store.BadAddress",
    hint: "It is kept in config.yaml and read at each start.",
  });
}

async function assertStopped(home: string): Promise<void> {
  if (!(await isRunning(home))) return;
  throw new GantryError("Unavailable", `a platform runs on ${home}`, {
    code: "Store.Locked",
    hint: "stop it with 'gantry down' first, or with 'gantry down --keep-containers'; nothing was switched",
  });
}

async function writeStoreAddress(home: string, address: string): Promise<void> {
  const config = load(readFileSync(configOf(home), "utf8")) as object;
  await writeFileDurably(configOf(home), dump({ ...config, store: address }));
}

function remainsText(source: StoreLocation): string {
  return source.kind === "embedded"
    ? `The data in ${source.dir} were only read and are not used any more; to remove them: rm -r '${source.dir}'`
    : `The keys in etcd were only read and are not used any more; to remove them: etcdctl del --prefix '${source.address.prefix}'`;
}

/** Says on stderr how far it is, now and then, once it takes longer than a moment. */
function progressLine(): { show: (progress: MigrationProgress) => void; end: () => void } {
  const [begin, end] = process.stderr.isTTY ? ["\r", ""] : ["", "\n"];
  let shownAtMs = systemClock.monotonicMs();
  let hasShown = false;
  return {
    show({ phase, done, total }) {
      const nowMs = systemClock.monotonicMs();
      if (nowMs - shownAtMs < PROGRESS_EVERY_MS) return;
      shownAtMs = nowMs;
      hasShown = true;
      process.stderr.write(`${begin}${phase} ${done} of ${total} keys${end}`);
    },
    end() {
      if (hasShown && begin) process.stderr.write("\n");
    },
  };
}

const noInstance = (home: string) =>
  new GantryError("NotFound", `there is no instance in ${home}`, {
    code: "Store.NotFound",
    hint: "name the instance's home with --home",
  });
