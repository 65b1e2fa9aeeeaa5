import { type Check, type CheckedPod, namesOf, setters, type Violation } from "../check.ts";

interface WithOptions {
  securityContext?: { windowsOptions?: { hostProcess?: boolean } };
}

export const windowsHostProcess: Check = { id: "windowsHostProcess", rules: [{ since: 0, rule }] };

function rule({ spec }: CheckedPod): Violation | undefined {
  const who = setters(isHostProcess(spec), namesOf(spec, isHostProcess));
  if (who === "") return undefined;
  return {
    reason: "hostProcess",
    detail: `${who} must not set securityContext.windowsOptions.hostProcess=true`,
  };
}

const isHostProcess = ({ securityContext }: WithOptions): boolean =>
  securityContext?.windowsOptions?.hostProcess === true;
