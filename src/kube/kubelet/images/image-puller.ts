import { type Clock, errorMessage, GantryError } from "../../../base/index.ts";
import type { CriImage, CriImageService } from "../../../cri/types.ts";
import { tryParseImageReference } from "../../../formats/index.ts";
import type { Container, Pod } from "../../api/index.ts";
import type { ObjectReader } from "../objects/referenced-objects.ts";
import { BackOff } from "../pods/back-off.ts";
import type { PodEvents } from "../pods/pod-events.ts";
import { StartFailure } from "../pods/start-failure.ts";
import { type Credentials, pullCredentials } from "./pull-credentials.ts";

export interface ImagePullerOptions {
  images: CriImageService;
  events: PodEvents;
  clock: Clock;
}

/** Sees to it that a container's image is in the store, by its pull policy. */
export class ImagePuller {
  readonly #options: ImagePullerOptions;
  readonly #backOff: BackOff;
  /** Why the last pull failed: told again while backing off. */
  readonly #lastFailure = new Map<string, string>();

  constructor(options: ImagePullerOptions) {
    this.#options = options;
    this.#backOff = new BackOff(options.clock);
  }

  /** The image, or a StartFailure with upstream's reason and message. */
  async ensure(
    pod: Pod,
    container: Container,
    objects: ObjectReader,
    signal: AbortSignal,
  ): Promise<CriImage> {
    const { images, events } = this.#options;
    const name = container.image ?? "";
    const isId = /^(?:sha256:)?[0-9a-f]{64}$/.test(name);
    if (!isId && !tryParseImageReference(name)) {
      const message = `Failed to apply default image tag "${name}": couldn't parse image name "${name}": invalid reference format`;
      events.warning(pod, "InspectFailed", message, container);
      throw new StartFailure("InvalidImageName", message);
    }
    const present = await images.imageStatus(name);
    const policy = container.imagePullPolicy ?? "IfNotPresent";
    if (present && (policy !== "Always" || wasMadeHere(present))) {
      events.normal(pod, "Pulled", `Container image "${name}" already present on machine`, container);
      return present;
    }
    if (policy === "Never") {
      const message = `Container image "${name}" is not present with pull policy of Never`;
      events.warning(pod, "ErrImageNeverPull", message, container);
      throw new StartFailure("ErrImageNeverPull", message);
    }
    return this.#pull(pod, container, name, objects, signal);
  }

  forgetPod(podUid: string): void {
    this.#backOff.forget(podUid);
    for (const key of this.#lastFailure.keys()) if (key.startsWith(podUid)) this.#lastFailure.delete(key);
  }

  async #pull(
    pod: Pod,
    container: Container,
    name: string,
    objects: ObjectReader,
    signal: AbortSignal,
  ): Promise<CriImage> {
    const { events, clock } = this.#options;
    const key = `${pod.metadata.uid}_${name}`;
    const waitMs = this.#backOff.remainingSinceUpdateMs(key);
    if (waitMs > 0) {
      events.normal(pod, "BackOff", `Back-off pulling image "${name}"`, container);
      const why = this.#lastFailure.get(key);
      const message = `Back-off pulling image "${name}"${why === undefined ? "" : `: ErrImagePull: ${why}`}`;
      throw new StartFailure("ImagePullBackOff", message, waitMs);
    }
    events.normal(pod, "Pulling", `Pulling image "${name}"`, container);
    const beganMs = clock.monotonicMs();
    try {
      const pulled = await this.#pullWithCredentials(pod, name, objects, signal);
      const tookMs = clock.monotonicMs() - beganMs;
      const took = goDuration(tookMs);
      events.normal(
        pod,
        "Pulled",
        `Successfully pulled image "${name}" in ${took} (${took} including waiting). Image size: ${pulled.sizeBytes} bytes.`,
        container,
      );
      this.#backOff.forget(key);
      this.#lastFailure.delete(key);
      return pulled;
    } catch (error) {
      if (signal.aborted) throw error;
      const why = errorMessage(error);
      events.warning(pod, "Failed", `Failed to pull image "${name}": ${why}`, container);
      this.#backOff.next(key);
      this.#lastFailure.set(key, why);
      throw new StartFailure("ErrImagePull", why, this.#backOff.remainingSinceUpdateMs(key));
    }
  }

  /** Each credential that fits the registry is tried; without any the pull is anonymous. */
  async #pullWithCredentials(
    pod: Pod,
    name: string,
    objects: ObjectReader,
    signal: AbortSignal,
  ): Promise<CriImage> {
    const { images } = this.#options;
    const fitting: (Credentials | undefined)[] = await pullCredentials(pod, name, objects);
    if (fitting.length === 0) fitting.push(undefined);
    let failure: unknown;
    for (const auth of fitting) {
      try {
        const id = await images.pullImage(name, auth, signal);
        const image = (await images.imageStatus(id)) ?? (await images.imageStatus(name));
        if (image) return image;
        throw new GantryError("NotFound", `image ${name} is not there after its pull`, {
          code: "Kubelet.ImageLost",
        });
      } catch (error) {
        if (signal.aborted) throw error;
        failure = error;
      }
    }
    throw failure;
  }
}

/**
 * Built, imported or loaded on this machine and never pushed: no registry can have a newer one. `Always`, which an absent
 * tag and `latest` imply, asks for nothing then, so that what `docker build` has made runs under any name.
 */
function wasMadeHere(image: CriImage): boolean {
  return image.repoDigests.length === 0;
}

/** As Go prints a duration rounded to milliseconds: `512ms`, `1.204s`, `1m3.5s`. */
function goDuration(ms: number): string {
  const rounded = Math.round(ms);
  if (rounded < 1000) return `${rounded}ms`;
  const minutes = Math.floor(rounded / 60_000);
  const seconds = (rounded % 60_000) / 1000;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}
