import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readAll, silentLogger, systemClock } from "../base/index.ts";
import { digestOf } from "../formats/index.ts";
import { type ContentStore, DurableJsonFile, openContentStore } from "./index.ts";

const sha256 = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const reopen = () => openContentStore({ dir, logger: silentLogger });
let dir: string;
let store: ContentStore;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "gantry-content-"));
  store = await reopen();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function* chunks(...parts: Uint8Array[]) {
  yield* parts;
}
async function digests(): Promise<string[]> {
  const found: string[] = [];
  for await (const { digest } of store.list()) found.push(digest);
  return found;
}

describe("content store", () => {
  it("keeps a blob under its digest over a restart, whole or by range", async () => {
    const bytes = randomBytes(300_000);
    const info = await store.ingest(chunks(bytes.subarray(0, 1000), bytes.subarray(1000)));
    expect(info).toEqual({ digest: sha256(bytes), sizeBytes: bytes.length });
    store = await reopen();
    expect(await store.stat(info.digest)).toEqual(info);
    expect((await readAll(store.open(info.digest), 1e6)).equals(bytes)).toBe(true);
    expect(
      (await readAll(store.open(info.digest, { start: 10, end: 19 }), 1e6)).equals(bytes.subarray(10, 20)),
    ).toBe(true);
    expect((await store.readBytes(info.digest, 1e6)).equals(bytes)).toBe(true);
    expect(await digests()).toEqual([info.digest]);
    expect(readdirSync(join(dir, "ingest"))).toEqual([]);
  });

  it("takes sha512 digests", async () => {
    const bytes = Buffer.from("hello");
    const expectedDigest = `sha512:${createHash("sha512").update(bytes).digest("hex")}`;
    await store.ingest(bytes, { expectedDigest });
    expect((await store.readBytes(expectedDigest, 10)).toString()).toBe("hello");
  });

  it("never shows a blob that is longer, shorter or other than announced", async () => {
    const bytes = randomBytes(5000);
    const expectedDigest = sha256(bytes);
    const cases: [Uint8Array, object, string][] = [
      [randomBytes(5000), { expectedDigest }, "Content.DigestMismatch"],
      [bytes.subarray(1), { expectedDigest, expectedSizeBytes: 5000 }, "Content.SizeMismatch"],
      [Buffer.concat([bytes, bytes]), { expectedDigest, expectedSizeBytes: 5000 }, "Content.SizeMismatch"],
      [bytes, { expectedDigest, limitBytes: 4999 }, "Content.TooLarge"],
    ];
    for (const [sent, options, code] of cases) {
      await expect(store.ingest(sent, options)).rejects.toMatchObject({ code });
      expect(await digests()).toEqual([]);
      expect(readdirSync(join(dir, "ingest"))).toEqual([]);
    }
    await expect(store.stat("sha256:../../../etc/passwd")).rejects.toMatchObject({ code: "Digest.Invalid" });
    expect(() => store.open(expectedDigest)).toThrow(/no such blob/);
  });

  it("stops when the signal aborts although the source hangs, and keeps nothing", async () => {
    const controller = new AbortController();
    async function* hanging() {
      yield Buffer.from("x");
      await new Promise(() => {});
    }
    const result = store.ingest(hanging(), { signal: controller.signal });
    systemClock.after(20, () => controller.abort());
    await expect(result).rejects.toMatchObject({ kind: "Canceled" });
    expect(readdirSync(join(dir, "ingest"))).toEqual([]);
  });

  it("lets many store the same blob at once", async () => {
    const bytes = randomBytes(100_000);
    const infos = await Promise.all(
      Array.from({ length: 8 }, () => store.ingest(chunks(bytes), { expectedDigest: sha256(bytes) })),
    );
    expect(new Set(infos.map((info) => info.digest)).size).toBe(1);
    expect((await store.readBytes(sha256(bytes), 1e6)).equals(bytes)).toBe(true);
  });

  it("resumes an upload after a restart", async () => {
    const bytes = randomBytes(9000);
    const first = await store.startIngest("upload-1");
    await first.append(chunks(bytes.subarray(0, 4000)));
    store = await reopen();
    const again = (await store.resumeIngest("upload-1"))!;
    expect(again.offsetBytes).toBe(4000);
    await again.append(chunks(bytes.subarray(4000)));
    expect(await again.commit({ expectedDigest: sha256(bytes) })).toEqual({
      digest: sha256(bytes),
      sizeBytes: 9000,
    });
    expect(await store.resumeIngest("upload-1")).toBeUndefined();
    await expect(again.append(chunks(bytes))).rejects.toMatchObject({ code: "Content.NoIngest" });
    await expect(store.startIngest("../x")).rejects.toMatchObject({ code: "Content.InvalidIngestId" });
  });

  it("keeps what arrived when a source breaks, and takes the rest", async () => {
    const bytes = randomBytes(9000);
    const ingest = await store.startIngest();
    async function* breaking() {
      yield bytes.subarray(0, 5000);
      throw new Error("connection reset");
    }
    await expect(ingest.append(breaking())).rejects.toThrow("connection reset");
    expect(ingest.offsetBytes).toBe(5000);
    await ingest.append(chunks(bytes.subarray(5000)));
    expect((await ingest.commit()).digest).toBe(sha256(bytes));
  });

  it("says when a blob was damaged on disk", async () => {
    const { digest } = await store.ingest(Buffer.from("precious"));
    writeFileSync(store.localPath(digest), "precisou");
    await expect(store.readBytes(digest, 100)).rejects.toMatchObject({ kind: "DataLoss" });
  });
});

