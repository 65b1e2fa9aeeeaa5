/** Protobuf messages of apiextensions and apiregistration; the notation is explained in ../message-table.ts. */
export const EXTENSIONS_MESSAGES = `# /k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
ConversionRequest uid desiredAPIVersion objects:*r
ConversionResponse uid convertedObjects:*r result:~Status
ConversionReview request:ConversionRequest response:ConversionResponse
CustomResourceColumnDefinition name type format description priority:i jsonPath
CustomResourceConversion strategy webhook:WebhookConversion
CustomResourceDefinition metadata:~ObjectMeta spec:CustomResourceDefinitionSpec status:CustomResourceDefinitionStatus
CustomResourceDefinitionCondition type status lastTransitionTime:t reason message
CustomResourceDefinitionList metadata:~ListMeta items:*CustomResourceDefinition
CustomResourceDefinitionNames plural singular shortNames:*s kind listKind categories:*s
CustomResourceDefinitionSpec group names=3:CustomResourceDefinitionNames scope versions=7:*CustomResourceDefinitionVersion conversion=9:CustomResourceConversion preserveUnknownFields:b
CustomResourceDefinitionStatus conditions:*CustomResourceDefinitionCondition acceptedNames:CustomResourceDefinitionNames storedVersions:*s
CustomResourceDefinitionVersion name served:b storage:b schema:CustomResourceValidation subresources:CustomResourceSubresources additionalPrinterColumns:*CustomResourceColumnDefinition deprecated:b deprecationWarning selectableFields:*SelectableField
CustomResourceSubresourceScale specReplicasPath statusReplicasPath labelSelectorPath?
CustomResourceSubresourceStatus
CustomResourceSubresources status:CustomResourceSubresourceStatus scale:CustomResourceSubresourceScale
CustomResourceValidation openAPIV3Schema:JSONSchemaProps
ExternalDocumentation description url
JSON raw:y
JSONSchemaProps id $schema $ref? description type format title default:JSON maximum?:d exclusiveMaximum:b minimum?:d exclusiveMinimum:b maxLength?:l minLength?:l pattern maxItems?:l minItems?:l uniqueItems:b multipleOf?:d enum:*JSON maxProperties?:l minProperties?:l required:*s items:JSONSchemaPropsOrArray allOf:*JSONSchemaProps oneOf:*JSONSchemaProps anyOf:*JSONSchemaProps not:JSONSchemaProps properties:{}JSONSchemaProps additionalProperties:JSONSchemaPropsOrBool patternProperties:{}JSONSchemaProps dependencies:{}JSONSchemaPropsOrStringArray additionalItems:JSONSchemaPropsOrBool definitions:{}JSONSchemaProps externalDocs:ExternalDocumentation example:JSON nullable:b x-kubernetes-preserve-unknown-fields?:b x-kubernetes-embedded-resource:b x-kubernetes-int-or-string:b x-kubernetes-list-map-keys:*s x-kubernetes-list-type? x-kubernetes-map-type? x-kubernetes-validations:*ValidationRule
JSONSchemaPropsOrArray schema:JSONSchemaProps jSONSchemas:*JSONSchemaProps
JSONSchemaPropsOrBool allows:b schema:JSONSchemaProps
JSONSchemaPropsOrStringArray schema:JSONSchemaProps property:*s
SelectableField jsonPath
ServiceReference namespace name path? port?:i
ValidationRule rule message messageExpression reason? fieldPath optionalOldSelf?:b
WebhookClientConfig service:ServiceReference caBundle:y url?
WebhookConversion clientConfig=2:WebhookClientConfig conversionReviewVersions:*s
# /k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1beta1
ConversionRequest @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
ConversionResponse @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
ConversionReview @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
CustomResourceColumnDefinition name type format description priority:i JSONPath
CustomResourceConversion strategy webhookClientConfig:WebhookClientConfig conversionReviewVersions:*s
CustomResourceDefinition @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
CustomResourceDefinitionCondition @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
CustomResourceDefinitionList @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
CustomResourceDefinitionNames @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
CustomResourceDefinitionSpec group version names:CustomResourceDefinitionNames scope validation:CustomResourceValidation subresources:CustomResourceSubresources versions:*CustomResourceDefinitionVersion additionalPrinterColumns:*CustomResourceColumnDefinition conversion:CustomResourceConversion preserveUnknownFields:b selectableFields:*SelectableField
CustomResourceDefinitionStatus @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
CustomResourceDefinitionVersion @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
CustomResourceSubresourceScale @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
CustomResourceSubresourceStatus
CustomResourceSubresources @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
CustomResourceValidation @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
ExternalDocumentation description url
JSON raw:y
JSONSchemaProps @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
JSONSchemaPropsOrArray @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
JSONSchemaPropsOrBool @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
JSONSchemaPropsOrStringArray @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
SelectableField jsonPath
ServiceReference @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
ValidationRule @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
WebhookClientConfig @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
# /k8s.io.kube_aggregator.pkg.apis.apiregistration.v1
APIService metadata:~ObjectMeta spec:APIServiceSpec status:APIServiceStatus
APIServiceCondition type status lastTransitionTime:t reason message
APIServiceList metadata:~ListMeta items:*APIService
APIServiceSpec service:ServiceReference group version insecureSkipTLSVerify:b caBundle:y groupPriorityMinimum=7:i versionPriority:i
APIServiceStatus conditions:*APIServiceCondition
ServiceReference namespace name port?:i
# /k8s.io.kube_aggregator.pkg.apis.apiregistration.v1beta1
APIService @/k8s.io.kube_aggregator.pkg.apis.apiregistration.v1
APIServiceCondition @/k8s.io.kube_aggregator.pkg.apis.apiregistration.v1
APIServiceList @/k8s.io.kube_aggregator.pkg.apis.apiregistration.v1
APIServiceSpec @/k8s.io.kube_aggregator.pkg.apis.apiregistration.v1
APIServiceStatus @/k8s.io.kube_aggregator.pkg.apis.apiregistration.v1
ServiceReference namespace name port?:i
`;
