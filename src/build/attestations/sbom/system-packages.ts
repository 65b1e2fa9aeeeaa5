import type { FoundPackage, ReadPackages } from "./packages.ts";

/** `/var/lib/dpkg/status`, and the files of `status.d` in distroless images (deb822). */
export const readDpkgStatus: ReadPackages = (text, path) =>
  text.split(/\n\n+/).flatMap((paragraph) => {
    const fields = fieldsOf(paragraph, /^([A-Za-z-]+): (.*)$/);
    const isInstalled = fields.Status === undefined || / installed$/.test(fields.Status);
    if (!fields.Package || !fields.Version || !isInstalled) return [];
    return [
      found("deb", path, {
        name: fields.Package,
        version: fields.Version,
        architecture: fields.Architecture,
        supplier: fields.Maintainer,
      }),
    ];
  });

/** `/lib/apk/db/installed` of Alpine. */
export const readApkInstalled: ReadPackages = (text, path) =>
  text.split(/\n\n+/).flatMap((paragraph) => {
    const fields = fieldsOf(paragraph, /^([A-Z]):(.*)$/);
    if (!fields.P || !fields.V) return [];
    return [
      found("apk", path, {
        name: fields.P,
        version: fields.V,
        architecture: fields.A,
        license: fields.L,
        supplier: fields.m,
      }),
    ];
  });

/** Its first line of each name counts; lines that go on are left out. */
function fieldsOf(paragraph: string, line: RegExp): Record<string, string | undefined> {
  const fields: Record<string, string> = {};
  for (const one of paragraph.split("\n")) {
    const match = line.exec(one);
    if (match && !Object.hasOwn(fields, match[1]!)) fields[match[1]!] = match[2]!;
  }
  return fields;
}

function found(
  type: FoundPackage["type"],
  foundIn: string,
  { name, version, ...more }: { [key: string]: string | undefined; name: string; version: string },
): FoundPackage {
  const known = Object.entries(more).filter(([, value]) => value !== undefined && value !== "");
  return { type, name, version, ...Object.fromEntries(known), foundIn };
}
