"""Clouds, identity providers and code hosts: their own field names, and what Elastic's integrations make of them.

An event may hold a field under its ECS name, under the integration's snake case, or as the vendor writes it; all are
looked at. Sources: the vendors' log schemas; the exported fields of Elastic's aws, azure, o365, gcp, google_workspace,
okta, github, atlassian_bitbucket and kubernetes integrations.
"""

from __future__ import annotations

from typing import Final

from engine.sigma.mapping.table import FieldTable, Names, snake_case, table_of, words

_CLOUDTRAIL: Final = FieldTable(
    datasets=("aws.cloudtrail",),
    names=table_of("""
        eventName            event.action aws.cloudtrail.event_name aws.cloudtrail.eventName
        eventSource          event.provider aws.cloudtrail.event_source aws.cloudtrail.eventSource
        eventType            aws.cloudtrail.event_type aws.cloudtrail.eventType
        eventCategory        aws.cloudtrail.event_category aws.cloudtrail.eventCategory
        errorCode            aws.cloudtrail.error_code aws.cloudtrail.errorCode error.code
        errorMessage         aws.cloudtrail.error_message aws.cloudtrail.errorMessage error.message
        status               event.outcome
        userAgent            user_agent.original aws.cloudtrail.user_agent aws.cloudtrail.userAgent
        sourceIPAddress      source.ip source.address aws.cloudtrail.sourceIPAddress
        src_ip               source.ip source.address
        src_country          source.geo.country_iso_code source.geo.country_name
        awsRegion            cloud.region aws.cloudtrail.awsRegion
        recipientAccountId   aws.cloudtrail.recipient_account_id cloud.account.id aws.cloudtrail.recipientAccountId
        requestParameters    aws.cloudtrail.request_parameters aws.cloudtrail.requestParameters
        responseElements     aws.cloudtrail.response_elements aws.cloudtrail.responseElements
        additionalEventData  aws.cloudtrail.additional_eventdata aws.cloudtrail.additionalEventData
        serviceEventDetails  aws.cloudtrail.service_event_details aws.cloudtrail.serviceEventDetails
    """),
    prefixes=("aws.cloudtrail.",),
    snake=True,
    own=words("""
        userIdentity.type userIdentity.arn userIdentity.accountId userIdentity.principalId userIdentity.accessKeyId
        userIdentity.userName userIdentity.invokedBy userIdentity.sessionContext.sessionIssuer.type
        userIdentity.sessionContext.sessionIssuer.arn userIdentity.sessionContext.sessionIssuer.userName
        userIdentity.sessionContext.attributes.mfaAuthenticated readOnly managementEvent apiVersion eventVersion
        vpcEndpointId sharedEventID resources.arn resources.type
    """),
    open_parts={  # Elastic's integration keeps them once as text, and once with their members
        "requestParameters.": ("aws.cloudtrail.flattened.request_parameters.", "aws.cloudtrail.request_parameters."),
        "responseElements.": ("aws.cloudtrail.flattened.response_elements.", "aws.cloudtrail.response_elements."),
        "additionalEventData.": (
            "aws.cloudtrail.flattened.additional_eventdata.",
            "aws.cloudtrail.additional_eventdata.",
        ),
    },
)


def _azure(stream: str, *paths: str) -> tuple[str, ...]:
    """Return a vendor's paths in one of Azure's streams, in snake case and as Azure writes them."""
    prefix = f"azure.{stream}."
    found = [prefix + item for path in paths for item in (snake_case(path), path)]
    return tuple(dict.fromkeys(found))


def _operation(stream: str) -> tuple[str, ...]:
    return (*_azure(stream, "operationName", "properties.activityDisplayName"), "event.action")


def _result(stream: str) -> tuple[str, ...]:
    return ("event.outcome", *_azure(stream, "properties.result", "resultType"))


_ACTIVITY: Final[Names] = {
    "operationName": _operation("activitylogs"),
    "OperationName": _operation("activitylogs"),
    "OperationNameValue": _operation("activitylogs"),
    "properties.message": (*_azure("activitylogs", "properties.message"), *_operation("activitylogs")),
    "Category": _azure("activitylogs", "eventCategory", "category"),
    "CategoryValue": _azure("activitylogs", "eventCategory", "category"),
    "ResourceProviderValue": (
        "azure.resource.provider",
        *_azure("activitylogs", "resourceProviderName", "resourceProvider"),
    ),
    "ResourceId": ("azure.resource.id", "cloud.resource_id", *_azure("activitylogs", "resourceId")),
    "Status": _result("activitylogs"),
    "status": _result("activitylogs"),
    "ResultType": (*_azure("activitylogs", "resultType"), "event.outcome"),
    "CallerIpAddress": ("source.ip", *_azure("activitylogs", "callerIpAddress")),
    "Caller": (*_azure("activitylogs", "identity.claims.upn", "caller"), "user.name"),
}
_TARGETS: Final = ("properties.targetResources", "properties.targetResources.0")


