import { newHexId } from "../../base/index.ts";
import { protobuf } from "../../formats/index.ts";
import type { Builds } from "../control/builds.ts";
import { statusResponses } from "../control/status-responses.ts";
import { SOLVE, StatusResponse } from "../messages/control-messages.ts";
import type { SessionBuildRequest } from "../types.ts";

/** Builds that are asked for with `POST /build?version=2`, as BuildKit's own requests. */
export class SessionBuilder {
  readonly #builds: Builds;
  /** Ids of builds that run, by what their clients call them. */
  readonly #ids = new Map<string, string>();

  constructor(builds: Builds) {
    this.#builds = builds;
  }

  async build(request: SessionBuildRequest): Promise<{ imageId: string | undefined }> {
    const ref = newHexId();
    if (request.buildId !== "") this.#ids.set(request.buildId, ref);
    const message = protobuf.decode(
      SOLVE.request,
      protobuf.encode(SOLVE.request, {
        ref,
        session: request.sessionId,
        frontend: "dockerfile.v0",
        frontendAttrs: { ...request.frontendOptions },
        exporters: [{ type: request.exporter.type, attrs: { ...request.exporter.attributes } }],
        entitlements: request.entitlements,
      }),
    );
    const solving = this.#builds.solve(message, request.signal);
    const shown = this.#show(ref, request);
    try {
      const response = await solving;
      return { imageId: response["containerimage.digest"] };
    } finally {
      await shown;
      this.#ids.delete(request.buildId);
    }
  }

  cancel(id: string): void {
    const ref = this.#ids.get(id);
    if (ref !== undefined) this.#builds.cancel(ref);
  }

  async #show(ref: string, { onProgress }: SessionBuildRequest): Promise<void> {
    const never = new AbortController();
    const running = this.#builds.running().find(({ request }) => request.ref === ref);
    if (!running) return;
    // Also after the client has cancelled: how it ends is still told.
    for await (const events of running.progress.listen(never.signal)) {
      for (const response of statusResponses(events)) onProgress(protobuf.encode(StatusResponse, response));
    }
  }
}
