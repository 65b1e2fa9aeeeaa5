import { formatCanonical, type Platform, parseImageReference, withDefaultTag } from "../../formats/index.ts";
import type { ImageRecord, ImageService } from "../../images/types.ts";
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
  if (options.mode !== "pull") {
    const found = await images.find(reference);
    if (found && fits(found, options.platform)) return { image: found, wasHere: true };
  }
  const name = withDefaultTag(parseImageReference(reference));
  const auth = await options.session?.credentials(name.domain, options.signal);
  const image = await images.pull(formatCanonical(name), {
    auth,
    platform: options.platform,
    signal: options.signal,
    onProgress: ({ id, status, current, total }) => {
      if (id === undefined) return;
      const done = /complete|exists/i.test(status);
      options.step.status(id, { current, total, done, name: status.toLowerCase() });
    },
  });
  return { image, wasHere: false };
}

function fits({ config }: ImageRecord, platform: Platform | undefined): boolean {
  if (!platform?.architecture) return true;
  return config.os === platform.os && config.architecture === platform.architecture;
}
