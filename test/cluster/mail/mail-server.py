"""A mail server (aiosmtpd) on a free port of 127.0.0.1 that says on stdout what it got, one JSON object a line.

    mail-server.py plain|starttls|smtps CERT KEY [USER PASSWORD]

Lines on stdin change how it takes messages: accepts, "is busy", refuses, resets, "is silent". It ends with its
stdin. Mails are read by Python's own parser, which knows nothing of who wrote them.
"""

import asyncio
import email
import json
import ssl
import sys
from email import policy

from aiosmtpd.smtp import SMTP, AuthResult

mode, cert, key = sys.argv[1:4]
login = tuple(sys.argv[4:6])
mood = "accepts"
secret = "T0PS3CRET"


def say(**fields):
    print(json.dumps(fields), flush=True)


def tree(message):
    """Headers as they are, and the decoded text of each part."""
    parts = [p for p in message.walk() if not p.is_multipart()]
    return {
        "headers": [[k.lower(), str(v)] for k, v in message.items()],
        "parts": [[p.get_content_type(), p.get_content().replace("\r\n", "\n")] for p in parts],
        "defects": [type(d).__name__ for p in message.walk() for d in p.defects],
    }


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("unknown"):
            return f"550 5.1.1 no such user {address}"
        if address.startswith("full"):
            return "452 4.2.2 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if mood == "resets":
            server.transport.abort()
            return None
        if mood == "is silent":
            await asyncio.sleep(3600)
        if mood == "is busy":
            return f"451 4.7.1 greylisted {secret}"
        if mood == "refuses":
            return f"554 5.7.1 policy {secret}"
        message = email.message_from_bytes(envelope.content, policy=policy.default)
        say(
            what="mail",
            **{"from": envelope.mail_from, "to": envelope.rcpt_tos},
            tls=session.ssl is not None or mode == "smtps",
            login=session.authenticated,
            bytes=len(envelope.content),
            **tree(message),
        )
        return "250 2.0.0 OK: queued as 4711"


class Server(SMTP):
    async def smtp_AUTH(self, arg):
        say(what="auth", tls=self._tls_protocol is not None or mode == "smtps")
        await super().smtp_AUTH(arg)


def authenticate(server, session, envelope, mechanism, data):
    given = (data.login.decode(), data.password.decode())
    return AuthResult(success=given == login, handled=False)


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(cert, key)
    return made


def protocol():
    options = {"hostname": "mail.test", "enable_SMTPUTF8": True}
    if mode == "starttls":
        options["tls_context"] = context()
    if login:
        options.update(authenticator=authenticate, auth_required=True, auth_require_tls=mode == "starttls")
    return Server(Handler(), **options)


async def main():
    global mood
    loop = asyncio.get_running_loop()
    tls = {"ssl": context()} if mode == "smtps" else {}
    server = await loop.create_server(protocol, "127.0.0.1", 0, **tls)
    say(what="ready", port=server.sockets[0].getsockname()[1])
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        mood = line.decode().strip() or mood
        say(what="mood", mood=mood)


asyncio.run(main())