def _targets(*paths: str) -> tuple[str, ...]:
    """Return where a property of an audit event's targets stands: in a list by leaf, or by the targets' number."""
    return _azure("auditlogs", *(f"{place}.{path}" for path in paths for place in _TARGETS))


_MODIFIED: Final = ("modifiedProperties", "modifiedProperties.0")
_INITIATOR: Final = (
    *_azure("auditlogs", "properties.initiatedBy.user.userPrincipalName", "properties.initiatedBy.app.displayName"),
    *_azure("auditlogs", "properties.initiatedBy", "identity"),
    "user.name",
)
_AUDIT: Final[Names] = {
    "operationName": _operation("auditlogs"),
    "OperationName": _operation("auditlogs"),
    "ActivityDisplayName": _operation("auditlogs"),
    "properties.message": (*_azure("auditlogs", "properties.message"), *_operation("auditlogs")),
    "activityType": _operation("auditlogs"),
    "ActivityType": _operation("auditlogs"),
    "Category": _azure("auditlogs", "properties.category", "category"),
    "category": _azure("auditlogs", "properties.category", "category"),
    "Status": _result("auditlogs"),
    "properties.result": (*_azure("auditlogs", "properties.result"), "event.outcome"),
    "failure_status_reason": _azure("auditlogs", "properties.resultReason", "resultDescription"),
    "LoggedByService": _azure("auditlogs", "properties.loggedByService"),
    "Initiatied.By": _INITIATOR,
    "Initiatedby": _INITIATOR,
    "InitiatedBy": _INITIATOR,
    "properties.initiatedBy": _INITIATOR,
    "Target": (*_targets("userPrincipalName", "displayName"), "user.target.name"),
    "TargetResources": (*_targets("displayName"), *_azure("auditlogs", "properties.targetResources")),
    "properties.targetResources": (*_azure("auditlogs", "properties.targetResources"), *_targets("displayName")),
    "targetResources.type": _targets("type"),
    **dict.fromkeys(
        ("TargetResources.modifiedProperties", "TargetResources.ModifiedProperties.DisplayName"),
        _targets(*(f"{place}.displayName" for place in _MODIFIED)),
    ),
    **dict.fromkeys(
        ("TargetResources.modifiedProperties.newValue", "TargetResources.ModifiedProperties.NewValue"),
        _targets(*(f"{place}.newValue" for place in _MODIFIED)),
    ),
    "additionalDetails.additionalInfo": _azure(
        "auditlogs", "properties.additionalDetails.additionalInfo", "properties.additionalDetails.value"
    ),
}


def _signin(*paths: str) -> tuple[str, ...]:
    return _azure("signinlogs", *(f"properties.{path}" for path in paths))


_REASON: Final = (
    *_azure("signinlogs", "resultDescription"),
    *_signin("status.failureReason", "status.additionalDetails"),
)
_CODE: Final = (*_azure("signinlogs", "resultType"), *_signin("status.errorCode"), "event.code")
_SIGN_IN: Final[Names] = {
    "ResultType": _CODE,
    "resultType": _CODE,
    "ResultDescription": _REASON,
    "Resultdescription": _REASON,
    "ActivityDetails": _azure("signinlogs", "operationName", "category"),
    "Status": ("event.outcome", *_signin("status.additionalDetails"), *_REASON),
    "properties.message": (*_signin("message", "authenticationProtocol"), *_REASON),
    "AuthenticationRequirement": _signin("authenticationRequirement"),
    "ClientApp": _signin("clientAppUsed"),
    "DeviceDetail.trusttype": _signin("deviceDetail.trustType"),
    "DeviceDetail.deviceId": _signin("deviceDetail.deviceId"),
    "DeviceDetail.isCompliant": _signin("deviceDetail.isCompliant"),
    "NetworkLocationDetails": _signin("networkLocationDetails"),
    "ResourceDisplayName": _signin("resourceDisplayName"),
    "RiskState": _signin("riskState"),
    "Username": ("user.name", *_signin("userPrincipalName")),
    "callerIpAddress": ("source.ip", *_azure("signinlogs", "callerIpAddress"), *_signin("ipAddress")),
    "conditionalAccessStatus": _signin("conditionalAccessStatus"),
    "homeTenantId": _signin("homeTenantId"),
    "resourceTenantId": _signin("resourceTenantId"),
    "location": (
        *_signin("location.countryOrRegion"),
        "source.geo.country_iso_code",
        *_azure("signinlogs", "location"),
        "source.geo.country_name",
    ),
    "userAgent": ("user_agent.original", *_signin("userAgent")),
    **{
        f"properties.{path}": _signin(path)
        for path in (
            "deviceDetail.deviceId",
            "appId",
            "authenticationRequirement",
            "userPrincipalName",
            "appDisplayName",
            "authenticationProtocol",
            "sessionId",
        )
    },
}
_RISK: Final[Names] = {
    "riskEventType": tuple(
        name
        for stream in ("identity_protection", "identityprotection", "riskdetection", "pim")
        for name in _azure(stream, "properties.riskEventType", "riskEventType")
    )
}

