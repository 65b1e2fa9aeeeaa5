import { createHash } from "node:crypto";
import { rfc3339Seconds } from "../../../base/index.ts";
import type { FoundPackage } from "./packages.ts";
import type { ScannedTree } from "./scan-tree.ts";

const NO_ASSERTION = "NOASSERTION";
/** What of an SPDX license expression is taken for one. */
const LICENSE = /^\(?[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*\)?$/;
const ROOT = "SPDXRef-DocumentRoot-Directory-rootfs";

/** The packages of a tree as an SPDX 2.3 document. Equal trees at equal times give equal documents. */
export function spdxDocument({ packages, distribution }: ScannedTree, createdMs: number): object {
  const sorted = packages.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  const listed = sorted.map((one) => packageOf(one, distribution));
  const hash = createHash("sha256").update(JSON.stringify(listed)).digest("hex");
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: "rootfs",
    documentNamespace: `https://gantry.invalid/sbom/${hash}`,
    creationInfo: { creators: ["Tool: gantry"], created: rfc3339Seconds(createdMs) },
    packages: [
      ...listed,
      {
        name: "rootfs",
        SPDXID: ROOT,
        downloadLocation: NO_ASSERTION,
        filesAnalyzed: false,
        licenseConcluded: NO_ASSERTION,
        licenseDeclared: NO_ASSERTION,
        copyrightText: NO_ASSERTION,
        primaryPackagePurpose: "FILE",
      },
    ],
    relationships: [
      relationship("SPDXRef-DOCUMENT", "DESCRIBES", ROOT),
      ...listed.map(({ SPDXID }) => relationship(ROOT, "CONTAINS", SPDXID)),
    ],
  };
}

function relationship(from: string, relationshipType: string, to: string): object {
  return { spdxElementId: from, relationshipType, relatedSpdxElement: to };
}

function sortKey({ type, name, version, foundIn }: FoundPackage): string {
  return [type, name, version, foundIn].join("\n");
}

function packageOf(found: FoundPackage, distribution: ScannedTree["distribution"]) {
  const { type, name, version, license, supplier, foundIn } = found;
  const id = createHash("sha256").update(sortKey(found)).digest("hex").slice(0, 16);
  return {
    name,
    SPDXID: `SPDXRef-Package-${type}-${name.replace(/[^A-Za-z0-9.-]+/g, "-")}-${id}`,
    versionInfo: version,
    ...(supplier ? { supplier: `Person: ${supplier}` } : {}),
    downloadLocation: NO_ASSERTION,
    filesAnalyzed: false,
    sourceInfo: `acquired package info from: /${foundIn}`,
    licenseConcluded: NO_ASSERTION,
    licenseDeclared: license && LICENSE.test(license) ? license : NO_ASSERTION,
    copyrightText: NO_ASSERTION,
    externalRefs: [
      {
        referenceCategory: "PACKAGE-MANAGER",
        referenceType: "purl",
        referenceLocator: packageUrl(found, distribution),
      },
    ],
  };
}

/** package-url specification; names of Python packages are in lower case with dashes there. */
export function packageUrl(
  { type, name, version, architecture }: FoundPackage,
  distribution: ScannedTree["distribution"],
): string {
  const given = type === "pypi" ? name.toLowerCase().replaceAll("_", "-") : name;
  const path = given.split("/").map(encodeURIComponent).join("/");
  const isSystem = type === "deb" || type === "apk";
  const space = isSystem && distribution ? `${encodeURIComponent(distribution.id)}/` : "";
  const qualifiers = [
    ...(isSystem && architecture ? [`arch=${encodeURIComponent(architecture)}`] : []),
    ...(isSystem && distribution ? [`distro=${encodeURIComponent(distroOf(distribution))}`] : []),
  ];
  const query = qualifiers.length > 0 ? `?${qualifiers.join("&")}` : "";
  return `pkg:${type}/${space}${path}@${encodeURIComponent(version)}${query}`;
}

function distroOf({ id, version }: { id: string; version: string }): string {
  return version === "" ? id : `${id}-${version}`;
}
