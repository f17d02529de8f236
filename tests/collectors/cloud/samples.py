"""One small record of each source of cloud and identity services, made up for the tests."""

from __future__ import annotations

import json

SAMPLES: dict[str, tuple[bytes, ...]] = {
    "aws_cloudtrail": (
        json.dumps(
            {
                "eventVersion": "1.09",
                "userIdentity": {
                    "type": "AssumedRole",
                    "principalId": "AROAEXAMPLE:eva",
                    "arn": "arn:aws:sts::123456789012:assumed-role/ops/eva",
                    "accountId": "123456789012",
                    "accessKeyId": "ASIAEXAMPLE",
                    "sessionContext": {
                        "attributes": {"mfaAuthenticated": "false"},
                        "sessionIssuer": {"type": "Role", "userName": "ops"},
                    },
                },
                "eventTime": "2025-03-04T05:06:07Z",
                "eventSource": "iam.amazonaws.com",
                "eventName": "CreateUser",
                "awsRegion": "eu-south-1",
                "sourceIPAddress": "203.0.113.9",
                "userAgent": "aws-cli/2.15.0",
                "requestParameters": {"userName": "backdoor", "tags": [{"key": "a", "value": "b"}]},
                "responseElements": None,
                "errorCode": "AccessDenied",
                "errorMessage": "not authorized",
                "eventID": "11111111-2222-3333-4444-555555555555",
                "eventType": "AwsApiCall",
            }
        ).encode(),
    ),
    "m365_defender": (
        json.dumps(
            {
                "id": "da1",
                "providerAlertId": "da1",
                "incidentId": "7",
                "severity": "high",
                "status": "new",
                "serviceSource": "microsoftDefenderForEndpoint",
                "detectionSource": "antivirus",
                "detectorId": "d1",
                "tenantId": "t1",
                "title": "Hidden file was run",
                "description": "x",
                "category": "DefenseEvasion",
                "mitreTechniques": ["T1564.001", "T1059"],
                "createdDateTime": "2025-03-04T05:06:07.7211305Z",
                "lastUpdateDateTime": "2025-03-04T06:06:07Z",
                "firstActivityDateTime": "2025-03-04T04:06:07Z",
                "evidence": [
                    {
                        "@odata.type": "#microsoft.graph.security.deviceEvidence",
                        "deviceDnsName": "pc7.gov.example",
                        "mdeDeviceId": "m7",
                        "osPlatform": "Windows11",
                        "ipInterfaces": ["10.0.0.7", "nowhere"],
                        "loggedOnUsers": [{"accountName": "anna", "domainName": "GOV"}],
                    },
                    {
                        "@odata.type": "#microsoft.graph.security.processEvidence",
                        "processId": 4780,
                        "parentProcessId": 668,
                        "processCommandLine": "x.exe -hidden",
                        "imageFile": {"fileName": "x.exe", "filePath": "C:\\Temp", "sha256": "ab" * 32},
                        "userAccount": {"accountName": "SYSTEM", "userSid": "S-1-5-18"},
                    },
                    {"@odata.type": "#microsoft.graph.security.ipEvidence", "ipAddress": "203.0.113.9"},
                    {"@odata.type": "#microsoft.graph.security.urlEvidence", "url": "https://bad.example/a?b=c"},
                ],
            }
        ).encode(),
        json.dumps(
            {
                "time": "2025-03-04T05:06:07.1234567Z",
                "tenantId": "t1",
                "operationName": "Publish",
                "category": "AdvancedHunting-DeviceLogonEvents",
                "properties": {
                    "Timestamp": "2025-03-04T05:05:07.1234567Z",
                    "DeviceId": "m7",
                    "DeviceName": "pc7.gov.example",
                    "ActionType": "LogonFailed",
                    "AccountName": "anna",
                    "AccountDomain": "GOV",
                    "RemoteIP": "203.0.113.9",
                    "RemotePort": 50111,
                    "FailureReason": "InvalidUserNameOrPassword",
                    "InitiatingProcessFileName": "lsass.exe",
                    "InitiatingProcessId": 700,
                },
            }
        ).encode(),
    ),
    "gcp_network": (
        json.dumps(
            {
                "insertId": "i1",
                "logName": "projects/p/logs/compute.googleapis.com%2Ffirewall",
                "timestamp": "2025-03-04T05:06:07.214711274Z",
                "resource": {"type": "gce_subnetwork", "labels": {"project_id": "p", "location": "europe-west9-a"}},
                "jsonPayload": {
                    "connection": {
                        "src_ip": "203.0.113.9",
                        "src_port": 50111,
                        "dest_ip": "10.0.0.4",
                        "dest_port": 3389,
                        "protocol": 6,
                    },
                    "disposition": "DENIED",
                    "instance": {"vm_name": "web1", "region": "europe-west9", "zone": "europe-west9-a"},
                    "rule_details": {"reference": "network:v/firewall:no-rdp", "direction": "INGRESS"},
                    "vpc": {"vpc_name": "v"},
                },
            }
        ).encode(),
        json.dumps(
            {
                "insertId": "i2",
                "logName": "projects/p/logs/dns.googleapis.com%2Fdns_queries",
                "timestamp": "2025-03-04T05:06:07Z",
                "resource": {"type": "dns_query", "labels": {"project_id": "p", "location": "europe-west9"}},
                "jsonPayload": {
                    "queryName": "mail.gov.example.",
                    "queryType": "A",
                    "responseCode": "NOERROR",
                    "protocol": "UDP",
                    "sourceIP": "10.0.0.4",
                    "rdata": "mail.gov.example.\t300\tIN\ta\t198.51.100.7",
                },
            }
        ).encode(),
        json.dumps(
            {
                "insertId": "i3",
                "logName": "projects/p/logs/requests",
                "timestamp": "2025-03-04T05:06:07Z",
                "resource": {"type": "http_load_balancer", "labels": {"project_id": "p"}},
                "httpRequest": {
                    "requestMethod": "GET",
                    "requestUrl": "https://198.51.100.99/a?b=1",
                    "remoteIp": "203.0.113.9:9989",
                    "serverIp": "10.0.0.4",
                    "status": 403,
                    "protocol": "HTTP/1.1",
                },
                "jsonPayload": {
                    "@type": "type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry",
                    "enforcedSecurityPolicy": {"name": "armor", "outcome": "DENY", "configuredAction": "DENY"},
                    "statusDetails": "denied_by_security_policy",
                },
            }
        ).encode(),
    ),
    "aws_guardduty": (
        json.dumps(
            {
                "schemaVersion": "2.0",
                "accountId": "123456789012",
                "region": "eu-south-1",
                "id": "f1",
                "arn": "arn:aws:guardduty:eu-south-1:123456789012:detector/d/finding/f1",
                "type": "UnauthorizedAccess:EC2/SSHBruteForce",
                "resource": {"resourceType": "Instance", "instanceDetails": {"instanceId": "i-1"}},
                "service": {
                    "serviceName": "guardduty",
                    "action": {
                        "actionType": "NETWORK_CONNECTION",
                        "networkConnectionAction": {
                            "connectionDirection": "INBOUND",
                            "protocol": "TCP",
                            "localIpDetails": {"ipAddressV4": "10.0.0.4"},
                            "localPortDetails": {"port": 22},
                            "remoteIpDetails": {"ipAddressV4": "203.0.113.9"},
                            "remotePortDetails": {"port": 50111},
                        },
                    },
                    "eventFirstSeen": "2025-03-04T05:00:00Z",
                    "eventLastSeen": "2025-03-04T05:06:00Z",
                },
                "severity": 5.5,
                "createdAt": "2025-03-04T05:06:07.123Z",
                "updatedAt": "2025-03-04T05:06:07.123Z",
                "title": "SSH brute force",
                "description": "x",
            }
        ).encode(),
    ),
    "aws_waf": (
        json.dumps(
            {
                "timestamp": 1741064767123,
                "formatVersion": 1,
                "webaclId": "arn:aws:wafv2:eu-south-1:123456789012:regional/webacl/w/1",
                "terminatingRuleId": "no-sqli",
                "terminatingRuleType": "REGULAR",
                "action": "BLOCK",
                "httpRequest": {
                    "clientIp": "203.0.113.9",
                    "headers": [
                        {"name": "Host", "value": "198.51.100.200"},
                        {"name": "User-Agent", "value": "curl/8"},
                        {"name": "Content-Length", "value": "12"},
                    ],
                    "uri": "/login",
                    "args": "u=1%27or",
                    "httpVersion": "HTTP/2.0",
                    "httpMethod": "POST",
                    "requestId": "r1",
                },
            }
        ).encode(),
    ),
    "aws_route53_resolver": (
        json.dumps(
            {
                "version": "1.100000",
                "account_id": "123456789012",
                "region": "eu-south-1",
                "query_timestamp": "2025-03-04T05:06:07Z",
                "query_name": "bad.example.",
                "query_type": "A",
                "query_class": "IN",
                "rcode": "NOERROR",
                "answers": [{"Rdata": "198.51.100.7", "Type": "A", "Class": "IN"}],
                "srcaddr": "10.0.0.4",
                "srcport": "56067",
                "transport": "UDP",
                "srcids": {"instance": "i-1"},
                "firewall_rule_action": "BLOCK",
                "firewall_rule_group_id": "g1",
            }
        ).encode(),
    ),
    "aws_securityhub": (
        json.dumps(
            {
                "SchemaVersion": "2018-10-08",
                "AwsAccountId": "123456789012",
                "ProductArn": "arn:aws:securityhub:eu-south-1::product/aws/guardduty",
                "GeneratorId": "g1",
                "Id": "f1",
                "Region": "eu-south-1",
                "CreatedAt": "2025-03-04T05:06:07.123Z",
                "UpdatedAt": "2025-03-04T06:06:07.123Z",
                "Types": ["TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce"],
                "Severity": {"Label": "HIGH", "Normalized": 70},
                "Title": "SSH brute force",
                "Network": {"SourceIpV4": "203.0.113.9", "DestinationPort": 22, "Direction": "IN", "Protocol": "TCP"},
                "Process": {"Name": "sshd", "Path": "/usr/sbin/sshd", "Pid": 7},
            }
        ).encode(),
    ),
    "azure_resource": (
        json.dumps(
            {
                "time": "2025-03-04T05:06:07.1234567Z",
                "resourceId": "/SUBSCRIPTIONS/S1/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/V",
                "category": "AuditEvent",
                "operationName": "SecretPurge",
                "resultType": "Success",
                "resultSignature": "Forbidden",
                "callerIpAddress": "203.0.113.9",
                "identity": {"claim": {"oid": "o1", "upn": "eva@gov.example"}},
                "properties": {
                    "httpStatusCode": 403,
                    "requestUri": "https://v.vault.example/deletedsecrets/s?api-version=7.0",
                    "clientInfo": "curl/8",
                    "tlsVersion": "TLS1_3",
                },
            }
        ).encode(),
        json.dumps(
            {
                "time": "2025-03-04T05:06:07Z",
                "resourceId": "/SUBSCRIPTIONS/S1/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.NETWORK/APPLICATIONGATEWAYS/A",
                "category": "ApplicationGatewayFirewallLog",
                "operationName": "ApplicationGatewayFirewall",
                "properties": {
                    "clientIp": "203.0.113.9",
                    "requestUri": "/login?u=1",
                    "ruleId": "942100",
                    "ruleSetType": "OWASP_CRS",
                    "message": "SQL injection",
                    "action": "Blocked",
                    "hostname": "198.51.100.200",
                },
            }
        ).encode(),
        json.dumps(
            {
                "time": "2025-03-04T05:06:07Z",
                "resourceId": "/SUBSCRIPTIONS/S1/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.NETWORK/AZUREFIREWALLS/F",
                "category": "AzureFirewallApplicationRule",
                "operationName": "AzureFirewallApplicationRuleLog",
                "properties": {
                    "msg": "HTTPS request from 10.0.0.4:55640 to bad.example:443. Url: bad.example/a. Action: Allow. "
                    "x. Action: Deny. Policy: p. Rule Collection: c. Rule: no-bad"
                },
            }
        ).encode(),
    ),
    "azure_activity": (
        json.dumps(
            {
                "time": "2025-03-04T05:06:07.1234567Z",
                "resourceId": "/SUBSCRIPTIONS/AAA/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/V",
                "operationName": "MICROSOFT.KEYVAULT/VAULTS/DELETE",
                "category": "Administrative",
                "resultType": "Failure",
                "resultSignature": "Failed.Forbidden",
                "callerIpAddress": "203.0.113.9",
                "identity": {
                    "authorization": {"scope": "/subscriptions/aaa", "action": "Microsoft.KeyVault/vaults/delete"},
                    "claims": {
                        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "eva@gov.example",
                        "name": "Eva Hoxha",
                    },
                },
                "level": "Error",
            }
        ).encode(),
    ),
    "entra": (
        json.dumps(
            {
                "time": "2025-03-04T05:06:07.1234567Z",
                "operationName": "Sign-in activity",
                "category": "SignInLogs",
                "resultType": "50126",
                "resultDescription": "Invalid username or password",
                "callerIpAddress": "203.0.113.9",
                "correlationId": "c-1",
                "Level": 4,
                "properties": {
                    "userDisplayName": "Eva Hoxha",
                    "userPrincipalName": "eva@gov.example",
                    "userId": "u-1",
                    "userAgent": "Mozilla/5.0",
                    "conditionalAccessStatus": "failure",
                    "status": {"errorCode": 50126},
                },
            }
        ).encode(),
        json.dumps(
            {
                "activityDateTime": "2025-03-04T05:06:07Z",
                "activityDisplayName": "Add member to role",
                "correlationId": "c-2",
                "category": "RoleManagement",
                "initiatedBy": {
                    "user": {"id": "u-1", "userPrincipalName": "eva@gov.example", "ipAddress": "192.0.2.7"}
                },
                "operationType": "Assign",
                "result": "success",
                "loggedByService": "Core Directory",
                "targetResources": [{"id": "u-2", "type": "User", "userPrincipalName": "ana@gov.example"}],
            }
        ).encode(),
    ),
    "m365": (
        json.dumps(
            {
                "CreationTime": "2025-03-04T05:06:07",
                "Operation": "New-InboxRule",
                "RecordType": 1,
                "ResultStatus": "True",
                "OrganizationId": "o-1",
                "UserKey": "k-1",
                "UserId": "eva@gov.example",
                "Workload": "Exchange",
                "ClientIP": "203.0.113.9:50112",
                "ObjectId": "rule",
                "Parameters": [{"Name": "ForwardTo", "Value": "x@evil.example"}, {"Name": "Name", "Value": "."}],
            }
        ).encode(),
    ),
    "gcp_audit": (
        json.dumps(
            {
                "insertId": "i",
                "logName": "projects/p-1/logs/cloudaudit.googleapis.com%2Factivity",
                "timestamp": "2025-03-04T05:06:07.123Z",
                "severity": "ERROR",
                "resource": {"type": "service_account", "labels": {"project_id": "p-1"}},
                "protoPayload": {
                    "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
                    "serviceName": "iam.googleapis.com",
                    "methodName": "google.iam.admin.v1.CreateServiceAccountKey",
                    "authenticationInfo": {"principalEmail": "eva@gov.example"},
                    "requestMetadata": {"callerIp": "203.0.113.9", "callerSuppliedUserAgent": "gcloud/1"},
                    "status": {"code": 7, "message": "PERMISSION_DENIED"},
                    "request": {"name": "sa"},
                },
            }
        ).encode(),
    ),
    "kubernetes_audit": (
        json.dumps(
            {
                "kind": "Event",
                "apiVersion": "audit.k8s.io/v1",
                "auditID": "a-1",
                "stage": "ResponseComplete",
                "requestURI": "/api/v1/namespaces/tax/secrets",
                "verb": "list",
                "user": {"username": "system:serviceaccount:tax:web", "uid": "s-1", "groups": ["system:authenticated"]},
                "sourceIPs": ["203.0.113.9", "10.0.0.1"],
                "userAgent": "kubectl/v1.31",
                "objectRef": {"resource": "secrets", "namespace": "tax"},
                "responseStatus": {"code": 403},
                "requestReceivedTimestamp": "2025-03-04T05:06:07.123456Z",
                "annotations": {"authorization.k8s.io/decision": "forbid"},
            }
        ).encode(),
    ),
    "github_audit": (
        json.dumps(
            {
                "@timestamp": 1741064767000,
                "_document_id": "d-1",
                "action": "org.add_member",
                "actor": "eva",
                "actor_id": 7,
                "actor_ip": "203.0.113.9",
                "org": "tax",
                "org_id": 9,
                "user": "mallory",
                "operation_type": "create",
            }
        ).encode(),
    ),
    "okta": (
        json.dumps(
            {
                "uuid": "u",
                "published": "2025-03-04T05:06:07.123Z",
                "eventType": "user.session.start",
                "displayMessage": "User login to Okta",
                "severity": "WARN",
                "actor": {"id": "00u1", "type": "User", "alternateId": "eva@gov.example", "displayName": "Eva"},
                "client": {"ipAddress": "203.0.113.9", "userAgent": {"rawUserAgent": "Mozilla/5.0"}},
                "outcome": {"result": "FAILURE", "reason": "INVALID_CREDENTIALS"},
                "target": None,
            }
        ).encode(),
    ),
    "auth0": (
        json.dumps(
            {
                "log_id": "900",
                "data": {
                    "date": "2025-03-04T05:06:07.123Z",
                    "type": "fp",
                    "client_id": "c",
                    "ip": "2001:db8::9",
                    "user_name": "eva@gov.example",
                    "user_agent": "unknown",
                    "log_id": "900",
                },
            }
        ).encode(),
    ),
    "keycloak": (
        (
            b"2025-03-04 05:06:07,123 WARN  [org.keycloak.events] (executor-thread-1) type=LOGIN_ERROR, realmId=tax, "
            b"clientId=portal, userId=null, ipAddress=203.0.113.9, error=user_not_found, username=eva"
        ),
        json.dumps(
            {
                "timestamp": "2025-03-04T05:06:07.123Z",
                "loggerName": "org.keycloak.events",
                "level": "WARN",
                "message": 'type="LOGIN", realmId="r", clientId="portal", userId="u-1", ipAddress="203.0.113.9"',
                "threadName": "executor-1",
                "threadId": 4,
            }
        ).encode(),
        json.dumps(
            {
                "time": 1741064767000,
                "realmId": "tax",
                "operationType": "CREATE",
                "resourceType": "USER",
                "resourcePath": "users/u-9",
                "authDetails": {"clientId": "admin-cli", "userId": "u-1", "ipAddress": "203.0.113.9"},
            }
        ).encode(),
    ),
    "freeradius": (
        (
            b"Tue Mar  4 05:06:07 2025 : Auth: (12) Login incorrect (mschap: bad): [TAX\\eva/<via Auth-Type = EAP>] "
            b"(from client wlc-1 port 8 cli 00-11-22-33-44-55 via TLS tunnel)"
        ),
    ),
    "openldap": (
        b'Mar  4 05:06:07 ldap1 slapd[42]: conn=7 op=0 BIND dn="uid=eva,ou=people,dc=gov,dc=example" method=128',
        b"67c68a8f.1a2b3c4d 0x7f12 conn=7 fd=12 ACCEPT from IP=203.0.113.9:50112 (IP=0.0.0.0:389)",
        b"conn=7 op=0 RESULT tag=97 err=49 text=",
    ),
}
