import pytest

from moderation import access
from moderation.deciding import feedback
from moderation.models import Author, Decision, Event, Feedback, Post
from moderation.types import EventKind, Outcome, Source, Status
from tests.integration.moderation.world import HAM, SPAM


@pytest.fixture
def say(site, submit, decide):
    """Send feedback on a decided post."""
    key, _ = access.create_key(site=site, name="test")

    def say(label, role, post=None):
        if post is None:
            post = submit(SPAM if label == "ham" else HAM, author_id="a")
            decide()
        return feedback.receive(
            post=post, label=label, actor_id="u-7", actor_role=role, api_key=key
        )

    return say


@pytest.mark.parametrize(("label", "outcome"), [("spam", Outcome.BLOCK), ("ham", Outcome.ALLOW)])
@pytest.mark.parametrize("role", ["owner", "moderator"])
def test_who_is_trusted_overrides_the_decision(say, label, outcome, role):
    said = say(label, role)
    post = Post.objects.select_related("decision").get()
    assert (post.outcome, post.decision.source) == (outcome, Source.FEEDBACK)
    assert (post.decision.label, post.decision.actor) == (label, "u-7")
    assert role in post.decision.reasons[0]["sentence"]
    assert (said.revision, said.actor_role) == (1, role)
    told = Event.objects.get(kind=EventKind.FEEDBACK_RECEIVED)
    assert told.decision_id == post.decision_id
    assert told.payload == {"feedback": said.pk, "label": label, "role": role}
    counted = Author.objects.values_list("spam_verdicts", "ham_verdicts").get()
    assert counted == ((1, 0) if label == "spam" else (0, 1))


def test_a_members_word_is_a_report_and_changes_nothing(say):
    said = say("spam", "member")
    post = Post.objects.select_related("decision").get()
    assert (post.outcome, post.decision.source) == (Outcome.ALLOW, Source.MACHINE)
    assert Author.objects.get().spam_verdicts == 0
    told = Event.objects.get(kind=EventKind.FEEDBACK_RECEIVED)
    assert (told.payload["feedback"], told.decision_id) == (said.pk, None)


def test_feedback_before_the_machine_has_decided(say, submit, decide):
    post = submit(SPAM)
    say("ham", "owner", post)
    assert Post.objects.get().status == Status.DECIDED
    assert decide() == []
    assert Decision.objects.count() == 1


def test_a_changed_mind_is_a_second_row(say):
    first = say("spam", "owner")
    second = say("ham", "owner", first.post)
    assert Feedback.objects.count() == 2
    post = Post.objects.select_related("decision").get()
    assert (post.outcome, post.decision.label) == (Outcome.ALLOW, "ham")
    assert Author.objects.values_list("spam_verdicts", "ham_verdicts").get() == (0, 1)
    assert second.pk != first.pk
