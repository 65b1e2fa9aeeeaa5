import { existsSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import {
  createLogger,
  errorMessage,
  GantryError,
  invalidArgument,
  readRecordSync,
} from "../../base/index.ts";
import {
  openEtcdStore,
  openLmdbStore,
  parseEtcdAddress,
  runStoreOperation,
  type Store,
} from "../../store/index.ts";
import { callControl } from "../control-client.ts";

/** Through the program that has the store open; where none runs, and for a store in etcd, by opening it here. */
export async function operate<T>(
  home: string,
  name: string,
  parameters: Record<string, string> = {},
): Promise<T> {
  const query = new URLSearchParams(parameters);
  if (!isInEtcd(home)) {
    const answer = await callControl<T>(home, "POST", `/store/${name}?${query}`);
    if (answer) return answer;
  }
  return withStore(home, async (opened) => (await runStoreOperation(opened, name, query)) as T);
}

/** Opens the store of a home that no program runs on. Throws NotFound where there is none. */
export async function withStore<T>(home: string, use: (opened: Store) => Promise<T>): Promise<T> {
  if (!isInEtcd(home) && !existsSync(join(storeDirectory(home), "data.mdb"))) {
    throw new GantryError("NotFound", `there is no store in ${home}`, {
      code: "Store.NotFound",
      hint: "name the instance's home with --home",
    });
  }
  const options = { logger: quietLogger(), keepHistoryMs: 0 };
  const opened = isInEtcd(home)
    ? await openEtcdStore({ ...options, ...parseEtcdAddress(storeAddress(home)) })
    : await openLmdbStore({ ...options, dir: storeDirectory(home) });
  return use(opened).finally(() => opened.close());
}

export const storeDirectory = (home: string) => join(home, "store");
export const isInEtcd = (home: string) => storeAddress(home) !== "embedded";
/** Only what somebody must know; the verbs themselves tell how it went. */
export const quietLogger = () => createLogger((line) => process.stderr.write(`${line}\n`), "warn");

/** `store` of the home's config.yaml. */
export function storeAddress(home: string): string {
  const path = join(home, "config.yaml");
  const file = readRecordSync(path, (text) => load(text) as { store?: string } | null);
  if (file.state === "unreadable") throw file.error;
  if (file.state === "damaged") {
    throw invalidArgument(`${path} cannot be read: ${errorMessage(file.error.cause).split("\n")[0]}`, {
      hint: "correct it",
    });
  }
  return (file.state === "present" ? file.record?.store : undefined) ?? "embedded";
}

export async function isRunning(home: string): Promise<boolean> {
  return (await callControl(home, "GET", "/status")) !== undefined;
}
