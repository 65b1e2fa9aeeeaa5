import {
  BOOL,
  CelEnvironment,
  type CelType,
  DeclStructTypes,
  type DeclType,
  DYN,
  INT,
  type KubernetesMinor,
  listType,
  mapType,
  objectType,
  STORED_EXPRESSIONS_MINOR,
  STRING,
  type StructTypes,
  TIMESTAMP,
} from "../../cel/index.ts";

const STRINGS = listType(STRING);
const STRING_MAP = mapType(STRING, STRING);
const KIND = objectType("kubernetes.GroupVersionKind");
const RESOURCE = objectType("kubernetes.GroupVersionResource");
const USER = objectType("kubernetes.UserInfo");
const REQUEST = objectType("kubernetes.AdmissionRequest");
const NAMESPACE = objectType("kubernetes.Namespace");
const NAMESPACE_METADATA = objectType("kubernetes.NamespaceMetadata");
const NAMESPACE_SPEC = objectType("kubernetes.NamespaceSpec");
const NAMESPACE_STATUS = objectType("kubernetes.NamespaceStatus");
const NAMESPACE_CONDITION = objectType("kubernetes.NamespaceCondition");
const VARIABLES = objectType("kubernetes.variables");

type Fields = Readonly<Record<string, CelType>>;

/** The objects that an expression of admission sees beside those of the request (apiserver plugin/cel, BuildRequestType). */
const STRUCTS = new Map<CelType, Fields>([
  [KIND, { group: STRING, version: STRING, kind: STRING }],
  [RESOURCE, { group: STRING, version: STRING, resource: STRING }],
  [USER, { username: STRING, uid: STRING, groups: STRINGS, extra: mapType(STRING, STRINGS) }],
  [
    REQUEST,
    {
      kind: KIND,
      resource: RESOURCE,
      subResource: STRING,
      requestKind: KIND,
      requestResource: RESOURCE,
      requestSubResource: STRING,
      name: STRING,
      namespace: STRING,
      operation: STRING,
      userInfo: USER,
      dryRun: BOOL,
      options: DYN,
    },
  ],
  [NAMESPACE, { metadata: NAMESPACE_METADATA, spec: NAMESPACE_SPEC, status: NAMESPACE_STATUS }],
  [
    NAMESPACE_METADATA,
    {
      name: STRING,
      generateName: STRING,
      namespace: STRING,
      labels: STRING_MAP,
      annotations: STRING_MAP,
      UID: STRING,
      creationTimestamp: TIMESTAMP,
      deletionGracePeriodSeconds: INT,
      deletionTimestamp: TIMESTAMP,
      generation: INT,
      resourceVersion: STRING,
      finalizers: STRINGS,
    },
  ],
  [NAMESPACE_SPEC, { finalizers: STRINGS }],
  [NAMESPACE_STATUS, { conditions: listType(NAMESPACE_CONDITION), phase: STRING }],
  [
    NAMESPACE_CONDITION,
    { status: STRING, type: STRING, lastTransitionTime: TIMESTAMP, message: STRING, reason: STRING },
  ],
]);

const FIELDS = new Map([...STRUCTS].map(([{ name }, fields]) => [name, new Map(Object.entries(fields))]));

/** What an expression may speak of beside `object`, `oldObject`, `request` and `namespaceObject`. */
export interface AdmissionScope {
  hasParams: boolean;
  hasAuthorizer: boolean;
  /** The types of what stands in `variables`; undefined: there is no such thing. */
  variables?: ReadonlyMap<string, CelType>;
}

/** The environment of match conditions and of policies' expressions. */
export function admissionEnvironment(
  { hasParams, hasAuthorizer, variables }: AdmissionScope,
  minor: KubernetesMinor,
): CelEnvironment {
  return new CelEnvironment({
    minor,
    variables: {
      object: DYN,
      oldObject: DYN,
      namespaceObject: NAMESPACE,
      request: REQUEST,
      ...(hasParams ? { params: DYN } : {}),
      ...(hasAuthorizer ? AUTHORIZERS : {}),
      ...(variables ? { variables: VARIABLES } : {}),
    },
    structs: structTypes(variables),
  });
}

/** What the types of a request's objects are, where they are known. */
export interface KnownTypes {
  object: DeclType;
  /** Undefined: there are none. */
  params: DeclType | undefined;
  variables: ReadonlyMap<string, CelType>;
}

/** The environment in which a policy's expressions are held to the types of what they speak of (policy/validating typechecking). */
export function typeCheckingEnvironment({ object, params, variables }: KnownTypes): CelEnvironment {
  const known = new DeclStructTypes(params ? [object, params] : [object]);
  const others = structTypes(variables);
  return new CelEnvironment({
    minor: STORED_EXPRESSIONS_MINOR,
    variables: {
      object: object.type,
      oldObject: object.type,
      namespaceObject: NAMESPACE,
      request: REQUEST,
      ...(params ? { params: params.type } : {}),
      authorizer: AUTHORIZERS.authorizer,
      variables: VARIABLES,
    },
    structs: {
      hasType: (name) => known.hasType(name) || others.hasType(name),
      fieldType: (name, field) => known.fieldType(name, field) ?? others.fieldType(name, field),
    },
  });
}

const AUTHORIZERS = {
  authorizer: objectType("kubernetes.authorization.Authorizer"),
  "authorizer.requestResource": objectType("kubernetes.authorization.ResourceCheck"),
};

function structTypes(variables: ReadonlyMap<string, CelType> = new Map()): StructTypes {
  const fieldsOf = (name: string) => (name === VARIABLES.name ? variables : FIELDS.get(name));
  return {
    hasType: (name) => fieldsOf(name) !== undefined,
    fieldType: (name, field) => fieldsOf(name)?.get(field),
  };
}
