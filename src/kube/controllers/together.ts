import type { Controller } from "./controller.ts";

/** Several controllers as one. */
export function together(name: string, controllers: readonly Controller[]): Controller {
  return {
    name,
    run: async (signal) => {
      await Promise.all(controllers.map((one) => one.run(signal)));
    },
  };
}
