"""Which datasets (`event.dataset`) belong to which products, categories and services of Sigma's taxonomy.

Datasets are called as Elastic's integrations call them. A rule's log source means an event where each part that the
rule names is among those of the event's dataset. A name that ends with a dot stands for all datasets of that module;
a line of a whole name goes before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

Parts = frozenset[str]
_NONE: Final[Parts] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """The products, categories and services that events belong to. `known` is false for those nobody listed."""

    products: Parts = _NONE
    categories: Parts = _NONE
    services: Parts = _NONE
    known: bool = True

    def fits(self, product: str, category: str, service: str) -> bool:
        """Tell whether a log source with these parts (empty where left out) means such events."""
        if not product and (not self.known or not (category or service)):
            return False
        return (
            (not product or product in self.products)
            and (not category or category in self.categories)
            and (not service or service in self.services)
        )


# dataset | products | categories | services. Sources: the Sigma taxonomy (specification 2.1, appendix) and SigmaHQ's
# documentation of log sources; the data streams of Elastic's integrations.
_TABLE: Final = """
nginx.                      | nginx                  |                       | nginx
nginx.access                | nginx                  | webserver             | nginx nginx-access
apache.                     | apache                 |                       | apache
apache.access               | apache                 | webserver             | apache apache-access
apache_tomcat.access        | apache tomcat          | webserver             | tomcat
iis.                        | windows iis            |                       | iis
iis.access                  | windows iis            | webserver             | iis
traefik.access              | traefik                | webserver             | traefik
caddy.access                | caddy                  | webserver             | caddy
istio.access_logs           | istio envoy            | webserver             | envoy
haproxy.log                 | haproxy                | webserver             | haproxy
citrix_waf.log              | citrix                 | webserver waf         | waf
citrix_adc.log              | citrix                 |                       | netscaler adc
modsecurity.                | modsecurity            | waf                   | modsecurity
modsecurity.auditlog        | modsecurity            | waf webserver         | modsecurity
aws.waf                     | aws                    | waf                   | waf
aws.elb_logs                | aws                    | webserver             | elb
aws.cloudfront_logs         | aws                    | webserver             | cloudfront
akamai.siem                 | akamai                 | waf                   | siem
cloudflare.                 | cloudflare             |                       | cloudflare
cloudflare_logpush.http_request | cloudflare         | webserver             | http_request
cloudflare_logpush.dns      | cloudflare             | dns                   | dns
ocsf.http_activity          |                        | webserver proxy       |
ocsf.dns_activity           |                        | dns                   |
ocsf.network_activity       |                        | firewall              |
oracle_weblogic.access      | oracle weblogic        | webserver             | weblogic
squid.                      | squid                  |                       | squid
squid.access                | squid                  | proxy                 | squid
squid.log                   | squid                  | proxy                 | squid
proxy.                      |                        | proxy                 |
bluecoat.                   | bluecoat               | proxy                 | bluecoat
proxysg.log                 | bluecoat symantec      | proxy                 | bluecoat proxysg
zscaler.                    | zscaler                | proxy                 | zscaler
zscaler_zia.web             | zscaler                | proxy                 | web
zscaler_zia.firewall        | zscaler                | firewall              | firewall
zscaler_zia.dns             | zscaler                | dns                   | dns
fortinet_fortiproxy.log     | fortinet fortiproxy    | proxy                 | traffic
cisco_umbrella.log          | cisco                  | proxy dns             | umbrella
cisco_umbrella.             | cisco                  |                       | umbrella
cisco_umbrella.dns          | cisco                  | dns                   | umbrella
cisco_umbrella.proxy        | cisco                  | proxy                 | umbrella
cisco_umbrella.cloudfirewall | cisco                 | firewall              | umbrella
netskope.                   | netskope               |                       |
netskope.events             | netskope               | proxy                 |
mcafee_webgateway.          | mcafee                 | proxy                 |
openvpn.                    | openvpn                | vpn                   | openvpn
ivanti_connect.             | ivanti ivanti_connect  | vpn                   | ivanti_connect
strongswan.                 | strongswan             | vpn                   | strongswan
wireguard.                  | wireguard              | vpn                   | wireguard
firewall.                   |                        | firewall              |
iptables.                   | linux iptables         | firewall              | iptables netfilter
iptables.log                | linux iptables         | firewall              | iptables netfilter
pfsense.                    | pfsense                |                       |
pfsense.log                 | pfsense                | firewall              |
sonicwall_firewall.log      | sonicwall              | firewall              |
sonicwall.firewall          | sonicwall              | firewall              |
sophos.xg                   | sophos                 | firewall              | xg
sophos.utm                  | sophos                 | firewall              | utm
checkpoint.                 | checkpoint             | firewall              |
checkpoint.firewall         | checkpoint             | firewall              | fw1
stormshield.log             | stormshield            | firewall              |
cisco_asa.log               | cisco                  | firewall              | asa syslog aaa
cisco_ftd.log               | cisco                  | firewall              | ftd syslog
cisco_meraki.log            | cisco meraki           | firewall              | meraki
cisco_ios.log               | cisco                  |                       | ios syslog aaa bgp ldp
cisco_nexus.log             | cisco                  |                       | nexus syslog aaa bgp ldp
cisco_ise.log               | cisco                  |                       | ise aaa
cisco_esa.log               | cisco                  |                       | esa
fortinet_fortimail.log      | fortinet fortimail     |                       |
cisco_aironet.log           | cisco                  |                       | aironet syslog aaa
cisco_duo.                  | cisco duo              |                       | duo
cisco_duo.auth              | cisco duo              |                       | duo
cisco_duo.admin             | cisco duo              |                       | duo
fortinet_fortigate.log      | fortinet fortigate fortios | firewall          | event traffic utm sslvpnd
fortinet.firewall           | fortinet fortigate fortios | firewall          | event traffic utm sslvpnd
panw.panos                  | paloalto panw          | firewall appliance file_event | globalprotect pan-os panos
panw.globalprotect          | paloalto panw          | appliance file_event  | globalprotect
juniper_srx.log             | juniper                | firewall              | srx bgp
juniper_junos.log           | juniper                |                       | bgp junos
juniper.                    | juniper                |                       | bgp
huawei.                     | huawei                 |                       | bgp
huawei.log                  | huawei                 |                       | bgp
vsphere.                    | vmware vsphere vcenter |                       |
vsphere.log                 | vmware vsphere vcenter linux |                 | syslog
vmware_esxi.log             | vmware esxi linux      |                       | syslog
netflow.                    | netflow                |                       | netflow
netflow.log                 | netflow                |                       | netflow
aws.vpcflow                 | aws                    | firewall              | vpcflow netflow
gcp.firewall                | gcp                    | firewall              | firewall
gcp.vpcflow                 | gcp                    |                       | vpcflow netflow
azure.firewall_logs         | azure                  | firewall              | firewall
f5_bigip.log                | f5                     | waf                   | bigip
fortinet_fortiweb.log       | fortinet fortiweb      | waf                   |
imperva_cloud_waf.event     | imperva                | waf                   |
dns.                        |                        | dns                   |
bind.                       | bind                   | dns                   | bind named
bind.query                  | bind                   | dns                   | bind named
unbound.                    | unbound                | dns                   | unbound
unbound.log                 | unbound                | dns                   | unbound
dnsmasq.                    | dnsmasq                | dns                   | dnsmasq
dnsmasq.log                 | dnsmasq                | dns                   | dnsmasq
coredns.log                 | coredns                | dns                   | coredns
microsoft_dns.log           | windows                | dns                   | dns-debug
infoblox_nios.log           | infoblox               | dns                   | nios
efficientip.log             | efficientip            | dns                   |
infoblox_bloxone_ddi.       | infoblox               |                       | bloxone
aws.route53_resolver_logs   | aws                    | dns                   | route53 route53_resolver
aws.route53_public_logs     | aws                    | dns                   | route53
gcp.dns                     | gcp                    | dns                   | dns
microsoft_dnsserver.analytical | windows             | dns                   | dns-server-analytic
network_traffic.dns         |                        | dns                   |
zeek.                       | zeek                   |                       |
zeek.connection             | zeek                   |                       | conn connection
zeek.dns                    | zeek                   | dns                   | dns
zeek.http                   | zeek                   |                       | http
zeek.dce_rpc                | zeek                   |                       | dce_rpc
zeek.kerberos               | zeek                   |                       | kerberos
zeek.rdp                    | zeek                   |                       | rdp
zeek.smb_files              | zeek                   |                       | smb_files
zeek.smb_mapping            | zeek                   |                       | smb_mapping
zeek.x509                   | zeek                   |                       | x509
suricata.                   | suricata               |                       | eve
suricata.eve                | suricata               | dns                   | eve alert
antivirus.                  |                        | antivirus             |
clamav.                     | clamav linux           | antivirus             | clamav
clamav.log                  | clamav linux           | antivirus             | clamav
eset_protect.detection      | eset                   | antivirus             |
eset_protect.log            | eset                   | antivirus             |
fortinet_fortiedr.log       | fortinet fortiedr      | antivirus             |
kaspersky.                  | kaspersky              | antivirus             |
symantec_endpoint.log       | symantec               | antivirus             |
trendmicro.deep_security    | trendmicro             | antivirus             |
mcafee_epo.                 | mcafee trellix         | antivirus             |
cyberarkpas.                | cyberark               |                       | vault
cyberarkpas.audit           | cyberark               |                       | vault audit
crowdstrike.                | crowdstrike            |                       | falcon
crowdstrike.fdr             | crowdstrike            |                       | falcon fdr
cylance.protect             | cylance                | antivirus             |
fortinet_forticlient.       | fortinet               | antivirus             | forticlient
sophos_central.alert        | sophos                 | antivirus             |
microsoft_defender_endpoint.log | windows            | antivirus             | defender
m365_defender.event         | m365                   |                       | defender
m365_defender.alert         | m365                   |                       | defender
cassandra.                  | cassandra              | database              | cassandra
postgresql.                 | postgresql             | database              | postgresql
postgresql.log              | postgresql             | database              | postgresql
mysql.                      | mysql                  | database              | mysql
mysql.error                 | mysql                  | database              | mysql
mysql.slowlog               | mysql                  | database              | mysql
mysql_enterprise.audit      | mysql                  | database              | mysql
azure.mysql                 | azure mysql            | database              | mysql
mariadb.                    | mariadb mysql          | database              | mariadb mysql
percona.                    | percona mysql          | database              | mysql
mssql.                      | mssql                  | database              | mssql
microsoft_sqlserver.audit   | mssql windows          | database              | mssql audit
microsoft_sqlserver.log     | mssql                  | database              | mssql
oracle.                     | oracle                 | database              | oracle
oracle.database_audit       | oracle                 | database              | oracle audit
mongodb.audit               | mongodb                | database              | mongodb audit
mongodb.log                 | mongodb                | database              | mongodb
aws.                        | aws                    |                       |
aws.cloudtrail              | aws                    |                       | cloudtrail
aws.guardduty               | aws                    |                       | guardduty
aws.s3access                | aws                    |                       | s3access s3
aws.inspector               | aws                    |                       | inspector
aws.securityhub_insights    | aws                    |                       | securityhub
aws.securityhub_findings    | aws                    |                       | securityhub
azure.                      | azure                  |                       |
azure.activitylogs          | azure                  |                       | activitylogs azureactivity
azure.auditlogs             | azure                  |                       | auditlogs
azure.signinlogs            | azure                  |                       | signinlogs
azure.identity_protection   | azure                  |                       | riskdetection pim
azure.riskdetection         | azure                  |                       | riskdetection
azure.pim                   | azure                  |                       | pim
azure.provisioning          | azure                  |                       | provisioning
azure.graphactivitylogs     | azure                  |                       | microsoftgraphactivitylogs
entityanalytics_entra_id.entity | azure              |                       |
o365.                       | m365                   |                       |
o365.audit | m365 | | audit exchange threat_detection threat_management
gcp.                        | gcp                    |                       |
gcp.audit | gcp | | gcp.audit google_workspace.admin google_workspace.login
google_workspace.           | gcp google_workspace   |                       |
google_workspace.admin      | gcp google_workspace   |                       | google_workspace.admin admin
google_workspace.login      | gcp google_workspace   |                       | google_workspace.login login
google_workspace.gmail      | gcp google_workspace   |                       | google_workspace.gmail gmail
okta.system                 | okta                   |                       | okta
box_events.                 | box                    |                       |
okta.                       | okta                   |                       | okta
onelogin.                   | onelogin               |                       | onelogin.events
onelogin.events             | onelogin               |                       | onelogin.events
xroad.                      | xroad                  |                       |
keycloak.                   | keycloak               |                       |
tara.                       | tara                   |                       |
govsso.                     | govsso                 |                       |
siga.                       | siga                   |                       |
cas.                        | cas                    |                       |
lemonldap.                  | lemonldap              |                       |
shibboleth.                 | shibboleth             |                       |
xroad.opmon                 | xroad                  |                       | opmon
xroad.audit                 | xroad                  |                       | audit
xroad.proxy                 | xroad                  |                       | proxy
xroad.messagelog            | xroad                  |                       | messagelog
tara.log                    | tara                   |                       | log
tara.statistics             | tara                   |                       | statistics
govsso.log                  | govsso                 |                       | log
govsso.statistics           | govsso                 |                       | statistics
siga.event                  | siga                   |                       | event
github.                     | github                 |                       |
github.audit                | github                 |                       | audit
nextcloud.                  | nextcloud              | application           | nextcloud
zimbra.                     | zimbra                 |                       | zimbra
zimbra.audit                | zimbra                 |                       | zimbra audit
roundcube.                  | roundcube              | application           | roundcube
directory_389.              | 389ds linux            |                       | ldap
wazuh.                      | wazuh                  |                       |
mikrotik.log                | mikrotik               | firewall              | routeros
gitlab.                     | gitlab                 |                       |
gitlab.audit                | gitlab                 |                       | audit
atlassian_bitbucket.audit   | bitbucket              |                       | audit
bitbucket.audit             | bitbucket              |                       | audit
snyk.                       | snyk                   |                       |
snyk.audit                  | snyk                   |                       | audit
kubernetes.                 | kubernetes             | application           |
kubernetes.audit_logs       | kubernetes             | application           | audit
qualys.                     | qualys                 |                       |
qualys_vmdr.asset_host_detection | qualys            |                       |
opencanary.                 | opencanary             | application           | opencanary
opencanary.events           | opencanary             | application           | opencanary
thinkst_canary.             | thinkst canary         | application           |
hashicorp_vault.            | hashicorp_vault        |                       |
hashicorp_vault.audit       | hashicorp_vault        |                       | audit
wallix_bastion.             | wallix wallix_bastion  |                       |
wallix_bastion.system       | wallix wallix_bastion linux |                  | syslog auth
rsa_securid.                | rsa rsa_securid        |                       |
rsa_securid.system          | rsa rsa_securid linux  |                       | syslog auth
ibm_aix.                    | aix ibm_aix            |                       |
ibm_aix.syslog              | aix ibm_aix linux      |                       | syslog auth
django.                     | django                 | application           |
spring.                     | spring                 | application           |
jvm.                        | jvm                    | application           |
nodejs.                     | nodejs                 | application           |
python.                     | python                 | application           |
ruby_on_rails.              | ruby_on_rails ruby     | application           |
sql.                        | sql                    | application           |
velocity.                   | velocity               | application           |
system.syslog               | linux                  |                       | syslog
system.auth                 | linux                  |                       | syslog auth
auditd.log                  | linux                  |                       | auditd
auditd_manager.auditd       | linux                  |                       | auditd
sysmon_linux.log            | linux                  |                       | sysmon
linux.                      | linux                  |                       |
macos.                      | macos                  |                       |
"""


def _read() -> dict[str, Belonging]:
    rows = ([cell.strip() for cell in line.split("|")] for line in _TABLE.strip().splitlines())
    return {
        name: Belonging(
            products=frozenset(products.split()),
            categories=frozenset(categories.split()),
            services=frozenset(services.split()),
        )
        for name, products, categories, services in rows
    }


DATASETS: Final[Mapping[str, Belonging]] = _read()
# Products that have no events but those listed; for any other, events may carry a dataset named after it.
LISTED_PRODUCTS: Final = frozenset({"windows", "linux", "macos"})


@lru_cache(maxsize=4096)
def belonging_of(dataset: str) -> Belonging:
    """Return what events of a dataset belong to; those that nobody listed belong to the product they are named after.

    A module's data stream that is not listed also has its own name for a service (`aws.s3access`: `s3access`).
    """
    known = DATASETS.get(dataset)
    if known is not None:
        return known
    module, _, stream = dataset.partition(".")
    services = frozenset({stream, dataset} - {""})
    of_module = DATASETS.get(module + ".")
    if of_module is None:
        return Belonging(products=frozenset({module} - {""}), services=services, known=False)
    return Belonging(
        products=of_module.products, categories=of_module.categories, services=of_module.services | services
    )
