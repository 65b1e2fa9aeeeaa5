import { type AdmissionPlugin, type AdmissionRequest, refusalOf } from "./admission.ts";

/** Has no say; upstream keeps the name for old configurations. */
export const alwaysAdmit: AdmissionPlugin = { name: "AlwaysAdmit" };

const deny = (request: AdmissionRequest): never => {
  throw refusalOf(request, "admission control is denying all modifications");
};

export const alwaysDeny: AdmissionPlugin = { name: "AlwaysDeny", mutate: deny, validate: deny };
