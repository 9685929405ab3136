"""What a browser makes of a page: its text, and the elements and attributes that it holds."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from django.http import HttpResponseBase


@dataclass
class Page(HTMLParser):
    """Parses HTML as sent, with entities resolved."""

    pieces: list[str] = field(default_factory=list)
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        """Return the attributes of the elements of that name that have these attributes."""
        wanted = attributes.items()
        return [found for name, found in self.elements if name == tag and wanted <= found.items()]

    @property
    def text(self) -> str:
        """The text exactly as sent."""
        return "".join(self.pieces)

    @property
    def words(self) -> str:
        """The text with white space run together and elements apart."""
        return " ".join(" ".join(self.pieces).split())


def read(response: HttpResponseBase) -> Page:
    page = Page()
    page.feed(response.content.decode())
    page.close()
    return page