_M365: Final[Names] = {
    "Operation": ("event.action", "o365.audit.Operation"),
    "Workload": ("event.provider", "o365.audit.Workload"),
    # the alerts of the compliance centre carry their name beside the operation (`AlertTriggered`)
    "eventName": ("o365.audit.Name", "event.action", "o365.audit.Operation"),
    "eventSource": ("event.provider", "o365.audit.Workload"),
    "status": ("event.outcome", "o365.audit.ResultStatus"),
    "Payload": ("o365.audit.Data", "o365.audit.Payload", "o365.audit.AlertEntity"),
    "UserAgent": ("user_agent.original", "o365.audit.UserAgent"),
    "ClientIP": ("source.ip", "o365.audit.ClientIP", "o365.audit.ClientIPAddress"),
    "RequestType": ("o365.audit.ExtendedProperties.RequestType", "o365.audit.RequestType"),
    # a list of names and values, whose text rules search; Elastic's integration keeps only the values by name
    "Parameters": ("o365.audit.ParametersText", "o365.audit.Parameters", "o365.audit.Parameters.Name"),
    "OperationProperties": (
        "o365.audit.OperationPropertiesText",
        "o365.audit.OperationProperties",
        "o365.audit.OperationProperties.RuleActions",
        "o365.audit.OperationProperties.Value",
    ),
}

_GCP_PARAMETERS: Final = (
    "gcp.audit.flattened.metadata.event.parameter.value",
    "gcp.audit.metadata.event.parameter.value",
)
_GCP_EVENT: Final = (
    "gcp.audit.flattened.metadata.event.eventName",
    "gcp.audit.metadata.event.eventName",
    "gcp.audit.metadata.event.event_name",
    "event.action",
)
_GCP_AUDIT: Final[Names] = (
    table_of("""
    gcp.audit.method_name                            gcp.audit.method_name event.action
    data.protoPayload.methodName                     gcp.audit.method_name event.action
    data.protoPayload.serviceName                    gcp.audit.service_name service.name
    data.protoPayload.logName                        gcp.audit.log_name gcp.audit.logName log.logger
    data.protoPayload.resource.type                  gcp.audit.resource.type gcp.audit.resource_type
    data.protoPayload.authorizationInfo.permission   gcp.audit.authorization_info.permission
    data.protoPayload.authorizationInfo.granted      gcp.audit.authorization_info.granted
    eventService                                     gcp.audit.service_name service.name
    protoPayload.serviceName                         gcp.audit.service_name service.name
    protoPayload.Servicename                         gcp.audit.service_name service.name
""")
    | dict.fromkeys(("eventName", "protoPayload.metadata.event.eventName"), _GCP_EVENT)
    | dict.fromkeys(("setting_name", "new_value"), _GCP_PARAMETERS)
)
_WORKSPACE: Final[Names] = table_of("""
    eventService                            google_workspace.event.service gcp.audit.service_name event.provider
    protoPayload.serviceName                google_workspace.event.service gcp.audit.service_name event.provider
    protoPayload.Servicename                google_workspace.event.service gcp.audit.service_name event.provider
    eventName                               event.action google_workspace.event.name
    protoPayload.metadata.event.eventName   event.action google_workspace.event.name
    setting_name                            google_workspace.admin.setting.name
    new_value                               google_workspace.admin.new_value
    old_value                               google_workspace.admin.old_value
""")

