import { formatCanonical, type Platform, parseImageReference, withDefaultTag } from "../../formats/index.ts";
import type { ImageRecord, ImageService, ProgressEvent } from "../../images/types.ts";
import type { ClientSession } from "../session/types.ts";
import type { ProgressStep } from "../solver/types.ts";

export interface FindImageOptions {
  platform: Platform | undefined;
  mode: "default" | "pull" | "local";
  session: ClientSession | undefined;
  step: ProgressStep;
  signal: AbortSignal;
}

/** An image that is here, or one from its registry. */
export async function findImage(
  images: Pick<ImageService, "find" | "pull">,
  reference: string,
  options: FindImageOptions,
): Promise<{ image: ImageRecord; wasHere: boolean }> {
  const name = withDefaultTag(parseImageReference(reference));
  // By its digest it cannot have changed.
  if (options.mode !== "pull" || name.digest !== undefined) {
    const found = await findLocalImage(images, reference, options.platform);
    if (found) return { image: found, wasHere: true };
  }
  const auth = await options.session?.credentials(name.domain, options.signal);
  const image = await images.pull(formatCanonical(name), {
    auth,
    platform: options.platform,
    signal: options.signal,
    onProgress: (event) => tellProgress(event, options.step),
  });
  return { image, wasHere: false };
}

/** As BuildKit shows it: a line for a layer's transfer, another for its unpacking. */
function tellProgress({ id, status, current, total }: ProgressEvent, step: ProgressStep): void {
  if (id === undefined) return;
  const amount = { ...(current === undefined ? {} : { current }), ...(total === undefined ? {} : { total }) };
  if (status === "Downloading") step.status(`sha256:${id}`, amount);
  else if (status === "Download complete") step.status(`sha256:${id}`, { done: true });
  else if (status === "Extracting") step.status(`extracting sha256:${id}`, {});
  else if (status === "Pull complete") step.status(`extracting sha256:${id}`, { done: true });
}

export async function findLocalImage(
  images: Pick<ImageService, "find">,
  reference: string,
  platform: Platform | undefined,
): Promise<ImageRecord | undefined> {
  const found = await images.find(reference);
  return found && fits(found, platform) ? found : undefined;
}

function fits({ config }: ImageRecord, platform: Platform | undefined): boolean {
  if (!platform?.architecture) return true;
  return config.os === platform.os && config.architecture === platform.architecture;
}
