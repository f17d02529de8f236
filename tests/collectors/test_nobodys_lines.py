"""What any program may say is taken for no format: a container's banner is not the log of some daemon."""

from __future__ import annotations

import pytest

from collectors.registry import sources
from collectors.source import Source

_SURE = 35  # below stand the sources that read any line of syslog, any `key=value`, any line
LINES = """\
Starting up
Starting server...
Started application in 3.2 seconds
ready
Ready to accept connections
OK
Listening on 80
Listening on 0.0.0.0:8080
listening at 127.0.0.1:80
Server is running on http://localhost:3000
Port 8080 is already in use
bind: address already in use
close
Connection closed
Connection reset by peer
connection refused
client connected from 10.0.0.1
read timeout
write error
accept failed
Stopped
Shutting down
SIGTERM received
received signal 15
Logging to stdout
TOTALS
Delay is 10 s
done
Login failed
Failed login for eva
user eva logged in
permission denied
Access denied
Unauthorized
Can't open the file
Unable to add a user
Config file: /etc/app.conf
Copyright 2026
Version 1.2.3
v1.2.3
GET /index.html
GET /health HTTP/1.1 200
POST /login 302
SELECT 1
Query took 5 ms
ls -la
root
ACCEPT
error: cannot open file
ERROR something bad
INFO starting
[INFO] starting
warning: deprecated
INFO:root:x
Traceback (most recent call last):
ValueError: bad value
    at com.example.Main.main(Main.java:5)
=====
panic: runtime error: index out of range
1
12345
2026-03-10
127.0.0.1
a,b,c
a;b;c
a|b|c
# comment
2026-03-10 09:15:02 starting
2026-03-10 09:15:02,123 INFO starting
2026-03-10 09:15:02,123 - app - INFO - starting
2026-03-10T09:15:02.123Z Listening on 80
2026-03-10T09:15:02Z INFO starting
2026/03/10 09:15:02 Listening on :8080
[2026-03-10 09:15:02 +0000] [7] [INFO] Starting gunicorn 20.1.0
[2026-03-10 09:15:02] [INFO] starting
key: value
09:15:02.123 [main] INFO com.example.App - starting
1710000000.123 starting
[app] ready
main: starting
{}
2026-03-10T09:15:02.123456+01:00 srv1 app[12]: Listening on 80
<14>Mar 10 09:15:02 srv1 app: starting
[]
{"level":"info","msg":"starting"}
{"time":"2026-03-10T09:15:02Z","level":"INFO","msg":"starting","logger":"app"}
{"asctime":"2026-03-10 09:15:02","levelname":"INFO","name":"app","message":"starting"}
{"a": 1}
<xml/>
""".splitlines()


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)
def test_no_source_is_sure_of_them(source: Source) -> None:
    assert [line for line in LINES if source.recognise(f"{line}\n".encode(), "") > _SURE] == []
