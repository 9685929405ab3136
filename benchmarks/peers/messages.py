"""A post as a mail message, for filters that read nothing else."""

from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP

_SEPARATOR = b"From poster@example.org Thu Jan 15 12:00:00 2026\n"


def message(text: str, number: int) -> bytes:
    """With the headers that every message has, so that none is missed; 8-bit UTF-8."""
    made = EmailMessage(policy=SMTP.clone(cte_type="8bit", linesep="\n"))
    made["From"] = "poster@example.org"
    made["To"] = "forum@example.net"
    made["Subject"] = "post"
    made["Message-ID"] = f"<{number}@example.org>"
    made["Date"] = "Thu, 15 Jan 2026 12:00:00 +0000"
    clean = text.encode(errors="replace").decode().replace("\r", "\n").replace("\0", " ")
    made.set_content(clean, cte="8bit")
    return bytes(made)


def mailbox(texts: Sequence[str]) -> bytes:
    """All as one mbox file."""
    return b"".join(
        _SEPARATOR + message(text, number).replace(b"\nFrom ", b"\n>From ") + b"\n"
        for number, text in enumerate(texts)
    )
