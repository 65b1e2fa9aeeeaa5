import { type BetaSite, GROUP, type Site } from "./site.ts";

export interface ConversionRequest {
  uid: string;
  desiredAPIVersion: string;
  objects: (Site | BetaSite)[];
}

export interface ConversionResponse {
  uid: string;
  result: { status: "Success" | "Failure"; message?: string };
  convertedObjects?: (Site | BetaSite)[];
}

/** Answers a ConversionReview: the objects in their order, all of the wanted version. Nothing is lost either way. */
export function convert({ uid, desiredAPIVersion, objects }: ConversionRequest): ConversionResponse {
  const into: ((site: Site | BetaSite) => Site | BetaSite) | undefined = {
    [`${GROUP}/v1`]: toV1,
    [`${GROUP}/v1beta1`]: toBeta,
  }[desiredAPIVersion];
  if (into === undefined)
    return { uid, result: { status: "Failure", message: `there is no version ${desiredAPIVersion}` } };
  return { uid, result: { status: "Success" }, convertedObjects: objects.map(into) };
}

function toV1(site: Site | BetaSite): Site {
  if (!isBeta(site)) return site;
  const { instances, public: isPublic, title, text } = site.spec;
  return {
    ...site,
    apiVersion: `${GROUP}/v1`,
    spec: {
      replicas: instances,
      exposure: isPublic ? "public" : "internal",
      page: { ...(title === undefined ? {} : { title }), text },
    },
  };
}

function toBeta(site: Site | BetaSite): BetaSite {
  if (isBeta(site)) return site;
  const { replicas, exposure, page } = site.spec;
  return {
    ...site,
    apiVersion: `${GROUP}/v1beta1`,
    spec: { instances: replicas, public: exposure === "public", ...page },
  };
}

function isBeta(site: Site | BetaSite): site is BetaSite {
  return site.apiVersion === `${GROUP}/v1beta1`;
}