describe("garbage collection of content", () => {
  const put = async (text: string) => (await store.ingest(Buffer.from(text))).digest;

  it("leaves what is referenced, leased or just stored, and removes the rest at the second collection", async () => {
    const [kept, leased, checked, unneeded] = [
      await put("kept"),
      await put("leased"),
      await put("checked"),
      await put("unneeded"),
    ];
    const lease = await store.lease([leased]);
    const remove = store.addReferenceCheck((digest) => digest === checked);
    expect((await store.collectGarbage(new Set([kept]))).deleted).toEqual([]);
    const second = await store.collectGarbage(new Set([kept]));
    expect(second).toEqual({ deleted: [unneeded], freedBytes: 8 });
    await lease.release();
    remove();
    expect((await store.collectGarbage(new Set([kept]))).deleted).toEqual([checked]);
    expect((await store.collectGarbage(new Set([kept]))).deleted).toEqual([leased]);
    expect(await digests()).toEqual([kept]);
  });

  it("collects at once what an earlier run left behind, and ingests older than a day", async () => {
    const digest = await put("old");
    await store.startIngest("stale");
    await store.startIngest("fresh");
    const dayAndHourAgo = (systemClock.nowMs() - 25 * 3600_000) / 1000;
    store = await reopen();
    utimesSync(join(dir, "ingest", "stale"), dayAndHourAgo, dayAndHourAgo);
    expect((await store.collectGarbage(new Set())).deleted).toEqual([digest]);
    expect(existsSync(join(dir, "ingest", "stale"))).toBe(false);
    expect(existsSync(join(dir, "ingest", "fresh"))).toBe(true);
  });

  it("is kept by the lease that it is taken under before anybody can take it for garbage", async () => {
    const bytes = Buffer.from("the same bytes twice");
    const digest = digestOf(bytes);
    const lease = await store.lease();
    const seen: string[] = [];
    const watching = {
      ...lease,
      add: (added: string) => {
        lease.add(added);
        seen.push(added);
        expect(() => store.localPath(added)).toThrow("no such blob");
      },
    };
    await store.ingest(bytes, { lease: watching });
    expect(seen).toEqual([digest]);
    // Somebody else has had the same bytes, and has no use for them any more.
    expect((await store.deleteUnreferenced([digest])).deleted).toEqual([]);
    await lease.release();
    expect((await store.deleteUnreferenced([digest])).deleted).toEqual([digest]);
  });

  it("lets leases expire", async () => {
    const digest = await put("x");
    await store.lease([digest], 20);
    store.collectGarbage(new Set());
    await systemClock.sleep(40);
    expect((await store.collectGarbage(new Set())).deleted).toEqual([digest]);
  });

  it("deletes what a removal left behind, unless somebody needs it", async () => {
    const [a, b] = [await put("a"), await put("b")];
    const lease = await store.lease([b]);
    expect((await store.deleteUnreferenced([a, b, a])).deleted).toEqual([a]);
    await lease.release();
  });

  it("never deletes a blob that a pull in parallel has leased", async () => {
    const payloads = Array.from({ length: 20 }, (_, index) => Buffer.from(`payload ${index}`));
    let stop = false;
    const collecting = (async () => {
      while (!stop) await store.collectGarbage(new Set());
    })();
    for (let round = 0; round < 15; round++) {
      await Promise.all(
        payloads.map(async (payload) => {
          const lease = await store.lease([sha256(payload)]);
          if (!(await store.stat(sha256(payload)))) await store.ingest(payload);
          expect((await store.readBytes(sha256(payload), 100)).equals(payload)).toBe(true);
          await lease.release();
        }),
      );
    }
    stop = true;
    await collecting;
    await store.collectGarbage(new Set());
    await store.collectGarbage(new Set());
    expect(await digests()).toEqual([]);
  });
});

describe("a durable JSON file", () => {
  it("writes the newest value once for all who wait", async () => {
    const value = { count: 0 };
    const file = new DurableJsonFile(join(dir, "state.json"), () => value);
    const saves: Promise<void>[] = [];
    for (let count = 1; count <= 50; count++) {
      value.count = count;
      saves.push(file.save());
    }
    await Promise.all(saves);
    expect(JSON.parse((await import("node:fs")).readFileSync(join(dir, "state.json"), "utf8"))).toEqual({
      count: 50,
    });
    expect(readdirSync(dir).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});
