import { silentLogger } from "../../../src/base/index.ts";
import { startTestServer, type TestServer } from "../../../src/kube/apiserver/testing/start-test-server.ts";
import { startEtcd } from "../../../src/store/etcd/etcd-process.test-support.ts";
import { openEtcdStore, openMemoryStore, type Store } from "../../../src/store/index.ts";
import { startPausableProxy } from "./pausable-proxy.ts";
import { pausableStore, splitStore, withWriteHook } from "./pausable-store.ts";

/** Two API servers over one store; the way of the second one to it can be stopped. */
export interface ServerPair {
  first: TestServer;
  second: TestServer;
  pause(): void;
  /** Pauses when the second server has read what it needs for a write, and is about to send that; resolves then. */
  pauseAtNextWrite(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

type Stores = Pick<ServerPair, "pause" | "resume"> & { first: Store; second: Store; close(): Promise<void> };

/** `etcd watches`: the second server reads and writes all the time, only what it is told of changes stands still. */
export type PairKind = "embedded" | "etcd" | "etcd watches";

export async function startServerPair(kind: PairKind): Promise<ServerPair> {
  const stores = kind === "embedded" ? await embeddedStores() : await etcdStores(kind);
  try {
    return await startPair(stores);
  } catch (error) {
    await stores.close();
    throw error;
  }
}

async function startPair(stores: Stores): Promise<ServerPair> {
  const first = await startTestServer({ store: stores.first });
  const { certificates } = first;
  let onWrite = () => {};
  const second = await startTestServer({
    store: withWriteHook(stores.second, () => onWrite()),
    certificates,
  }).catch(async (error: unknown) => {
    await first.stop();
    throw error;
  });
  return {
    first,
    second,
    pause: stores.pause,
    pauseAtNextWrite: () =>
      new Promise((resolve) => {
        onWrite = () => {
          onWrite = () => {};
          stores.pause();
          resolve();
        };
      }),
    resume: stores.resume,
    async stop() {
      stores.resume();
      try {
        await Promise.all([first.stop(), second.stop()]);
      } finally {
        await stores.close();
      }
    },
  };
}

async function embeddedStores(): Promise<Stores> {
  const first = await openMemoryStore({ logger: silentLogger });
  const { store, pause, resume } = pausableStore(first);
  return { first, second: store, pause, resume, close: () => first.close() };
}

async function etcdStores(kind: PairKind): Promise<Stores> {
  const server = await startEtcd();
  const proxy = await startPausableProxy(server.endpoint);
  const open = (endpoint: string) => openEtcdStore({ endpoints: [endpoint], logger: silentLogger });
  const stores = await Promise.all([open(server.endpoint), open(server.endpoint), open(proxy.endpoint)]);
  const [first, direct, behindProxy] = stores as [Store, Store, Store];
  return {
    first,
    second: kind === "etcd watches" ? splitStore(direct, behindProxy) : behindProxy,
    pause: proxy.pause,
    resume: proxy.resume,
    async close() {
      await Promise.all(stores.map((store) => store.close()));
      await proxy.close();
      await server.dispose();
    },
  };
}
