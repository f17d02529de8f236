"""Warning lists: values that indicators must never match, however often they stand in somebody's feed.

A sandbox's report names what every machine talks to: its own loop, its resolver, the clock, the search engine. Short
lists of kulla's own; a site that wants one of these watched writes a Sigma rule.
"""

from __future__ import annotations

import ipaddress
from typing import Final

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_NEVER: Final = {
    "127.0.0.0/8": "the machine itself",
    "0.0.0.0/8": "no address",
    "169.254.0.0/16": "addresses of one link",
    "224.0.0.0/4": "multicast",
    "255.255.255.255/32": "broadcast",
    "::1/128": "the machine itself",
    "::/128": "no address",
    "fe80::/10": "addresses of one link",
    "ff00::/8": "multicast",
}
_PRIVATE: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
_RESOLVERS: Final = frozenset(
    [
        "8.8.8.8",
        "8.8.4.4",
        "1.1.1.1",
        "1.0.0.1",
        "9.9.9.9",
        "149.112.112.112",
        "208.67.222.222",
        "208.67.220.220",
        "4.2.2.1",
        "4.2.2.2",
        "2001:4860:4860::8888",
        "2001:4860:4860::8844",
        "2606:4700:4700::1111",
        "2606:4700:4700::1001",
        "2620:fe::fe",
    ]
)
_DOMAINS: Final = frozenset(
    [
        "google.com",
        "www.google.com",
        "googleapis.com",
        "gstatic.com",
        "youtube.com",
        "www.youtube.com",
        "googleusercontent.com",
        "gmail.com",
        "google-analytics.com",
        "doubleclick.net",
        "microsoft.com",
        "www.microsoft.com",
        "windows.com",
        "windowsupdate.com",
        "live.com",
        "office.com",
        "office365.com",
        "outlook.com",
        "microsoftonline.com",
        "login.microsoftonline.com",
        "msftconnecttest.com",
        "msftncsi.com",
        "bing.com",
        "www.bing.com",
        "skype.com",
        "sharepoint.com",
        "azure.com",
        "windows.net",
        "azureedge.net",
        "trafficmanager.net",
        "apple.com",
        "icloud.com",
        "mozilla.org",
        "mozilla.com",
        "firefox.com",
        "facebook.com",
        "www.facebook.com",
        "fbcdn.net",
        "instagram.com",
        "whatsapp.com",
        "whatsapp.net",
        "twitter.com",
        "x.com",
        "t.co",
        "linkedin.com",
        "amazon.com",
        "amazonaws.com",
        "cloudfront.net",
        "akamai.net",
        "akamaiedge.net",
        "akamaihd.net",
        "cloudflare.com",
        "cloudflare.net",
        "fastly.net",
        "github.com",
        "raw.githubusercontent.com",
        "githubusercontent.com",
        "wikipedia.org",
        "yahoo.com",
        "adobe.com",
        "oracle.com",
        "ubuntu.com",
        "debian.org",
        "pool.ntp.org",
        "digicert.com",
        "letsencrypt.org",
        "verisign.com",
        "globalsign.com",
        "sectigo.com",
        "ocsp.digicert.com",
        "dropbox.com",
        "zoom.us",
        "telegram.org",
        "t.me",
        "w3.org",
        "schema.org",
        "localhost",
        "localdomain",
        "e-albania.al",
        "gov.al",
        "akshi.gov.al",
        "al",
        "com",
        "net",
        "org",
        "edu",
        "gov",
        "io",
        "info",
        "eu",
        "local",
    ]
)
_OF_ALL: Final = """
    com.al net.al org.al edu.al co.uk org.uk com.tr com.mk github.io gitlab.io blogspot.com wordpress.com herokuapp.com
    netlify.app vercel.app pages.dev workers.dev web.app firebaseapp.com appspot.com azurewebsites.net cloudapp.net
    cloudapp.azure.com blob.core.windows.net s3.amazonaws.com duckdns.org no-ip.org ddns.net ngrok.io ngrok-free.app
    trycloudflare.com 000webhostapp.com weebly.com wixsite.com
"""
_ANYBODYS: Final = frozenset(_OF_ALL.split())  # under which anybody may have a name of their own
_NAMES: Final = frozenset(
    [
        "svchost.exe",
        "explorer.exe",
        "cmd.exe",
        "powershell.exe",
        "rundll32.exe",
        "regsvr32.exe",
        "services.exe",
        "lsass.exe",
        "csrss.exe",
        "winlogon.exe",
        "wininit.exe",
        "taskhostw.exe",
        "conhost.exe",
        "dllhost.exe",
        "msiexec.exe",
        "notepad.exe",
        "chrome.exe",
        "msedge.exe",
        "firefox.exe",
        "outlook.exe",
        "winword.exe",
        "excel.exe",
        "powerpnt.exe",
        "wscript.exe",
        "cscript.exe",
        "mshta.exe",
        "schtasks.exe",
        "net.exe",
        "net1.exe",
        "whoami.exe",
        "ping.exe",
        "setup.exe",
        "install.exe",
        "update.exe",
        "readme.txt",
        "index.html",
        "index.php",
        "bash",
        "sh",
        "ls",
        "cat",
        "curl",
        "wget",
        "python",
        "python3",
        "ssh",
        "sshd",
        "desktop.ini",
        "thumbs.db",
        "kernel32.dll",
        "ntdll.dll",
    ]
)
_EMPTY: Final = frozenset(
    {  # of a file without content
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }
)
_BROADEST: Final = {4: 16, 6: 32}  # the shortest prefix of a range that is still somebody's, rather than everybody's
_NETS: Final = tuple((ipaddress.ip_network(text), why) for text, why in _NEVER.items())
_PRIVATE_NETS: Final = tuple(ipaddress.ip_network(text) for text in _PRIVATE)


def harmless(kind: str, value: str, *, private: bool = False) -> str:
    """Return why a value of this kind (in its normal spelling) is never matched, empty where it may be."""
    if kind == "ip":
        return _harmless_address(value, private=private)
    if kind == "hash":
        return "the hash of an empty file" if value in _EMPTY or not set(value) - {"0"} else ""
    if kind == "domain" and value in _ANYBODYS:
        return "a name under which anybody may have their own"
    if kind == "domain":
        return "a name that everybody uses" if value in _DOMAINS or "." not in value else ""
    if kind == "filename":
        return "a name that every machine has" if value in _NAMES or len(value) < 4 else ""
    if kind == "url":
        rest = value.partition("://")[2]
        return "the start page of a name that everybody uses" if rest in _DOMAINS else ""
    return ""


def _harmless_address(value: str, *, private: bool) -> str:
    address = ipaddress.ip_address(value)
    if value in _RESOLVERS:
        return "a public resolver"
    for net, why in _NETS:
        if address.version == net.version and address in net:
            return why
    if not private and any(address.version == net.version and address in net for net in _PRIVATE_NETS):
        return "a private address (--private allows it)"
    return ""


def harmless_net(net: Network, *, private: bool = False) -> str:
    """Return why a range of addresses is never matched, empty where it may be."""
    inside = any(held.version == net.version and net.subnet_of(held) for held in _PRIVATE_NETS)  # type: ignore[arg-type] # of one version
    if inside and private:
        return ""
    if inside:
        return "a private range (--private allows it)"
    if net.prefixlen < _BROADEST[net.version]:
        return f"a range that broad (shorter than /{_BROADEST[net.version]}) is everybody's"
    return _harmless_address(str(net.network_address), private=True)
