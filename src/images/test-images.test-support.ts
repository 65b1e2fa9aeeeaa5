import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { GantryError, silentLogger } from "../base/index.ts";
import { type ContentStore, openContentStore } from "../content/index.ts";
import { type TarEntry, tarEntry, writeTar } from "../formats/index.ts";
import { type ImageLimits, type ImageService, openImageService, type RegistryTransport } from "./index.ts";

/** A registry that is not there. */
export const noRegistry: RegistryTransport = {
  repository: () => {
    throw new GantryError("Unavailable", "there is no registry in this test");
  },
};

export interface TestHouse {
  dir: string;
  content: ContentStore;
  images: ImageService;
  /** As after a restart of the program. */
  reopen(): Promise<void>;
  remove(): void;
}

export async function openTestHouse(
  options: { registry?: RegistryTransport; limits?: Partial<ImageLimits>; dir?: string } = {},
): Promise<TestHouse> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), "gantry-images-"));
  const house = { dir, remove: () => rmSync(dir, { recursive: true, force: true }) } as TestHouse;
  house.reopen = async () => {
    house.content = await openContentStore({ dir: join(dir, "content"), logger: silentLogger });
    house.images = await openImageService({
      dir: join(dir, "images"),
      content: house.content,
      registry: options.registry ?? noRegistry,
      limits: options.limits,
      logger: silentLogger,
    });
  };
  await house.reopen();
  return house;
}

export type Files = Record<string, string | Partial<TarEntry>>;

/** An archive of files by name: text is a file's content, a name that ends in `/` a directory. */
export function archiveOf(files: Files): Readable {
  const members = Object.entries(files).map(([name, value]) => {
    const text = typeof value === "string" ? value : "";
    const more = typeof value === "string" ? {} : value;
    const type = name.endsWith("/") ? "directory" : "file";
    return { entry: tarEntry({ name, type, sizeBytes: text.length, ...more }), body: Buffer.from(text) };
  });
  return Readable.from(writeTar(members), { objectMode: false });
}

export async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
