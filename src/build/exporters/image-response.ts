import type { ImageDocuments } from "./image-documents.ts";

/** What the client is told of an exported image (BuildKit's exptypes). */
export function imageResponse(
  { root, isIndex, images }: ImageDocuments,
  { names, isPushed }: { names: readonly string[]; isPushed: boolean },
): Record<string, string> {
  const [image] = images;
  // What only this program has is known by its configuration's digest, as everywhere in Docker's API.
  const digest = isIndex || isPushed ? root.digest : image!.configDigest;
  return {
    ...(names.length > 0 ? { "image.name": names.join(",") } : {}),
    "containerimage.digest": digest,
    ...(isIndex ? {} : { "containerimage.config.digest": image!.configDigest }),
    "containerimage.descriptor": Buffer.from(JSON.stringify(root)).toString("base64"),
  };
}
