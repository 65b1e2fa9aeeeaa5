import { closeSync, openSync } from "node:fs";
import { Readable } from "node:stream";
import { inTurns } from "../../base/index.ts";
import { decompress, newDigestHash, type TarEntry, TarReader } from "../../formats/index.ts";
import type { ImageLimits } from "../image-limits.ts";
import { TreeExtractor } from "./tree-extractor.ts";
import { packTree } from "./tree-packer.ts";

/** What is known of a layer once its archive was seen from end to end. */
export interface LayerFacts {
  /** Digest of the uncompressed archive. */
  diffId: string;
  tarBytes: number;
  /** Bytes of the files in it. */
  contentBytes: number;
  entries: number;
}

/** How a layer's directory is turned into its archive. One place, because the diff id depends on it. */
export const LAYER_PACKING = { whiteouts: "overlay", root: "if-changed" } as const;

export type UnpackLimits = Pick<ImageLimits, "layerEntries" | "layerBytes" | "layerRatio" | "ratioFreeBytes">;

/** Unpacks a layer's archive, compressed or not, into an empty directory for use by overlayfs. */
export async function unpackLayer(
  source: Readable | AsyncIterable<Uint8Array>,
  dir: string,
  limits: UnpackLimits,
  onProgress: (readBytes: number) => void = () => {},
): Promise<LayerFacts> {
  const hash = newDigestHash();
  const extractor = new TreeExtractor(dir, { whiteouts: "overlay", maxEntries: limits.layerEntries });
  const reader = new TarReader(extractor);
  let tarBytes = 0;
  let finished = false;
  try {
    const { layerBytes: maxBytes, layerRatio: maxRatio, ratioFreeBytes } = limits;
    for await (const chunk of decompress(counted(source, onProgress), {
      maxBytes,
      maxRatio,
      ratioFreeBytes,
    })) {
      hash.update(chunk);
      tarBytes += chunk.length;
      reader.push(chunk);
    }
    reader.end();
    extractor.finish();
    finished = true;
  } finally {
    if (!finished) extractor.close();
  }
  return { diffId: `sha256:${hash.digest("hex")}`, tarBytes, ...extractor.totals };
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  onProgress: (readBytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let readBytes = 0;
  for await (const chunk of source) {
    readBytes += chunk.length;
    onProgress(readBytes);
    yield chunk;
  }
}

/** The archive of a layer's directory, in pieces. */
export function* packLayer(dir: string): Generator<Buffer> {
  const fd = openSync(dir, "r");
  try {
    yield* packTree(fd, LAYER_PACKING);
  } finally {
    closeSync(fd);
  }
}

/** The archive of a layer's directory as it would be had nothing in it been changed after a time. */
export function packClamped(dir: string, latestSeconds: number): Readable {
  const pieces = function* () {
    const fd = openSync(dir, "r");
    try {
      const map = (entry: TarEntry): TarEntry =>
        entry.mtimeSeconds > latestSeconds ? { ...entry, mtimeSeconds: latestSeconds } : entry;
      yield* packTree(fd, { ...LAYER_PACKING, map });
    } finally {
      closeSync(fd);
    }
  };
  return Readable.from(inTurns(pieces()), { objectMode: false });
}

/** Collects a layer's facts while its archive passes. */
export class LayerMeter {
  readonly #hash = newDigestHash();
  #tarBytes = 0;
  #contentBytes = 0;
  #entries = 0;
  readonly #reader = new TarReader({
    entry: (entry) => {
      this.#entries++;
      this.#contentBytes += entry.sizeBytes;
    },
    data: () => {},
    endEntry: () => {},
  });

  update(piece: Uint8Array): void {
    this.#hash.update(piece);
    this.#tarBytes += piece.length;
    this.#reader.push(piece);
  }

  facts(): LayerFacts {
    return {
      diffId: `sha256:${this.#hash.digest("hex")}`,
      tarBytes: this.#tarBytes,
      contentBytes: this.#contentBytes,
      entries: this.#entries,
    };
  }
}
