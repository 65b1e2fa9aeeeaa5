import { GantryError, isGantryError } from "../../base/index.ts";
import { formatCanonical, parseImageReference, withDefaultTag } from "../../formats/index.ts";
import type { ImageService } from "../../images/types.ts";
import { findLocalImage } from "../sources/image-source.ts";
import { resolveLayoutImage } from "../sources/oci-layout-source.ts";
import type { ResolvedImage, ResolveImageOptions, SolveJob } from "./types.ts";

/** An image's digest and configuration: of the one that is here, or of the registry's. */
export async function resolveImage(
  images: Pick<ImageService, "find" | "resolveRemote" | "describeImage">,
  text: string,
  { platform, mode, ociLayout }: ResolveImageOptions,
  { session, signal }: Pick<SolveJob, "session" | "signal">,
): Promise<ResolvedImage> {
  if (ociLayout) return resolveLayoutImage(images, text, { platform, ...ociLayout }, { session, signal });
  const name = withDefaultTag(parseImageReference(text));
  const reference = formatCanonical(name);
  const image = mode === "pull" ? undefined : await findLocalImage(images, reference, platform);
  if (image) {
    const prefix = `${name.domain}/${name.path}@`;
    const known = image.digestReferences.find((one) => one.startsWith(prefix));
    return { reference, digest: name.digest ?? known?.slice(prefix.length), config: image.config };
  }
  try {
    const auth = await session?.credentials(name.domain, signal);
    return { reference, ...(await images.resolveRemote(reference, { auth, platform, signal })) };
  } catch (error) {
    if (!isGantryError(error)) throw error;
    throw new GantryError(
      error.kind,
      `failed to resolve source metadata for ${reference}: ${error.message}`,
      {
        code: error.code,
        details: error.details,
        cause: error,
      },
    );
  }
}
