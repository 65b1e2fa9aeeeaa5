import { existsSync } from "node:fs";
import { GantryError } from "../base/index.ts";

interface Requirement {
  what: string;
  package: string;
  /** One of these files must be there. */
  files: string[];
}

const inPath = (name: string) =>
  ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(
    (dir) => `${dir}/${name}`,
  );
const library = (name: string) =>
  ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"].map(
    (dir) => `${dir}/${name}`,
  );

const REQUIREMENTS: Requirement[] = [
  { what: "an OCI runtime (crun or runc)", package: "crun", files: [...inPath("crun"), ...inPath("runc")] },
  { what: "conmon", package: "conmon", files: inPath("conmon") },
  { what: "libnftables", package: "libnftables1", files: library("libnftables.so.1") },
];
/** Nothing starts worse without it, but `docker run --init` needs it: it comes with the others. */
const WITH_THEM: Requirement = { what: "a static init", package: "tini", files: inPath("tini-static") };

/** Fails with one sentence that names every system package that is missing. */
export function assertSystemPackages(exists: (file: string) => boolean = existsSync): void {
  const isMissing = (one: Requirement) => !one.files.some(exists);
  const missing = REQUIREMENTS.filter(isMissing);
  if (missing.length === 0) return;
  const packages = [...missing, ...[WITH_THEM].filter(isMissing)].map((one) => one.package);
  const names = missing.map((one) => one.what).join(" and ");
  throw new GantryError("Unavailable", `${names} ${missing.length > 1 ? "are" : "is"} not installed`, {
    code: "Platform.MissingPackage",
    hint: `install with: apt-get install ${packages.join(" ")}`,
  });
}
