import { type LabelSelector, labelSelectorFrom } from "../../../../formats/index.ts";
import type { KindDefinition, KindSource, MatchResources } from "../../../api/index.ts";
import type { ObjectLookup } from "../../objects/object-lookup.ts";
import type { AdmissionRequest } from "../admission.ts";
import { matchedResource } from "../matching/matched-resource.ts";
import type { ResourceRule } from "../matching/resource-rules.ts";
import { namespaceMatches, objectMatches } from "../matching/selectors.ts";

interface Matching {
  namespaces: LabelSelector;
  objects: LabelSelector;
  matchesEquivalents: boolean;
  rules: readonly ResourceRule[];
  excluded: readonly ResourceRule[];
}

const known = new WeakMap<MatchResources, Matching>();

/**
 * As whose resource a policy or a binding sees the request; undefined where it is not about it (policy/matching). Throws
 * NotFound where only the request's absent namespace could tell.
 */
export async function matchPolicy(
  { kinds, lookup }: { kinds: KindSource; lookup: ObjectLookup },
  match: MatchResources,
  request: AdmissionRequest,
): Promise<KindDefinition | undefined> {
  const { namespaces, objects, matchesEquivalents, rules, excluded } = matchingOf(match);
  const ofRules = (list: readonly ResourceRule[]) =>
    matchedResource(kinds, list, request, matchesEquivalents);
  if (!objectMatches(objects, request) || ofRules(excluded)) return undefined;
  const found = rules.length === 0 ? request.kind : ofRules(rules);
  return found && (await namespaceMatches(lookup, namespaces, request)) ? found : undefined;
}

function matchingOf(match: MatchResources): Matching {
  const matching = known.get(match) ?? read(match);
  known.set(match, matching);
  return matching;
}

function read(match: MatchResources): Matching {
  return {
    namespaces: labelSelectorFrom(match.namespaceSelector ?? {}),
    objects: labelSelectorFrom(match.objectSelector ?? {}),
    matchesEquivalents: match.matchPolicy === "Equivalent",
    rules: (match.resourceRules ?? []) as ResourceRule[],
    excluded: (match.excludeResourceRules ?? []) as ResourceRule[],
  };
}
