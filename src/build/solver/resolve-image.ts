import { notImplemented } from "../../base/index.ts";
import { formatCanonical, parseImageReference, withDefaultTag } from "../../formats/index.ts";
import type { ImageService } from "../../images/types.ts";
import { findImage } from "../sources/image-source.ts";
import type { ProgressStep, ResolvedImage, ResolveImageOptions, SolveJob } from "./types.ts";

/** An image's digest and configuration: of the one that is here, or of the registry's. */
export async function resolveImage(
  images: Pick<ImageService, "find" | "pull">,
  text: string,
  options: ResolveImageOptions,
  { session, signal }: Pick<SolveJob, "session" | "signal">,
  step: ProgressStep,
): Promise<ResolvedImage> {
  if (options.ociLayout)
    throw notImplemented("images of OCI layouts are not supported", { code: "Build.OciLayout" });
  const name = withDefaultTag(parseImageReference(text));
  const reference = formatCanonical(name);
  const { image } = await findImage(images, reference, {
    platform: options.platform,
    mode: options.mode,
    session,
    step,
    signal,
  });
  const prefix = `${name.domain}/${name.path}@`;
  const known = image.digestReferences.find((one) => one.startsWith(prefix));
  return { reference, digest: name.digest ?? known?.slice(prefix.length), config: image.config };
}
