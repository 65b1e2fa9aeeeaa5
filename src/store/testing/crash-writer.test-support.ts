import { parseArgs } from "node:util";
import { createLogger } from "../../base/index.ts";
import { openLmdbStore } from "../embedded/lmdb-store.ts";

// A program for the crash tests: writes to a store from several clients and prints `ack <client> <n> <revision>` for each write
// that was acknowledged, and `error <client> <n> <code>` for each that was not. It is run under strace, which kills it, or makes
// its system calls fail.

const { values } = parseArgs({
  options: {
    dir: { type: "string" },
    clients: { type: "string", default: "4" },
    writes: { type: "string", default: "50" },
    bytes: { type: "string", default: "500" },
    compact: { type: "boolean", default: false },
    defragment: { type: "boolean", default: false },
  },
});

const print = (line: string) => process.stdout.write(`${line}\n`);
const store = await openLmdbStore({ dir: values.dir!, logger: createLogger((line) => print(`log ${line}`)) });
print(`open ${(await store.status()).revision}`);

async function write(client: number): Promise<void> {
  for (let n = 1; n <= Number(values.writes); n++) {
    try {
      const value = Buffer.alloc(Number(values.bytes), `${n} `);
      const { revision } = await store.transact({
        success:
          n % 10 === 9
            ? [{ type: "delete", key: `client/${client}` }]
            : [
                { type: "put", key: `client/${client}`, value },
                { type: "put", key: `twin/${client}`, value },
              ],
      });
      print(`ack ${client} ${n} ${revision}`);
      if (values.compact && n % 7 === 0) await store.compact(revision).catch(() => {});
    } catch (error) {
      print(`error ${client} ${n} ${(error as { code: string }).code}`);
    }
  }
}

async function defragmentAgain(): Promise<void> {
  while (values.defragment && !ended) {
    await store.defragment!().then(
      () => print("defragmented"),
      (error) => print(`not defragmented ${error.code}`),
    );
  }
}

let ended = false;
const defragmenting = defragmentAgain();
await Promise.all(Array.from({ length: Number(values.clients) }, (_, client) => write(client)));
ended = true;
await defragmenting;
print(`end ${JSON.stringify(await store.check())}`);
await store.close();
print("closed");
