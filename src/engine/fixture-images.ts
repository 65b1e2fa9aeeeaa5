import {
  chmodSync,
  copyFileSync,
  existsSync,
  lchownSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { notFound, notImplemented } from "../base/index.ts";
import type { ImageRuntimeConfig } from "../formats/oci-types.ts";
import type { ImageService } from "../images/types.ts";
import { APPLETS } from "./test-home.ts";
export function fixtureImages(dir: string): ImageService {
  const images = new Map<string, any>();
  const make = (ref: string, config: ImageRuntimeConfig, extra?: (root: string) => void) => {
    const root = join(dir, "layers", ref);
    if (!existsSync(root)) {
      for (const d of ["bin", "tmp", "etc", "root"]) mkdirSync(join(root, d), { recursive: true });
      chmodSync(join(root, "tmp"), 0o1777);
      copyFileSync("/usr/bin/busybox", join(root, "bin/busybox"));
      for (const n of APPLETS) symlinkSync("busybox", join(root, "bin", n));
      writeFileSync(
        join(root, "etc/passwd"),
        "root:x:0:0:root:/root:/bin/sh\ndave:x:1000:1001:Dave:/home/dave:/bin/sh\n",
      );
      writeFileSync(join(root, "etc/group"), "root:x:0:\ndave:x:1001:\nstaff:x:50:dave\n");
      extra?.(root);
    }
    const record = {
      id: `sha256:${ref.padEnd(64, "0")}`,
      config: { config: { Env: ["PATH=/bin:/usr/bin"], Cmd: ["sh"], ...config } },
      references: [ref],
      digestReferences: [],
      sizeBytes: 1,
      layers: [root],
      createdAtMs: 0,
      lastTaggedAtMs: 0,
    };
    images.set(ref, record);
    images.set(record.id, record);
  };
  make("busybox", {});
  const mountOf = (key: string) => ({
    type: "overlay" as const,
    lowerDirs: [join(dir, "layers/busybox")],
    upperDir: join(dir, "snap", key, "upper"),
    workDir: join(dir, "snap", key, "work"),
  });
  const service: Partial<ImageService> = {
    list: async () => [...new Set(images.values())],
    find: async (r) => images.get(r),
    get: async (r) =>
      images.get(r) ??
      (() => {
        throw notFound(`No such image: ${r}`);
      })(),
    prepareSnapshot: async (key) => {
      for (const d of ["upper", "work"]) mkdirSync(join(dir, "snap", key, d), { recursive: true });
      lchownSync(join(dir, "snap", key, "upper"), 0, 0);
      return mountOf(key);
    },
    snapshotMount: async (key) => mountOf(key),
    removeSnapshot: async (key) => rmSync(join(dir, "snap", key), { recursive: true, force: true }),
    snapshotUsage: async () => ({ sizeBytes: 0, inodes: 0 }),
    snapshotChanges: async () => {
      throw notImplemented("fixture");
    },
    onEvent: () => () => {},
  };
  return service as ImageService;
}
