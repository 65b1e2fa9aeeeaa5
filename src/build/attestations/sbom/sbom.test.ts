import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { scanTree } from "./scan-tree.ts";
import { packageUrl, spdxDocument } from "./spdx-document.ts";

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});

async function scan(files: Record<string, string | Buffer>, links: Record<string, string> = {}) {
  const dir = mkdtempSync(join(tmpdir(), "gantry-sbom-"));
  dirs.push(dir);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content, { mode: 0o755 });
  }
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    symlinkSync(target, join(dir, path));
  }
  const fd = openSync(dir, constants.O_DIRECTORY);
  try {
    return await scanTree(fd, new AbortController().signal);
  } finally {
    closeSync(fd);
  }
}

/** A program for 64-bit Linux with one section: what the Go linker writes of modules. */
function goProgram(modules: string): Buffer {
  const text = (content: string) =>
    Buffer.concat([Buffer.from([(content.length & 0x7f) | 0x80, content.length >> 7]), Buffer.from(content)]);
  const info = Buffer.alloc(32);
  info.write("\xff Go buildinf:", "latin1");
  info[15] = 2;
  const marker = "m".repeat(16);
  const section = Buffer.concat([info, text("go1.22.1"), text(marker + modules + marker)]);
  const header = Buffer.alloc(64);
  header.write("\x7fELF\x02\x01", "latin1");
  header.writeBigUInt64LE(64n, 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(1, 60);
  const table = Buffer.alloc(64);
  table.writeBigUInt64LE(128n, 24);
  table.writeBigUInt64LE(BigInt(section.length), 32);
  return Buffer.concat([header, table, section]);
}

describe("the scanner", () => {
  it.each([
    [
      "dpkg",
      {
        "etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
        "var/lib/dpkg/status":
          "Package: bash\nStatus: install ok installed\nMaintainer: M <m@x>\nArchitecture: amd64\nVersion: 5.2.15-2+b2\nDescription: shell\n Package: no\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n",
        "var/lib/dpkg/status.d/base": "Package: base-files\nVersion: 12\nArchitecture: all\n",
      },
      [
        "pkg:deb/debian/bash@5.2.15-2%2Bb2?arch=amd64&distro=debian-12",
        "pkg:deb/debian/base-files@12?arch=all&distro=debian-12",
      ],
    ],
    [
      "apk",
      { "lib/apk/db/installed": "C:Q1x\nP:musl\nV:1.2.4-r2\nA:x86_64\nL:MIT\n\nP:zlib\nV:1.3-r0\n" },
      ["pkg:apk/musl@1.2.4-r2?arch=x86_64", "pkg:apk/zlib@1.3-r0"],
    ],
    [
      "npm",
      {
        "app/package.json": '{"name":"own","version":"0"}',
        "app/node_modules/a/package.json": '{"name":"a","version":"1.0.0","license":"MIT"}',
        "app/node_modules/@s/b/package.json": '{"name":"@s/b","version":"2.0.0"}',
        "app/node_modules/c/package.json": "no JSON",
      },
      ["pkg:npm/a@1.0.0", "pkg:npm/%40s/b@2.0.0"],
    ],
    [
      "python",
      {
        "usr/lib/python3/dist-packages/PyYAML-6.0.dist-info/METADATA":
          "Metadata-Version: 2.1\nName: Py_YAML\nVersion: 6.0\n\nName: body\n",
      },
      ["pkg:pypi/py-yaml@6.0"],
    ],
    [
      "Go",
      {
        "bin/tool": goProgram(
          "path\tx/cmd\nmod\tx\t(devel)\t\ndep\tgolang.org/x/sys\tv0.1.0\th1:\ndep\told\tv1\n=>\tnew\tv2\n",
        ),
      },
      [
        "pkg:golang/stdlib@1.22.1",
        "pkg:golang/x@(devel)",
        "pkg:golang/golang.org/x/sys@v0.1.0",
        "pkg:golang/new@v2",
      ],
    ],
  ])("reads %s", async (_name, files, urls) => {
    const { packages, distribution } = await scan(files as unknown as Record<string, string | Buffer>);
    expect(packages.map((one) => packageUrl(one, distribution)).sort()).toEqual([...urls].sort());
  });

  it("follows no links, and stands what is broken", async () => {
    const broken = goProgram("mod\ta\tb\n");
    broken.writeBigUInt64LE(2n ** 60n, 40);
    const files = { "bin/a": broken, "bin/b": "\x7fELF\x02\x01", "node_modules/x/package.json": "null" };
    const links = { "var/lib/dpkg/status": "/etc/passwd" };
    expect((await scan(files, links)).packages).toEqual([]);
  });

  it("writes SPDX whose packages hang together", async () => {
    const found = await scan({
      "lib/apk/db/installed": "P:musl\nV:1\nL:MIT\n\nP:odd\nV:1\nL:some own words\n",
    });
    const document = spdxDocument(found, 0) as {
      packages: { SPDXID: string; name: string; licenseDeclared: string }[];
      relationships: { relationshipType: string; relatedSpdxElement: string }[];
    };
    expect(document).toMatchObject({
      spdxVersion: "SPDX-2.3",
      SPDXID: "SPDXRef-DOCUMENT",
      dataLicense: "CC0-1.0",
    });
    expect(document.packages.map(({ name, licenseDeclared }) => [name, licenseDeclared])).toEqual([
      ["musl", "MIT"],
      ["odd", "NOASSERTION"],
      ["rootfs", "NOASSERTION"],
    ]);
    const ids = new Set(document.packages.map(({ SPDXID }) => SPDXID));
    expect(document.relationships.every(({ relatedSpdxElement }) => ids.has(relatedSpdxElement))).toBe(true);
    expect(spdxDocument(found, 0)).toEqual(document);
  });
});
