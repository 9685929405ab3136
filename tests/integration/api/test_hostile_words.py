"""What is posted comes back as it was, as JSON that no browser runs, and in no header."""

from urllib.parse import quote

from tests.integration.console.hostile import ATTACK

SPLIT = "a\r\nSet-Cookie: hit=1\r\n\r\n<script>__hit=1</script>"
FIELDS = {
    "text": ATTACK,
    "title": ATTACK[:200],
    "context": ATTACK,
    "permalink": "https://forum.example/" + quote(SPLIT),
    "external_id": SPLIT,
    "author": {"id": ATTACK[:200], "name": ATTACK[:200], "user_agent": SPLIT},
    "metadata": {"k": SPLIT},
}


def inert(answer) -> None:
    assert answer["Content-Type"] in ("application/json", "application/problem+json")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer
    for name, value in answer.items():
        assert value.isprintable() and "__hit" not in value, name


def test_no_answer_of_the_api_runs_or_ends_up_in_a_header(api, judge):
    sent = api.post("posts", FIELDS, idempotency_key="a-key")
    assert sent.status_code == 202, sent.content
    judge()
    post = sent.json()["id"]
    said = {"label": "spam", "actor": {"id": ATTACK[:200], "role": "owner"}}
    told = api.post(f"posts/{post}/feedback", said)
    assert told.json()["actor"] == said["actor"]
    shown = api.get(f"posts/{post}")
    assert shown.json()["content"]["text"] == ATTACK
    assert shown.json()["external_id"] == SPLIT
    listed = api.get(f"posts?limit=1&external_id={quote(SPLIT)}")
    assert [found["id"] for found in listed.json()["results"]] == [post]
    refused = [
        api.post("posts", {**FIELDS, ATTACK: 1, "type": ATTACK}),
        api.get(f"posts?{quote(ATTACK)}={quote(SPLIT)}"),
        api.get(f"posts/{quote(SPLIT)}"),
        api.get("posts", x_request_id="<script>__hit=1</script>"),
    ]
    for answer in (sent, told, shown, listed, *refused):
        inert(answer)


def test_the_next_page_s_address_holds_no_more_than_was_asked(api):
    for _ in range(2):
        api.submit(**{**FIELDS, "external_id": None})
    page = api.get(f"posts?limit=1&author={quote(FIELDS['author']['id'])}")
    inert(page)
    following = page.json()["next"]
    assert following.isascii() and not set(following) & set("<>\"' \r\n")
    assert api.get(following.split("/api/v1/")[1]).json()["results"]
