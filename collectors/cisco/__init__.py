"""Cisco's firewalls, switches and routers: message headers, the messages of ASA and FTD, the mnemonics of IOS."""
