"""Lines in wrappers: Docker's, CRI's, Filebeat's and Fluent Bit's, whatever program wrote them."""

from __future__ import annotations

import json

import pytest

from tests.collectors.reading import at, known_as, one, read

_NGINX = '192.0.2.7 - - [05/Mar/2024:09:12:44 +0000] "GET /a?b=1 HTTP/1.1" 200 612 "-" "curl/8"'
_SSHD = "Mar  5 09:12:44 bastion sshd[77]: Failed password for root from 198.51.100.7 port 50000 ssh2"
_STAMP = "2024-03-05T09:12:44.123456789Z"


def docker(line: str, stream: str = "stdout", end: str = "\n") -> str:
    return json.dumps({"log": line + end, "stream": stream, "time": _STAMP}, separators=(",", ":"))


def cri(line: str, stream: str = "stdout", tag: str = "F") -> str:
    return f"{_STAMP} {stream} {tag} {line}"


def filebeat(line: str, **more: object) -> str:
    document = {"@timestamp": "2024-03-05T09:12:44.123Z", "message": line, "agent": {"type": "filebeat"},
                "log": {"file": {"path": "/var/log/nginx/access.log"}}, "host": {"name": "web1"}}  # fmt: skip
    return json.dumps(document | more)


def fluent_bit(line: str) -> str:
    return json.dumps({"date": 1709629964.1, "log": line, "stream": "stdout"})


def fluent_bit_in_kubernetes(line: str) -> str:
    pod = {"pod_name": "web-1", "namespace_name": "tax", "container_name": "nginx", "docker_id": "c0ffee"}
    return json.dumps({"time": _STAMP, "stream": "stdout", "_p": "F", "log": line, "kubernetes": pod, "a": 1, "b": 2})


def vector(line: str) -> str:
    return json.dumps({"file": "/var/log/nginx/access.log", "host": "web1", "message": line, "source_type": "file",
                       "timestamp": _STAMP})  # fmt: skip


def logstash(line: str) -> str:
    return json.dumps({"@timestamp": _STAMP, "@version": "1", "message": line, "host": {"name": "web1"}, "path": "/x"})


WRAPPERS = (docker, cri, filebeat, fluent_bit, fluent_bit_in_kubernetes, vector, logstash)


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_a_line_is_read_by_the_source_that_knows_it(wrap) -> None:  # type: ignore[no-untyped-def] # a function above
    text = wrap(_NGINX)
    assert known_as(text) == "container"
    fields = one("container", text)
    assert (fields["event.dataset"], fields["source.ip"], fields["url.path"]) == ("nginx.access", "192.0.2.7", "/a")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


@pytest.mark.parametrize("wrap", [docker, cri])
def test_each_stream_of_a_container_is_known_for_itself(wrap) -> None:  # type: ignore[no-untyped-def] # as above
    error = "2024/03/05 09:12:45 [error] 7#7: *1 open() failed, client: 192.0.2.7, server: a"
    lines = [wrap(_NGINX), wrap(error, "stderr"), wrap(_NGINX), wrap(error, "stderr")]
    events, dead = read("container", "\n".join(lines) + "\n")
    assert [each["event.dataset"] for each in events] == ["nginx.access", "nginx.error"] * 2
    assert [each["stream"] for each in events] == ["stdout", "stderr"] * 2
    assert dead == []


@pytest.mark.parametrize(("wrap", "dataset"), [(docker, "docker.container_logs"), (cri, "kubernetes.container_logs")])
def test_what_nobody_knows_is_kept_and_what_comes_behind_it_is_read(wrap, dataset: str) -> None:  # type: ignore[no-untyped-def] # as above
    banner = ["Starting up", "  /\\_/\\ ", "ready"]
    events, dead = read("container", "\n".join([*map(wrap, banner), wrap(_NGINX), wrap("odd"), wrap(_NGINX)]) + "\n")
    assert [each["event.dataset"] for each in events] == [*[dataset] * 3, "nginx.access", dataset, "nginx.access"]
    assert (events[0]["message"], events[0]["@timestamp"]) == ("Starting up", at("2024-03-05T09:12:44.123456"))
    assert dead == []


def test_a_line_that_was_cut_into_parts_is_one() -> None:
    middle = len(_NGINX) // 2
    parts = [cri(_NGINX[:middle], tag="P"), cri("of another", "stderr"), cri(_NGINX), cri(_NGINX[:9], tag="P"),
             cri(_NGINX[9:], tag="F")]  # fmt: skip
    events, _ = read("container", "\n".join(parts) + "\n")
    assert [each["event.dataset"] for each in events][2:] == ["nginx.access", "nginx.access"]
    parts = [docker(_NGINX[:middle], end=""), docker(_NGINX[middle:]), docker(_NGINX)]
    events, dead = read("container", "\n".join(parts) + "\n")
    assert [each["event.dataset"] for each in events] == ["nginx.access"] * 2
    assert dead == []


def test_the_pod_stands_beside_the_line() -> None:
    fields = one("container", fluent_bit_in_kubernetes(_NGINX))
    assert (fields["container.name"], fields["container.id"]) == ("nginx", "c0ffee")
    assert (fields["orchestrator.namespace"], fields["orchestrator.resource.name"]) == ("tax", "web-1")
    assert one("container", vector(_NGINX))["host.name"] == "web1"


def test_a_program_of_a_host_says_who_failed() -> None:
    fields = one("container", filebeat(_SSHD))
    assert (fields["event.dataset"], fields["event.outcome"], fields["source.ip"]) == (
        "system.auth",
        "failure",
        "198.51.100.7",
    )


def test_a_shippers_document_whose_line_nobody_knows_is_kept_whole() -> None:
    fields = one("container", filebeat("something odd", labels={"team": "tax"}))
    assert (fields["message"], fields["labels.team"], fields["host.name"]) == ("something odd", "tax", "web1")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44.123")


def test_a_document_that_was_taken_apart_is_no_wrapper() -> None:
    assert known_as(filebeat(_NGINX, source={"ip": "192.0.2.7"})) == "json"
    assert known_as(json.dumps({"log": "x", "a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6})) == "json"


@pytest.mark.parametrize("text", ["hello", '{"log":"x', "[1]", '{"log":"x","stream":"stdout","time":1}x'])
def test_what_is_none_is_a_dead_letter(text: str) -> None:
    events, dead = read("container", f"{cri(_NGINX)}\n{text}\n")
    assert (len(events), len(dead)) == (1, 1)


def test_a_line_names_the_address_of_its_wrapper_nowhere() -> None:
    fields = one("container", cri('2024 - - [05/Mar/2024:09:12:44 +0000] "GET / HTTP/1.1" 200 1 "-" "-"'))
    assert "2024-03-05T09" not in str(fields.get("source.address"))


def test_journals_of_containers_that_upsun_forwards() -> None:
    document = {
        "timestamp_ns": 1709629964000000000,
        "timestamp": 1709629964,
        "container": {"name": "c0ffee", "hostname": "frontend.0"},
        "type": "log.journald",
        "level": "INFO",
        "message": f"frontend.0 nginx: {_NGINX}",
    }
    fields = one("container", json.dumps(document))
    assert known_as(json.dumps(document)) == "container"
    assert (fields["event.dataset"], fields["source.ip"], fields["host.name"]) == (
        "nginx.access", "192.0.2.7", "frontend.0",
    )  # fmt: skip
