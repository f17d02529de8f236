"""Object storage that speaks the protocol of Amazon S3 (AWS, MinIO, Ceph, Wasabi, ...), through botocore.

Credentials, region, and an endpoint that is not named are found by botocore's own chain (AWS_* variables, ~/.aws, the
machine's role). Requests are tried again by botocore where the service asks for it (503, 429, timeouts).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol, cast

from collectors.pulling.objects import Body, GoneError, Listed
from collectors.pulling.seam import UnreachableError
from engine.errors import ConfigurationError, InputError

_CONNECT, _READ = 10, 60  # seconds
_BUSY = frozenset({"SlowDown", "RequestLimitExceeded", "Throttling", "ThrottlingException", "TooManyRequests"})
_RIGHTS = "the credentials need s3:ListBucket for the bucket and s3:GetObject for its objects"


class _Client(Protocol):
    """What is used of botocore's client."""

    def list_objects_v2(self, **wanted: object) -> Mapping[str, Any]: ...
    def get_object(self, **wanted: object) -> Mapping[str, Any]: ...
    def close(self) -> None: ...


class S3:
    """One bucket. `endpoint` is the service's address where it is not Amazon's.

    Each request is tried `attempts` times; a page of a listing has `page` objects.

    Raise `ConfigurationError` where botocore is not installed, or cannot be set up as it was told.
    """

    def __init__(self, name: str, *, endpoint: str | None = None, attempts: int = 5, page: int = 1000) -> None:
        self._name, self._page = name, page
        _check()
        with _translated(self):
            self._client = _client(endpoint, attempts)

    def __str__(self) -> str:
        """Return the bucket's address."""
        return f"s3://{self._name}"

    def listed(self, prefix: str) -> Iterator[list[Listed]]:
        """Yield the objects whose keys begin so, page by page."""
        token: dict[str, object] = {}
        while True:
            with _translated(self):
                page = self._client.list_objects_v2(Bucket=self._name, Prefix=prefix, MaxKeys=self._page, **token)
            yield [_listed(item) for item in page.get("Contents", ())]
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def fetch(self, found: Listed, start: int) -> Body:
        """Return the object's bytes from an offset on, of exactly the content that was listed."""
        place = {"Range": f"bytes={start}-"} if start else {}
        with _translated(self, found.key):
            answer = self._client.get_object(Bucket=self._name, Key=found.key, IfMatch=found.tag, **place)
        if answer.get("ETag", found.tag) != found.tag:
            raise _changed(f"{self}/{found.key}")
        if start and answer["ResponseMetadata"]["HTTPStatusCode"] != 206:
            hint = "the service does not know ranges: name one that does"
            raise InputError("the service sends whole objects only", where=f"{self}/{found.key}", hint=hint)
        return _Stream(answer["Body"], f"{self}/{found.key}")

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()


class _Stream:
    """The bytes of an answer; whatever breaks off is told as `UnreachableError`."""

    def __init__(self, body: Body, where: str) -> None:
        self._body, self._where = body, where

    def read(self, size: int, /) -> bytes:
        with _translated(self._where):
            return self._body.read(size)

    def close(self) -> None:
        self._body.close()


def _check() -> None:
    try:
        import botocore  # noqa: F401, PLC0415 - an optional extra
    except ImportError as error:
        hint = "pip install 'kulla[s3]'"
        raise ConfigurationError("pulling from object storage needs botocore", where="s3://", hint=hint) from error


def _client(endpoint: str | None, attempts: int) -> _Client:
    from botocore.config import Config  # noqa: PLC0415 - an optional extra
    from botocore.session import get_session  # noqa: PLC0415

    config = Config(
        connect_timeout=_CONNECT,
        read_timeout=_READ,
        retries={"mode": "standard", "total_max_attempts": attempts},
        user_agent_extra="kulla",
    )
    session = get_session()
    region = session.get_config_variable("region") or "us-east-1"  # what other services than Amazon's expect
    return cast("_Client", session.create_client("s3", region_name=region, endpoint_url=endpoint, config=config))


def _listed(item: Mapping[str, Any]) -> Listed:
    modified = item["LastModified"]
    if not isinstance(modified, datetime):
        raise TypeError("an object without the time of its last change")
    return Listed(key=str(item["Key"]), tag=str(item["ETag"]), size=int(item["Size"]), modified=modified)


@contextmanager
def _translated(place: object, key: str = "") -> Iterator[None]:
    """Let what botocore raises be told as kulla's own errors."""
    from botocore import exceptions  # noqa: PLC0415 - an optional extra

    where = f"{place}/{key}" if key else str(place)
    try:
        yield
    except exceptions.ClientError as error:
        raise _refused(error.response, where, whole=not key) from error
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        raise ConfigurationError("no credentials were found", where=where, hint=hint) from error
    except exceptions.SSLError as error:
        hint = "AWS_CA_BUNDLE names the authority (PEM) of the service's certificate"
        raise ConfigurationError(f"the connection is not trusted ({error})", where=where, hint=hint) from error
    except _unreachable() as error:
        hint = "check its address (--endpoint) and the network; nothing is lost"
        raise UnreachableError(f"the service does not answer ({error})", where=where, hint=hint) from error
    except (exceptions.BotoCoreError, ValueError) as error:
        raise ConfigurationError(str(error), where=where, hint="aws configure list") from error


def _unreachable() -> tuple[type[Exception], ...]:
    from botocore import exceptions  # noqa: PLC0415 - an optional extra
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - botocore lets some of its own through

    broken = exceptions.IncompleteReadError, exceptions.FlexibleChecksumError
    return (exceptions.HTTPClientError, exceptions.ConnectionError, *broken, HTTPError, OSError)


def _refused(answer: Mapping[str, Any], where: str, *, whole: bool) -> InputError | ConfigurationError:
    """Return the error that an answer of the service means; `whole` where it is about the bucket."""
    code = str(answer.get("Error", {}).get("Code", ""))
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    said = f"{code or 'no reason'}, {status}"
    if status >= 500 or status == 429 or code in _BUSY:
        return UnreachableError(f"the service asks to wait ({said})", where=where, hint="later; nothing is lost")
    if whole:
        hint = "check the bucket's name and --endpoint" if status in {301, 404} else _RIGHTS
        return ConfigurationError(f"the service refuses ({said})", where=where, hint=hint)
    if status == 412:
        return _changed(where)
    if status == 404:
        return GoneError("this object has vanished since it was listed", where=where)
    if code == "InvalidObjectState":
        return InputError("this object is archived", where=where, hint="restore it first; then it is read")
    if status == 416:
        return _changed(where)
    return InputError(f"the service refuses ({said})", where=where, hint=_RIGHTS)


def _changed(where: str) -> GoneError:
    return GoneError("this object was replaced while it was read", where=where, hint="the next look reads it again")
