import type { Service } from "../base/index.ts";
import type { LeaderElection } from "../kube/client/index.ts";

/** A service that works on one server of several at a time. Ready at once: whoever leads does its work. */
export function whileLeading(service: Service, election: () => LeaderElection): Service {
  return {
    name: service.name,
    needs: service.needs,
    async run({ signal, ready }) {
      ready();
      await election().run(signal, (term) => service.run({ signal: term, ready: () => {} }));
    },
  };
}
