import {
  formatFamiliar,
  type Platform,
  parseImageReference,
  platformId,
  withDefaultTag,
} from "../../formats/index.ts";

/** `pkg:docker/NAME@TAG?platform=…` (package-url specification, types docker and oci). */
export function imageUrl(reference: string, platform: Platform | undefined): string {
  const parsed = withDefaultTag(parseImageReference(reference));
  const { tag = parsed.digest ?? "latest" } = parsed;
  const name = formatFamiliar({ ...parsed, tag: "latest", digest: undefined }).replace(/:latest$/, "");
  const path = name.split("/").map(encodeURIComponent).join("/");
  const qualifiers = [
    ...(parsed.digest === undefined ? [] : [`digest=${encodeURIComponent(parsed.digest)}`]),
    ...(platform ? [`platform=${encodeURIComponent(platformId(platform))}`] : []),
  ];
  const query = qualifiers.length > 0 ? `?${qualifiers.join("&")}` : "";
  return `pkg:docker/${path}@${encodeURIComponent(tag)}${query}`;
}
