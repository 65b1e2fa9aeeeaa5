import { isAbsolute } from "node:path";
import { invalidArgument, notFound, notImplemented } from "../../base/index.ts";
import type { Store } from "../types.ts";

/**
 * What an operator may ask of an open store by name, for the program that has it open and for the command line where none has:
 * `check` -> {problems}, `stats` -> status, `compact` (`revision`, the newest if absent) -> status,
 * `defrag` -> status, `snapshot` (`file`, absolute) -> SnapshotInfo.
 */
export async function runStoreOperation(
  store: Store,
  name: string,
  parameters: URLSearchParams,
): Promise<object> {
  switch (name) {
    case "check":
      return { problems: await store.check() };
    case "stats":
      return store.status();
    case "compact": {
      await store.compact(revisionOf(parameters) ?? (await store.status()).revision);
      return store.status();
    }
    case "defrag": {
      if (!store.defragment) throw notImplemented("this store has no files that could become smaller");
      await store.defragment();
      return store.status();
    }
    case "snapshot": {
      const file = parameters.get("file") ?? "";
      if (!isAbsolute(file)) throw invalidArgument("a snapshot needs the absolute path of its file");
      if (!store.snapshot) {
        throw notImplemented("this store takes no snapshots of its own", {
          hint: "For a store in etcd use 'etcdctl snapshot save'.",
        });
      }
      return store.snapshot(file);
    }
    default:
      throw notFound(`the store has no operation "${name}"`);
  }
}

function revisionOf(parameters: URLSearchParams): number | undefined {
  const text = parameters.get("revision");
  if (text === null) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw invalidArgument(`"${text}" is no revision`);
  return Number(text);
}