_OKTA_DEBUG: Final = "okta.debug_context.debug_data."
_OKTA: Final[Names] = {
    "eventType": ("okta.event_type", "event.action", "okta.eventType"),
    "eventtype": ("okta.event_type", "event.action", "okta.eventType"),
    "actor.alternateId": ("okta.actor.alternate_id", "okta.actor.alternateId", "user.email"),
    **{
        f"debugContext.debugData.{name}": (
            f"{_OKTA_DEBUG}flattened.{name}",
            f"{_OKTA_DEBUG}{snake_case(name)}",
            f"okta.debugContext.debugData.{name}",
        )
        for name in ("requestUri", "behaviors", "logOnlySecurityData", "threatSuspected", "risk", "url", "factor")
    },
}
_BITBUCKET: Final[Names] = {
    "auditType.category": ("bitbucket.audit.type.category", "bitbucket.audit.auditType.category"),
    "auditType.action": ("bitbucket.audit.type.action", "bitbucket.audit.auditType.action", "event.action"),
}
_SPEC: Final = "kubernetes.audit.requestObject.spec."
_KUBERNETES: Final[Names] = {
    "apiGroup": ("kubernetes.audit.objectRef.apiGroup",),
    "userAgent": ("kubernetes.audit.userAgent", "user_agent.original"),
    "verb": ("kubernetes.audit.verb", "event.action"),
    "responseStatus.code": ("kubernetes.audit.responseStatus.code", "http.response.status_code"),
    "requestURI": ("kubernetes.audit.requestURI", "url.original", "url.path"),
    "hostPath": (f"{_SPEC}volumes.hostPath.path", f"{_SPEC}volumes.hostPath", "kubernetes.audit.hostPath"),
    "capabilities": (
        f"{_SPEC}containers.securityContext.capabilities.add",
        f"{_SPEC}containers.securityContext.capabilities",
        "kubernetes.audit.capabilities",
    ),
}

TABLES: Final = (
    _CLOUDTRAIL,
    FieldTable(datasets=("aws.",), names=table_of("src_ip source.ip"), prefixes=("aws.",), snake=True),
    FieldTable(
        datasets=("azure.activitylogs",), names=_ACTIVITY, prefixes=("azure.activitylogs.", "azure."), snake=True
    ),
    FieldTable(datasets=("azure.auditlogs",), names=_AUDIT, prefixes=("azure.auditlogs.", "azure."), snake=True),
    FieldTable(datasets=("azure.signinlogs",), names=_SIGN_IN, prefixes=("azure.signinlogs.", "azure."), snake=True),
    FieldTable(
        datasets=("azure.identity_protection", "azure.riskdetection", "azure.pim"),
        names=_RISK,
        prefixes=("azure.identity_protection.", "azure."),
        snake=True,
    ),
    FieldTable(
        datasets=("o365.audit",),
        names=_M365,
        prefixes=("o365.audit.",),
        own=words("""
            ResultStatus ObjectId ApplicationId Directionality DeliveryAction RecordType UserId UserKey UserType
            OrganizationId LogonType MailboxOwnerUPN ActorIpAddress AzureActiveDirectoryEventType SiteUrl
            SourceFileName SourceFileExtension ItemType EventSource Subject Verdict Policy AlertId Severity Category
            AppId OperationCount
        """),
    ),
    FieldTable(
        datasets=("gcp.audit",),
        names=_GCP_AUDIT,
        prefixes=("gcp.audit.",),
        snake=True,
    ),
    FieldTable(datasets=("google_workspace.",), names=_WORKSPACE, prefixes=("google_workspace.",), snake=True),
    FieldTable(
        datasets=("okta.",),
        names=_OKTA,
        prefixes=("okta.",),
        snake=True,
        own=words("""
            displayMessage legacyEventType severity outcome.result outcome.reason target.displayName target.alternateId
            target.type actor.displayName actor.id actor.type securityContext.isProxy securityContext.isp
            securityContext.domain client.ipAddress client.zone client.userAgent.rawUserAgent transaction.id
        """),
    ),
    FieldTable(
        datasets=("onelogin.",),
        names=table_of("event_type_id onelogin.events.event_type_id onelogin.event_type_id event.code"),
        prefixes=("onelogin.events.", "onelogin."),
    ),
    FieldTable(
        datasets=("github.audit", "github."),
        names=table_of("""
            action   event.action github.action
            actor    user.name github.actor
            org      github.org
            repo     github.repo
        """),
        prefixes=("github.",),
    ),
    FieldTable(
        datasets=("atlassian_bitbucket.audit", "bitbucket.audit"), names=_BITBUCKET, prefixes=("bitbucket.audit.",)
    ),
    FieldTable(
        datasets=("kubernetes.audit_logs", "kubernetes."),
        names=_KUBERNETES,
        prefixes=("kubernetes.audit.",),
        own=words("""
            objectRef.resource objectRef.namespace objectRef.subresource objectRef.apiGroup objectRef.name
            objectRef.apiVersion user.username user.groups sourceIPs stage level auditID impersonatedUser.username
            responseStatus.reason responseStatus.status annotations
        """),
        open_parts={
            part: (f"kubernetes.audit.{part}",) for part in ("requestObject.", "responseObject.", "annotations.")
        },
    ),
)
